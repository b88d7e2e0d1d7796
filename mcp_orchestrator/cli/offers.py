"""What a server offers besides tools, on the command line: `prompts`, `prompt`, `resources`, `read`."""

import sys
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, cast

from rich.table import Table
from rich.text import Text

from actors.catalogue import table
from actors.errors import MCPToolError, OutcomeUnknownError
from actors.mcp.paging import Entry
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli.arguments import texts_from_words
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.printing import calm_table, print_json, show, width_of
from mcp_orchestrator.cli.session import not_ready
from mcp_orchestrator.cli.wording import printable, summary
from mcp_orchestrator.config.mistakes import nearest

_NOT_FOUND = -32002  # Of a resource, in the legacy era. In the modern one it is as for an unknown tool.
_WIDE = 120  # Columns from which on more is shown.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for. `name`: of a prompt, or a resource's URI; "" for a list. `words`: key=value."""

    server: str
    name: str = ""
    words: Sequence[str] = ()
    timeout_s: float | None = None
    as_json: bool = False


async def show_prompts(orchestrator: AsyncMCPOrchestrator, wish: Wish) -> ExitCode:
    """Print the prompts of a server, with the arguments they take."""
    server = await _connected(orchestrator, wish.server)
    prompts = await orchestrator.list_prompts(server, timeout=wish.timeout_s)
    if wish.as_json:
        print_json([{"server": server, **prompt} for prompt in prompts], sys.stdout)
    elif prompts:
        found = calm_table()
        found.add_column("prompt", no_wrap=True, overflow="ellipsis")
        found.add_column("arguments")
        found.add_column("what it is for", ratio=1)
        for prompt in prompts:
            found.add_row(printable(prompt["name"]), _takes(prompt), Text(summary(prompt)))
        show(found, sys.stdout)
    else:
        _tell_none(server, "prompts")
    return ExitCode.OK


async def show_prompt(orchestrator: AsyncMCPOrchestrator, wish: Wish) -> ExitCode:
    """Print a prompt, filled in: a paragraph for each of its messages, or with --json what the server sent."""
    arguments = texts_from_words(wish.words)
    server = await _connected(orchestrator, wish.server)
    prompts = await orchestrator.list_prompts(server, timeout=wish.timeout_s)
    _check_arguments(_named(server, wish.name, prompts), arguments)
    prompt = await orchestrator.get_prompt(server, wish.name, arguments, timeout=wish.timeout_s)
    if wish.as_json:
        print_json(prompt, sys.stdout)
    else:
        messages = [_in_words(table(message)) for message in _list(prompt.get("messages"))]
        _write("\n\n".join(messages) + "\n", sys.stdout)
    return ExitCode.OK


async def show_resources(orchestrator: AsyncMCPOrchestrator, wish: Wish) -> ExitCode:
    """Print the resources of a server, then the templates of what can be read besides."""
    server = await _connected(orchestrator, wish.server)
    found = await orchestrator.list_resources(server, timeout=wish.timeout_s)
    found += await orchestrator.list_resource_templates(server, timeout=wish.timeout_s)
    if wish.as_json:
        print_json([{"server": server, **entry} for entry in found], sys.stdout)
    elif found:
        show(_resources(found, width_of(sys.stdout)), sys.stdout)
    else:
        _tell_none(server, "resources")
    return ExitCode.OK


async def read(orchestrator: AsyncMCPOrchestrator, wish: Wish) -> ExitCode:
    """Print what a resource holds, as it is; what is no text goes to files and pipes only."""
    if not wish.name.strip():
        raise UsageError(f"URI is empty: see mcp-orchestrator resources {wish.server}")
    server = await _connected(orchestrator, wish.server)
    try:
        resource = await orchestrator.read_resource(server, wish.name, timeout=wish.timeout_s)
    except MCPToolError as error:
        if error.code == _NOT_FOUND:
            raise UsageError(f"{error.message}: see mcp-orchestrator resources {server}") from None
        raise
    if wish.as_json:
        print_json(resource, sys.stdout)
        return ExitCode.OK
    for part in map(table, _list(resource.get("contents"))):
        text, blob = part.get("text"), part.get("blob")
        if isinstance(text, str):
            _write(text, sys.stdout)
        elif isinstance(blob, str):
            _write_data(_decoded(blob), part.get("mimeType"), sys.stdout)
    return ExitCode.OK


