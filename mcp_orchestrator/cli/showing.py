"""The commands that only look: tools, status, explain, check-config."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from actors.catalogue import Repeatable, Tool
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli.attach import Attached, Picture
from mcp_orchestrator.cli.exits import ExitCode, error_text
from mcp_orchestrator.cli.printing import calm_table, print_json, show, width_of
from mcp_orchestrator.cli.screens import Ours, Seen, overview
from mcp_orchestrator.cli.session import connected_and_listed, not_ready
from mcp_orchestrator.cli.wording import count, printable, summary
from mcp_orchestrator.config import load
from mcp_orchestrator.config.origins import origins
from mcp_orchestrator.views import transport_of

_STDERR_LINES = 20  # That `explain` shows. Arbitrary.
_Offer = tuple[str, Tool, Repeatable]  # The server, its tool, and whether that may be repeated.


async def show_tools(orchestrator: AsyncMCPOrchestrator, server: str | None, *, as_json: bool) -> ExitCode:
    """Print the tools of one server or of all, and which of them may be repeated, by whose word."""
    wanted = _servers(orchestrator, server)
    ready = await connected_and_listed(orchestrator, wanted)
    _tell_not_ready(orchestrator, wanted, ready)
    found: list[_Offer] = []
    for name in ready:
        repeatable = orchestrator.get_repeatability(name)
        found += [(name, tool, repeatable[tool["name"]]) for tool in await orchestrator.list_tools(name)]
    if as_json:
        print_json([_described(*one) for one in found], sys.stdout)
    elif found:
        _print_tools(found)
    return ExitCode.OK if ready == wanted else ExitCode.NOT_EXECUTED


async def show_status(orchestrator: AsyncMCPOrchestrator, *, as_json: bool) -> ExitCode:
    """Connect all servers and print how they are."""
    wanted = _servers(orchestrator, None)
    ready = await connected_and_listed(orchestrator, wanted)
    stats = orchestrator.get_stats()
    if as_json:
        each = {name: orchestrator.get_server_status(name) for name in orchestrator.config.servers}
        print_json({"servers": each, "totals": stats}, sys.stdout)
    else:
        _print_status(Ours(orchestrator))
        _tell_not_ready(orchestrator, wanted, ready)
    return ExitCode.OK if ready == wanted else ExitCode.FAILED


def show_status_of(daemon: Attached, *, as_json: bool) -> ExitCode:
    """Print how the servers of a daemon are. It says once what it knows: nothing is connected for that."""
    picture = Picture()
    picture.take("overview", daemon.overview())
    if as_json:
        print_json(
            {"servers": {one["server"]: one for one in picture.statuses()}, "totals": picture.stats()}, sys.stdout
        )
    else:
        _print_status(picture)
    there, wanted = picture.ready()
    return ExitCode.OK if there == wanted else ExitCode.FAILED


async def explain(orchestrator: AsyncMCPOrchestrator, server: str) -> ExitCode:
    """Connect one server and print what state it is in, why, and what happens next."""
    wanted = _servers(orchestrator, server)
    ready = await connected_and_listed(orchestrator, wanted)
    for line in orchestrator.explain(server):
        sys.stdout.write(f"{printable(line)}\n")
    if last := orchestrator.get_stderr(server)[-_STDERR_LINES:]:
        sys.stdout.write("Its last lines on stderr:\n")
        sys.stdout.writelines(f"  {printable(line)}\n" for line in last)
    return ExitCode.OK if ready else ExitCode.FAILED


def check_config(path: Path) -> ExitCode:
    """Print what a configuration says, but no secret; ConfigurationError if it has a mistake."""
    config, where = load(path), origins(path)
    table = calm_table()
    for title in ("server", "transport", "aliases", "remarks"):
        table.add_column(title, no_wrap=title == "server")
    table.add_column("secrets and variables", overflow="fold")
    for name, server in config.servers.items():
        secrets = "\n".join(printable(f"{setting}: {place}") for setting, place in where.get(name, {}).items())
        table.add_row(
            name,
            transport_of(server),
            ", ".join(server.aliases) or "-",
            "-" if server.enabled else "disabled",
            Text(secrets or "-"),
        )
    show(Text(f"{path}: {count(len(config.servers), 'server')}, no mistakes"), sys.stdout)
    show(table, sys.stdout)
    return ExitCode.OK


def _servers(orchestrator: AsyncMCPOrchestrator, server: str | None) -> list[str]:
    """Return the canonical name of a server or alias; without one, all servers that are enabled."""
    if server is not None:
        return [str(orchestrator.get_server_status(server)["server"])]
    return [name for name, config in orchestrator.config.servers.items() if config.enabled]


def _tell_not_ready(orchestrator: AsyncMCPOrchestrator, wanted: Sequence[str], ready: Sequence[str]) -> None:
    sys.stdout.flush()
    for name in wanted:
        if name not in ready:
            sys.stderr.write(f"{error_text(not_ready(orchestrator, name))}\n")


def _print_status(seen: Seen) -> None:
    show(overview(seen, width_of(sys.stdout)), sys.stdout)
    show(Text(_store(seen.stats()["store"])), sys.stdout)


def _print_tools(found: Sequence[_Offer]) -> None:
    table = calm_table()
    for title in ("server", "tool", "repeatable"):
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    table.add_column("what it does", ratio=1)
    before = ""
    for server, tool, repeatable in found:
        verdict = f"{'yes' if repeatable.yes else 'no'} ({repeatable.why})"
        style = "green" if repeatable.yes else "yellow"
        shown = server if server != before else ""
        table.add_row(shown, printable(tool["name"]), Text(verdict, style=style), Text(summary(tool)))
        before = server
    show(table, sys.stdout)


def _described(server: str, tool: Tool, repeatable: Repeatable) -> dict[str, Any]:
    return {"server": server, **tool, "repeatable": repeatable.yes, "repeatable_why": repeatable.why}


def _store(store: dict[str, Any]) -> str:
    """Say where state is kept, and why not elsewhere."""
    reason = f" ({printable(store['reason'])})" if store["reason"] else ""
    return f"state: on disk, {store['path']}{reason}" if store["mode"] == "disk" else f"state: in memory{reason}"
