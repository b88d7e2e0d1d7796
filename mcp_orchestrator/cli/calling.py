"""`mcp-orchestrator call`: one server, one call, its data on stdout and an exit code that says what became of it."""

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import IO

from rich.console import Console
from rich.status import Status

from actors.call import ServerName
from actors.catalogue import Tool
from actors.errors import MCPToolError
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli.arguments import from_json, from_words
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.printing import print_json
from mcp_orchestrator.cli.session import connected_and_listed, not_ready
from mcp_orchestrator.cli.wording import printable
from mcp_orchestrator.config.mistakes import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user asked for. `words`: key=value; `arguments`: the text of --json, which excludes them."""

    server: str
    tool: str
    words: Sequence[str]
    arguments: str | None
    timeout_s: float | None
    raw: bool


async def call(orchestrator: AsyncMCPOrchestrator, order: Order) -> ExitCode:
    """Connect the server, call the tool, print what came."""
    given = from_json(order.arguments, sys.stdin) if order.arguments is not None else None
    if not await connected_and_listed(orchestrator, [order.server]):
        raise not_ready(orchestrator, order.server)
    tool = await _tool(orchestrator, order)
    if given is None:
        given = from_words(order.words, tool)
    console = Console(stderr=True, highlight=False)
    shown_while_waiting = console.status("") if sys.stderr.isatty() else None
    with shown_while_waiting or nullcontext():
        tell = _teller(f"{order.server}.{order.tool}", shown_while_waiting, sys.stderr)
        try:
            result = await orchestrator.call_tool(
                order.server, order.tool, given, timeout=order.timeout_s, on_progress=tell
            )
        except MCPToolError as error:
            if order.raw and error.result is not None:
                print_json(error.result, sys.stdout)
            raise
    print_json(result.raw if order.raw else result.data, sys.stdout)
    return ExitCode.OK


async def _tool(orchestrator: AsyncMCPOrchestrator, order: Order) -> Tool:
    """Find the tool in the server's list, also by an alias of it."""
    server = str(orchestrator.get_server_status(order.server)["server"])
    offered = {tool["name"]: tool for tool in await orchestrator.list_tools(server)}
    configured = orchestrator.config.servers[ServerName(server)].tools.items()
    name = next((name for name, tool in configured if order.tool in tool.aliases), order.tool)
    if name in offered:
        return offered[name]
    meant = nearest(name, offered)
    hint = f"did you mean {meant}?" if meant else f"see mcp-orchestrator tools {server}"
    raise UsageError(f"{server} has no tool {name!r}: {hint}")


def _teller(what: str, status: Status | None, stderr: IO[str]) -> Callable[[float, float | None, str | None], None]:
    """Return what shows progress, on the callbacks thread: in one line that changes, or a line each time."""

    def tell(done: float, total: float | None, message: str | None) -> None:
        share = f"{done:g}" if total is None else f"{done:g} of {total:g}"
        line = printable(f"{what}: {share}" + (f", {message}" if message else ""))
        if status is not None:
            status.update(line)
        else:
            stderr.write(line + "\n")
            stderr.flush()

    if status is not None:
        status.update(f"{what} …")
    return tell