async def _connected(orchestrator: AsyncMCPOrchestrator, server: str) -> str:
    """Connect a server; return its canonical name."""
    if not await orchestrator.connect(server):
        raise not_ready(orchestrator, server)
    return str(orchestrator.get_server_status(server)["server"])


def _resources(found: Sequence[Entry], width: int) -> Table:
    """Return one line a resource; its type only where there is room, for a URI is to be copied from here."""
    shown, is_wide = calm_table(), width >= _WIDE
    shown.add_column("resource", no_wrap=True, overflow="fold")
    if is_wide:
        shown.add_column("type", no_wrap=True, overflow="ellipsis")
    shown.add_column("what it is", ratio=1)
    for entry in found:
        uri, kind = str(entry.get("uriTemplate", entry.get("uri"))), str(entry.get("mimeType") or "-")
        shown.add_row(printable(uri), *([printable(kind)] if is_wide else []), Text(_what(entry)))
    return shown


def _named(server: str, name: str, prompts: Sequence[Entry]) -> Entry:
    offered = {str(prompt["name"]): prompt for prompt in prompts}
    if name in offered:
        return offered[name]
    meant = nearest(name, offered)
    hint = f"did you mean {meant}?" if meant else f"see mcp-orchestrator prompts {server}"
    raise UsageError(f"{server} has no prompt {name!r}: {hint}")


def _arguments(prompt: Entry) -> list[Mapping[str, Any]]:
    described = [table(one) for one in _list(prompt.get("arguments"))]
    return [one for one in described if isinstance(one.get("name"), str)]


def _check_arguments(prompt: Entry, given: Mapping[str, str]) -> None:
    described = _arguments(prompt)
    known = [one["name"] for one in described]
    takes = f"it takes {', '.join(known)}" if known else "it takes none"
    for name in given:
        if name not in known:
            raise UsageError(f"{prompt['name']} has no argument {name!r}: {takes}")
    missing = [one["name"] for one in described if one.get("required") is True and one["name"] not in given]
    if missing:
        raise UsageError(f"{prompt['name']} needs {', '.join(missing)}: write {missing[0]}=…")


def _takes(prompt: Entry) -> Text:
    """Return the arguments in a few words; optional ones in brackets."""
    words = (one["name"] if one.get("required") is True else f"[{one['name']}]" for one in _arguments(prompt))
    return Text(printable(" ".join(words)) or "-")


def _what(entry: Entry) -> str:
    """Return the name of a resource, and what it is in a few words if the server says that."""
    name, said = entry.get("title") or entry.get("name"), summary(entry)
    words = [printable(name)] if isinstance(name, str) and name else []
    return ": ".join(words + ([said] if said and said not in words else []))


def _in_words(message: Mapping[str, Any]) -> str:
    """Return a message of a prompt as a paragraph; what is no text, as what it is."""
    return f"{message.get('role', '?')}: {' '.join(_texts_of(message.get('content')))}"


def _texts_of(content: object) -> Iterator[str]:
    for block in _list(content) or [content]:  # One block, or, in some servers, a list of them.
        of_block = table(block)
        resource = table(of_block.get("resource"))
        text = of_block.get("text", resource.get("text"))
        if isinstance(text, str):
            yield text
        else:
            about = of_block.get("mimeType") or resource.get("mimeType") or of_block.get("uri") or resource.get("uri")
            yield f"[{of_block.get('type', '?')}{f': {about}' if about else ''}]"


def _decoded(blob: str) -> bytes:
    try:
        return b64decode(blob)
    except ValueError as error:
        raise OutcomeUnknownError(f"what the server sent is no base64: {error}") from None


def _write(text: str, stream: TextIO) -> None:
    """Write a server's text: to a terminal in lines, and nothing that it would obey; elsewhere as it is."""
    if stream.isatty():
        lines = text.removesuffix("\n").split("\n")
        stream.write("".join(f"{printable(line)}\n" for line in lines))
        stream.flush()
    else:
        _write_data(text.encode(errors="replace"), None, stream)


def _write_data(data: bytes, kind: object, stream: TextIO) -> None:
    if stream.isatty():
        stream.write(f"[{len(data)} bytes of {printable(str(kind or 'no known type'))}: redirect them to a file]\n")
    else:
        stream.flush()
        stream.buffer.write(data)
    stream.flush()


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _tell_none(server: str, what: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{server} offers no {what}\n")
