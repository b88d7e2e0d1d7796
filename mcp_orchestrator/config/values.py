"""Fills in what a configuration only points to: `${VAR}`, `${VAR:-default}` and `{ file = "…" }`."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import cast

from mcp_orchestrator.config.mistakes import Mistakes
from mcp_orchestrator.config.models import KeyPath
from mcp_orchestrator.config.sources import Table, as_table

_REFERENCE = re.compile(r"\$(?P<literal>\$?)\{(?P<body>[^}]*)(?P<end>\}?)")
_BODY = re.compile(r"(?:env:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)

_TEXTS = {("url",), ("cwd",), ("api_key",), ("token",), ("ca_file",)}


def takes_text(path: KeyPath) -> bool:
    """Whether a value at this path inside a server's table is text, however much it looks like a number."""
    return path in _TEXTS or (len(path) == 2 and path[0] in {"env", "headers", "command"})


def scalar(text: str) -> object:
    """Read text as a TOML value, as in an environment variable: 60, true, ["a"]; what is none stays text."""
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    # A line break ends a value, so a text can hold more keys than one.
    value: object = table["value"] if len(table) == 1 else text
    return text if isinstance(value, date | time) else value  # No setting is a date.


def pointed_to(value: object) -> list[str]:
    """Name the variables and files that a value is filled in from, for people; [] if it stands there as it is."""
    if isinstance(value, str):
        bodies = (_BODY.fullmatch(match["body"]) for match in _REFERENCE.finditer(value) if not match["literal"])
        return [f"variable {body['name']}" for body in bodies if body is not None]
    table = as_table(value) or {}
    return [f"file {table['file']}"] if table.keys() == {"file"} else []


@dataclass(frozen=True, slots=True)
class Resolver:
    """Looks references up. A failed one is noted as a mistake and stays as it is.

    `looked_into`: called with every file that is read, or should have been.
    """

    environ: Mapping[str, str]
    folder: Path
    mistakes: Mistakes
    looked_into: Callable[[Path], object] | None = None

    def table(self, table: Table, path: KeyPath) -> Table:
        """Return a copy of the table at `path` (a server's, or the orchestrator's) with everything filled in."""
        return {key: self._value(value, path, (key,)) for key, value in table.items()}

    def _value(self, value: object, path: KeyPath, inner: KeyPath) -> object:
        if isinstance(value, str):
            text = self._text(value, (*path, *inner))
            return text if text == value or takes_text(inner) else scalar(text)
        if isinstance(value, list):
            entries = cast("list[object]", value)
            return [self._value(entry, path, (*inner, number)) for number, entry in enumerate(entries)]
        if (table := as_table(value)) is None:
            return value
        if takes_text(inner) and table.keys() == {"file"} and isinstance(file := table["file"], str):
            return self._file(self._text(file, (*path, *inner)), (*path, *inner))
        return {key: self._value(entry, path, (*inner, key)) for key, entry in table.items()}

    def _text(self, text: str, path: KeyPath) -> str:
        """Replace all references in a text."""
        return _REFERENCE.sub(lambda match: self._reference(match, path), text)

    def _reference(self, match: re.Match[str], path: KeyPath) -> str:
        if match["literal"]:
            return match[0].removeprefix("$")
        body = _BODY.fullmatch(match["body"])
        if not match["end"]:
            self.mistakes.add(path, "a ${ is not closed; write ${NAME}, or $${ for the two characters")
        elif body is None or "${" in match["body"]:
            self.mistakes.add(path, "what stands in ${…} is no variable; write ${NAME} or ${NAME:-default}")
        elif (value := self.environ.get(body["name"])) or (value is not None and body["default"] is None):
            return value
        elif body["default"] is not None:
            return body["default"]
        else:
            name = body["name"]
            self.mistakes.add(path, f"the variable {name} is not set; set it, or write ${{{name}:-default}}")
        return match[0]

    def _file(self, name: str, path: KeyPath) -> str:
        """Read a secret; the line break at its end, which editors leave, is not part of it."""
        file, also = self.folder / Path(name).expanduser(), ""
        if credentials := self.environ.get("CREDENTIALS_DIRECTORY"):
            of_systemd = Path(credentials) / Path(name).expanduser()
            file = of_systemd if of_systemd.exists() else file
            also = f", nor is there a credential {name}" if file != of_systemd else ""
        if self.looked_into is not None:
            self.looked_into(file)
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            # Not the error's own text: one of decoding shows bytes of the secret.
            why = (error.strerror or "unreadable") if isinstance(error, OSError) else "not a UTF-8 text"
            text = f"the file {file} cannot be read ({why}{also}); correct its path, content or rights"
            self.mistakes.add(path, text)
            return ""
