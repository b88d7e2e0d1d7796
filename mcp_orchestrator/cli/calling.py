"""`mcp-orchestrator call`: one call, its data on stdout and an exit code that says what became of it."""

import sys
from collections.abc import Callable, Iterable, Sequence
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
from mcp_orchestrator.cli.exits import ExitCode, NotReadyError, UsageError
from mcp_orchestrator.cli.printing import print_json
from mcp_orchestrator.cli.session import connected_and_listed, not_ready
from mcp_orchestrator.cli.wording import printable
from mcp_orchestrator.config.mistakes import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user asked for. `words`: key=value; `arguments`: the text of --json, which excludes them.

    `server` None: whichever offers the tool, is up, and has the lowest `priority`.
    """

    server: str | None
    tool: str
    words: Sequence[str]
    arguments: str | None
    timeout_s: float | None
    raw: bool


async def call(orchestrator: AsyncMCPOrchestrator, order: Order) -> ExitCode:
    """Connect the server, or all, call the tool, print what came."""
    given = from_json(order.arguments, sys.stdin) if order.arguments is not None else None
    if order.server is None:
        server, tool = await _of_any(orchestrator, order.tool)
    else:
        server, tool = await _of_one(orchestrator, order.server, order.tool)
    if given is None:
        given = from_words(order.words, tool)
    console = Console(stderr=True, highlight=False)
    shown_while_waiting = console.status("") if sys.stderr.isatty() else None
    with shown_while_waiting or nullcontext():
        tell = _teller(f"{order.server or server}.{order.tool}", shown_while_waiting, sys.stderr)
        try:
            result = await orchestrator.call_tool(
                order.server, order.tool, given, timeout=order.timeout_s, on_progress=tell
            )
        except MCPToolError as error:
            if order.raw and error.result is not None:
                print_json(error.result, sys.stdout)
            raise
    if order.server is None:
        sys.stderr.write(f"answered by {result.metadata.server}\n")
    print_json(result.raw if order.raw else result.data, sys.stdout)
    return ExitCode.OK


async def _of_one(orchestrator: AsyncMCPOrchestrator, server: str, tool: str) -> tuple[str, Tool]:
    """Connect one server and find the tool in its list."""
    if not await connected_and_listed(orchestrator, [server]):
        raise not_ready(orchestrator, server)
    server = str(orchestrator.get_server_status(server)["server"])
    offered = await _offered(orchestrator, server)
    if tool in offered:
        return server, offered[tool]
    raise UsageError(f"{server} has no tool {tool!r}: {_hint(tool, offered, f'mcp-orchestrator tools {server}')}")


async def _of_any(orchestrator: AsyncMCPOrchestrator, tool: str) -> tuple[str, Tool]:
    """Connect all servers and find the tool on the first that has it. What it takes, the others take as well."""
    servers = orchestrator.config.servers
    wanted = sorted((name for name in servers if servers[name].enabled), key=lambda name: servers[name].priority)
    ready = await connected_and_listed(orchestrator, wanted)
    known: dict[str, Tool] = {}
    for server in ready:
        offered = await _offered(orchestrator, server)
        if tool in offered:
            return server, offered[tool]
        known |= offered
    if len(ready) < len(wanted):
        away = ", ".join(name for name in wanted if name not in ready)
        raise NotReadyError(f"no connected server has a tool {tool!r}; not connected: {away}")
    raise UsageError(f"no server has a tool {tool!r}: {_hint(tool, known, 'mcp-orchestrator tools')}")


async def _offered(orchestrator: AsyncMCPOrchestrator, server: str) -> dict[str, Tool]:
    """Return the tools of a connected server by name, and by alias."""
    offered = {str(tool["name"]): tool for tool in await orchestrator.list_tools(server)}
    configured = orchestrator.config.servers[ServerName(server)].tools.items()
    aliases = {alias: offered[name] for name, tool in configured for alias in tool.aliases if name in offered}
    return offered | aliases


def _hint(tool: str, offered: Iterable[str], command: str) -> str:
    meant = nearest(tool, offered)
    return f"did you mean {meant}?" if meant else f"see {command}"


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
