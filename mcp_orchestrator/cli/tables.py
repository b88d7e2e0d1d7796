"""The tables that a person looks at, as wide as there is room for. Made of what the status methods tell; no I/O."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actors.batches import CallOutcome
from actors.status import Incident
from mcp_orchestrator.cli.printing import calm_table
from mcp_orchestrator.cli.wording import clock_time, count, duration, incident_line, milliseconds, printable

_WIDE, _WIDEST = 120, 150  # Columns from which on more is shown: the transport; the era and the last incident.
_INCIDENTS = 3

_COLOURS = {
    "ready": "green",
    "connecting": "yellow",
    "reconnecting": "yellow",
    "restarting": "yellow",
    "throttled": "yellow",
    "draining": "yellow",
    "disabled": "dim",
    "disconnected": "dim",
    "stopped": "dim",
    "closed": "green",
    "half_open": "yellow",
}  # All others are red.
_ORDINARY = frozenset({"connected", "stopped"})  # Kinds of incidents that are no news.


Status = Mapping[str, Any]  # As `get_server_status` returns it.
Cell = Callable[[Status, Incident | None], RenderableType]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Keeps its width while states change, so that the eye finds it again. Shown from `at_least` to `below` columns."""

    title: str
    cell: Cell
    width: int
    right: bool = False
    at_least: int = 0
    below: int = sys.maxsize
    most: int | None = None
    shrinks: bool = False


_COLUMNS = (
    _Column(title="server", cell=lambda status, _: printable(status["server"]), width=7, most=13, below=_WIDE),
    _Column(title="server", cell=lambda status, _: printable(status["server"]), width=7, most=24, at_least=_WIDE),
    _Column(title="state", cell=lambda status, _: _coloured(status["state"]), width=13),
    _Column(title="protocol", cell=lambda status, _: status["protocol"], width=10, below=_WIDEST),
    _Column(
        title="era, protocol",
        cell=lambda status, _: f"{status['era']} {status['protocol']}".strip(),
        width=17,
        at_least=_WIDEST,
    ),
    _Column(title="transport", cell=lambda status, _: status["transport"], width=9, at_least=_WIDE),
    _Column(title="breaker", cell=lambda status, _: _coloured(status["circuit_breaker"]["state"]), width=9),
    _Column(title="p50/p95\nms", cell=lambda status, _: _latency(status["latency"]), width=9, right=True),
    _Column(
        title="active\n+queue",
        cell=lambda status, _: f"{status['in_flight']}+{status['waiting']}",
        width=6,
        right=True,
        below=_WIDE,
    ),
    _Column(title="in flight", cell=lambda status, _: str(status["in_flight"]), width=9, right=True, at_least=_WIDE),
    _Column(title="waiting", cell=lambda status, _: str(status["waiting"]), width=7, right=True, at_least=_WIDE),
    _Column(title="re-\nstarts", cell=lambda status, _: _restarts(status), width=6, right=True),
    _Column(title="calls", cell=lambda status, _: str(status["calls"]), width=6, right=True),
    _Column(title="last incident", cell=lambda _, last: _last(last), width=20, shrinks=True, at_least=_WIDEST),
)


def servers(rows: Sequence[tuple[Status, Incident | None]], width: int) -> Table:
    """Return one line a server; with it comes what happened to it last."""
    shown = [column for column in _COLUMNS if column.at_least <= width < column.below]
    table = calm_table(gap=1 if width < _WIDE else 2)
    for column in shown:
        table.add_column(
            column.title,
            no_wrap=not column.shrinks,
            overflow="ellipsis",
            justify="right" if column.right else "left",
            min_width=column.width,
            max_width=column.most,
        )
    for status, last in rows:
        table.add_row(*(column.cell(status, last) for column in shown))
    return table


def overview(
    statuses: Sequence[Mapping[str, Any]],
    incidents: Sequence[Incident],
    stats: Mapping[str, Any],
    *,
    width: int,
    foot: str = "",
) -> RenderableType:
    """Return all that `run` and `status` show: servers, newest incidents, totals. `incidents`: oldest first.

    The state may be that of another configuration as well: what befell servers that are not in this one is left out.
    """
    shown = {status["server"] for status in statuses}
    incidents = [one for one in incidents if one.server in shown]
    last = {one.server: one for one in incidents if one.kind == "connected" or one.kind not in _ORDINARY}
    table = servers([(status, last.get(status["server"])) for status in statuses], width)
    lines = [Text()]
    lines += [_incident(one) for one in incidents if one.kind not in _ORDINARY][-_INCIDENTS:]
    lines.append(_totals(stats))
    if foot:
        lines.append(_one_line(foot, style="dim"))
    return Group(table, *lines)


def outcomes(rows: Sequence[tuple[CallOutcome, str]]) -> Table:
    """Return what became of a batch; each outcome with its data in a few words."""
    table = calm_table()
    for title in ("server", "tool", "outcome"):
        table.add_column(title, no_wrap=True)
    table.add_column("time", no_wrap=True, justify="right")
    table.add_column("data")
    for outcome, words in rows:
        took = duration(outcome.result.metadata.duration_s) if outcome.success else "-"
        verdict = Text("ok", style="green") if outcome.success else Text(outcome_word(outcome), style="red")
        table.add_row(outcome.server, outcome.tool, verdict, took, _one_line(words))
    return table


def outcome_word(outcome: CallOutcome) -> str:
    """Return "ok", or how it failed and whether it can have run: "timeout, executed: no"."""
    if outcome.error is None:
        return "ok"
    kind = type(outcome.error).__name__.removesuffix("Error")
    return f"{kind}, executed: {outcome.executed}"


def _latency(latency: Mapping[str, float | None]) -> str:
    return "-" if latency["p50"] is None else f"{milliseconds(latency['p50'])}/{milliseconds(latency['p95'])}"


def _restarts(status: Status) -> Text:
    return Text(str(status["generation"]), style="red" if status["generation"] else "")


def _last(incident: Incident | None) -> Text:
    if incident is None:
        return Text("")
    return _one_line(f"{clock_time(incident.at)} {incident_line(incident).removeprefix(f'{incident.server} ')}", "dim")


def _coloured(state: str) -> Text:
    return Text(state.replace("_", " "), style=_COLOURS.get(state, "red"))


def _incident(incident: Incident) -> Text:
    line = _one_line(f"{clock_time(incident.at)} {incident_line(incident)}")
    line.stylize("dim", 0, len("hh:mm:ss"))
    return line


def _totals(stats: Mapping[str, Any]) -> Text:
    """Say what became of all calls. `unaccounted` is 0, or there is a bug."""
    unaccounted = stats["unaccounted_calls"]
    return Text.assemble(
        f"{count(stats['total_calls'], 'call')}: {stats['succeeded']} ok, {stats['failures']} failed, ",
        f"{stats['pending_calls']} pending, ",
        (f"{unaccounted} unaccounted", "bold red" if unaccounted else ""),
        f"; {stats['retries']} retried",
        no_wrap=True,
        overflow="ellipsis",
    )


def _one_line(text: str, style: str = "") -> Text:
    """Return a text that is cut, not wrapped, where the room ends."""
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
