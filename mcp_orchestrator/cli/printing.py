"""What goes to stdout: JSON for programs, and for a person tables as wide as there is room for."""

import json
import re
from io import StringIO
from typing import IO, Any

from rich import box
from rich.console import Console, RenderableType
from rich.highlighter import JSONHighlighter
from rich.table import Table

FILE_WIDTH = 160  # A file has no width of its own. Arbitrary.

# JSON leaves these as they are: a terminal may obey the first, and no encoding can write the second.
_NOT_WRITTEN = re.compile("[\x7f-\x9f\ud800-\udfff]")


def print_json(data: Any, stream: IO[str]) -> None:  # noqa: ANN401 -- any JSON
    """Print data as JSON: indented and in colour on a terminal, else in one line."""
    text = json.dumps(data, ensure_ascii=False, indent=2 if stream.isatty() else None)
    text = _NOT_WRITTEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if stream.isatty():
        Console(file=stream).print(JSONHighlighter()(text), soft_wrap=True)
    else:
        stream.write(f"{text}\n")
        stream.flush()


def show(thing: RenderableType, stream: IO[str]) -> None:
    """Print a table or a text: as wide as the terminal and in colour, or for a file: wide, and nothing but text."""
    if stream.isatty():
        Console(file=stream, highlight=False).print(thing)
        return
    console = Console(file=StringIO(), highlight=False, color_system=None, force_terminal=False, width=FILE_WIDTH)
    with console.capture() as capture:
        console.print(thing)
    stream.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())
    stream.flush()


def width_of(stream: IO[str]) -> int:
    """Return how many columns `show` has."""
    return Console(file=stream).width if stream.isatty() else FILE_WIDTH


def calm_table(gap: int = 2) -> Table:
    """Return an empty table as all of ours look: one line below the header, `gap` spaces between columns."""
    padding = (0, gap - 1, 0, 0)  # The box has one space of its own.
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=padding, header_style="bold")
