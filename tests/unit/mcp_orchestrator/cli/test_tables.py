"""The table fits its terminal and says what matters, narrow or wide."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from actors.batches import CallOutcome
from actors.call import ServerName
from actors.errors import MCPTimeoutError
from actors.status import Incident
from mcp_orchestrator.cli.tables import outcomes, overview

STATS = {
    "total_calls": 12345,
    "succeeded": 12300,
    "failures": 45,
    "pending_calls": 13,
    "unaccounted_calls": 0,
    "retries": 4321,
}


def status(server: str = "sabnzbd", **more: Any) -> dict[str, Any]:
    return {
        "server": server,
        "state": "auth_required",
        "era": "legacy",
        "protocol": "2025-11-25",
        "transport": "stdio",
        "circuit_breaker": {"state": "half_open"},
        "latency": {"p50": 0.0045, "p95": 1.25},
        "in_flight": 10,
        "waiting": 99,
        "generation": 7,
        "calls": 123456,
        **more,
    }


def incident(kind: str, text: str = "why", server: str = "sabnzbd") -> Incident:
    return Incident(at=1_767_614_400.0, server=ServerName(server), kind=kind, text=text)


def drawn(thing: RenderableType, width: int, **console: Any) -> list[str]:
    screen = Console(file=StringIO(), width=width, **console)
    with screen.capture() as capture:
        screen.print(thing)
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("width", [80, 120, 150, 200])
def test_everything_is_shown_in_the_width_there_is(width: int) -> None:
    statuses = [status(), status("a-server-with-a-very-long-name")]
    shown = drawn(overview(statuses, [incident("lost", "it went away " * 30)], STATS, width=width), width)

    header, line = "".join(shown[:2]), shown[3]
    assert all(len(row) <= width for row in shown)
    assert all(title in header for title in ("server", "state", "protocol", "breaker", "p50/p95", "starts", "calls"))
    for cell in ("sabnzbd", "auth required", "2025-11-25", "half open", "4.5/1250", "10", "99", "7", "123456"):
        assert cell in line
    assert ("stdio" in line) == (width >= 120)
    assert ("legacy" in line and "lost: it w" in line) == (width >= 150)
    assert shown[4].startswith("a-server-wit")


def test_the_newest_incidents_stand_below_and_what_is_ordinary_does_not() -> None:
    ordinary = [incident(kind) for kind in ("connected", "stopped")]
    news = [incident("breaker_open", str(number)) for number in range(5)]

    shown = drawn(overview([status()], [*news, *ordinary], STATS, width=80, foot="the end"), 80)

    assert [line[9:] for line in shown[5:-2]] == [f"sabnzbd breaker open: {number}" for number in (2, 3, 4)]
    assert shown[-2] == "12345 calls: 12300 ok, 45 failed, 13 pending, 0 unaccounted; 4321 retried"
    assert shown[-1] == "the end"


def test_the_last_incident_of_a_server_is_the_last_that_tells_something() -> None:
    incidents = [
        incident("lost"),
        incident("connected", "odd 1"),
        incident("stopped"),
        incident("down", server="b"),
    ]

    line = drawn(overview([status()], incidents, STATS, width=200), 200)[3]

    assert line.endswith("connected: odd 1")


def test_what_befell_a_server_of_another_configuration_is_not_shown() -> None:
    incidents = [incident("lost", "here"), incident("lost", "elsewhere", server="other")]

    shown = "".join(drawn(overview([status()], incidents, STATS, width=100), 100))

    assert "here" in shown
    assert "elsewhere" not in shown


def test_a_server_that_was_never_called_has_no_latency() -> None:
    line = drawn(overview([status(latency={"p50": None, "p95": None})], [], STATS, width=80), 80)[3]

    assert line.split()[6] == "-"


def test_states_have_colours_and_unaccounted_calls_are_red() -> None:
    statuses = [status(state="ready"), status(state="reconnecting"), status(state="parked")]

    shown = "\n".join(
        drawn(
            overview(statuses, [], {**STATS, "unaccounted_calls": 1}, width=80),
            80,
            force_terminal=True,
            color_system="standard",
        )
    )

    assert "\x1b[32mready" in shown
    assert "\x1b[33mreconnecting" in shown
    assert "\x1b[31mparked" in shown
    assert "\x1b[1;31m1 unaccounted" in shown


def test_what_a_server_wrote_is_not_obeyed() -> None:
    shown = "".join(drawn(overview([status()], [incident("lost", "\x1b[2J[bold]\n\x9b")], STATS, width=200), 200))

    assert r"lost: \x1b[2J[bold] \x9b" in shown


def test_outcomes_say_how_a_call_failed_and_whether_it_ran() -> None:
    failed = CallOutcome(index=0, server="plex", tool="search", error=MCPTimeoutError("late", executed="no"))

    shown = drawn(outcomes([(failed, "late " * 50)]), 80)

    assert shown[2].startswith("plex    search  MCPTimeout, executed: no     -  late late")
    assert len(shown) == 3


def test_an_incident_reads_as_a_sentence_whatever_its_kind() -> None:
    news = [
        incident("config", "no such command"),
        incident("auth_required", "401"),
        incident("connect_failed", "reset"),
    ]

    shown = drawn(overview([status()], news, STATS, width=80), 80)

    assert [line[9:] for line in shown[5:-1]] == [
        "sabnzbd is configured wrongly: no such command",
        "sabnzbd refuses our credentials: 401",
        "sabnzbd connect failed: reset",
    ]
