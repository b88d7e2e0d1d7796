"""What programs are shown of a server: the keys of the specification, in types that JSON has."""

import json

import pytest

from actors.breaker import BreakerSnapshot, State
from actors.call import ServerName, ToolName
from actors.status import HealthStatus, Incident
from mcp_orchestrator import views
from mcp_orchestrator.config import load
from tests.fixtures.boards import CONFIG, A, shown


def test_the_breakers_state_has_the_keys_of_the_specification_and_passes_with_time() -> None:
    board, runtime = shown(
        breaker=BreakerSnapshot(state=State.OPEN, open_for_s=5.0), last_failure_at=999.0, tools_open=(ToolName("x"),)
    )
    state = views.breaker(board, runtime, CONFIG, A)

    assert state == {
        "state": "open",
        "failure_count": 0,
        "success_count": 0,
        "last_failure_time": runtime.wall_clock() - 1.0,
        "threshold": 5,
        "timeout": 5.0,
        "success_threshold": 2,
        "retry_after": 5.0,
        "forced": "",
        "forced_for": None,
        "tools_open": ["x"],
    }
    runtime.now += 5.0
    assert views.breaker(board, runtime, CONFIG, A)["state"] == "half_open"
    assert views.breaker(board, runtime, CONFIG, ServerName("b"))["last_failure_time"] is None


@pytest.mark.parametrize(
    ("state", "forced_for_s", "retry_after"),
    [(State.OPEN, 60.0, 59.0), (State.OPEN, None, None), (State.CLOSED, 60.0, None)],
)
def test_a_forced_breaker_says_when_that_ends_not_what_is_beneath(
    state: State, forced_for_s: float | None, retry_after: float | None
) -> None:
    board, runtime = shown(
        breaker=BreakerSnapshot(state=state, open_for_s=5.0, forced="maintenance", forced_for_s=forced_for_s)
    )
    runtime.now += 1.0

    said = views.breaker(board, runtime, CONFIG, A)

    assert (said["state"], said["forced"], said["retry_after"]) == (state.value, "maintenance", retry_after)
    assert said["forced_for"] == (None if forced_for_s is None else 59.0)


def test_a_server_is_shown_whole_and_in_jsons_types() -> None:
    board, runtime = shown(state="ready", era="legacy", transport="sse", protocol="2025-11-25", retry_after_s=3.0)
    board.incidents.append(Incident(at=1.0, server=A, kind="connected", text="x"))
    board.health[A] = HealthStatus(state="up", last_check_at=990.0, response_time_s=0.1)
    runtime.now += 1.0

    whole = views.server(board, runtime, CONFIG, A)
    never_seen = views.server(board, runtime, CONFIG, ServerName("b"))

    assert json.loads(json.dumps(whole)) == whole
    assert (whole["connected"], whole["era"], whole["transport"], whole["retry_after"]) == (True, "legacy", "sse", 2.0)
    assert whole["last_incident"]["kind"] == "connected"
    assert whole["health"]["state"] == "up"
    assert (never_seen["era"], never_seen["transport"], never_seen["state"]) == ("", "http", "disconnected")
    assert never_seen["last_incident"] is None


@pytest.mark.parametrize(
    ("section", "transport"),
    [
        ({"command": "x"}, "stdio"),
        ({"url": "http://b/mcp"}, "http"),
        ({"url": "http://b/mcp", "transport": "http"}, "http"),
        ({"url": "http://b/sse", "transport": "sse"}, "sse"),
    ],
)
def test_a_server_that_was_never_connected_has_the_transport_that_is_configured(
    section: dict[str, str], transport: str
) -> None:
    board, runtime = shown()

    status = views.server(board, runtime, load({"c": section}), ServerName("c"))

    assert status["transport"] == transport


def test_a_check_that_never_was_has_no_time() -> None:
    board, runtime = shown()

    checked = views.health(board, runtime, A, healthy=False)

    assert (checked["status"], checked["last_check_time"], checked["response_time"]) == ("unknown", None, None)


def test_the_numbers_have_the_keys_of_the_specification() -> None:
    board, _ = shown(state="ready")

    numbers = views.statistics(board, CONFIG, {"mode": "memory"})

    assert {"total_calls", "total_health_checks", "calls_per_server", "retries", "latency_per_server"} <= numbers.keys()
    assert (numbers["total_calls"], numbers["unaccounted_calls"], numbers["connected_servers"]) == (0, 0, ["a"])
    assert numbers["latency_per_server"]["a"] == {"p50": None, "p95": None, "p99": None}
    assert numbers["store"] == {"mode": "memory"}
    assert views.pools(board, CONFIG)["a"] == {"max_concurrent": 10, "in_flight": 0, "waiting": 0, "connections": 0}
