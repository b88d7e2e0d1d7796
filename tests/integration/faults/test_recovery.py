"""What comes after a fault: servers that die and are there again, breakers that open and close."""

from typing import Any

import pytest

from faults.faulty_server import FaultyServer
from mcp_orchestrator import CallFuture, CircuitBreakerOpenError, MCPConnectionError, OutcomeUnknownError
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually, orchestrating


def lost(call: CallFuture) -> bool:
    error = call.exception(timeout=PATIENCE_S)
    assert isinstance(error, OutcomeUnknownError | CircuitBreakerOpenError), repr(error)
    return isinstance(error, OutcomeUnknownError)


def test_a_call_in_flight_when_its_server_dies_has_an_unknown_outcome(
    weather: FaultyServer, whole: Orchestrated
) -> None:
    weather.hang()
    reply = whole.face.submit("weather", "write", {"id": "first"})
    weather.wait_for_call()

    weather.die()

    assert whole.error(reply, OutcomeUnknownError).executed == "unknown"
    assert weather.executed == {("write", "first"): 1}


def test_a_call_that_may_be_repeated_outlives_its_server(weather: FaultyServer, section: dict[str, Any]) -> None:
    with orchestrating({"weather": {**section, "max_retries": 500}}) as whole:
        weather.hang()
        reply = whole.face.submit("weather", "read", {"id": "first"}, timeout=PATIENCE_S)
        weather.wait_for_call()

        weather.die()
        eventually(lambda: whole.face.get_server_status("weather")["retries"], "it is tried again")
        weather.heal()
        weather.revive()

        assert reply.result(timeout=PATIENCE_S).data == {"id": "first"}
        assert weather.executed == {("read", "first"): 2}


def test_calls_to_a_dead_server_were_not_executed_and_open_the_breaker(
    weather: FaultyServer, whole: Orchestrated
) -> None:
    weather.die()
    if whole.face.get_server_status("weather")["transport"] == "stdio":  # Its pipe may take a line in its last moment.
        eventually(lambda: whole.state("weather") != "ready", "it is known to be gone")

    errors = [whole.face.submit("weather", "write", {"id": str(number)}).exception(PATIENCE_S) for number in range(20)]

    assert {type(error) for error in errors} == {MCPConnectionError, CircuitBreakerOpenError}
    assert whole.breaker("weather") in {"open", "half_open"}
    assert not weather.executed
    weather.revive()
    eventually(lambda: whole.serves("weather", "write", id="one"), "the first that may go is answered")
    eventually(lambda: whole.serves("weather", "write", id="two"), "and the second")
    eventually(lambda: whole.breaker("weather") == "closed", "two calls went well")
    assert weather.executed == {("write", "one"): 1, ("write", "two"): 1}


def test_failing_calls_open_the_breaker_and_it_closes_by_calls_that_succeed(
    weather: FaultyServer, whole: Orchestrated
) -> None:
    weather.malformed()
    for number in range(5):
        whole.error(whole.face.submit("weather", "write", {"id": f"failing {number}"}), OutcomeUnknownError)

    refused = whole.error(whole.face.submit("weather", "write", {"id": "refused"}), CircuitBreakerOpenError)

    assert refused.retry_after_s is not None
    assert weather.executed["write", "refused"] == 0
    weather.heal()
    eventually(lambda: whole.serves("weather", "write", id="one"), "the first that may go is answered")
    assert whole.breaker("weather") == "half_open"
    assert whole.serves("weather", "write", id="two")
    eventually(lambda: whole.breaker("weather") == "closed", "two calls went well")


def test_one_failure_of_a_half_open_breaker_opens_it_again(weather: FaultyServer, whole: Orchestrated) -> None:
    weather.malformed()
    for number in range(5):
        whole.error(whole.face.submit("weather", "write", {"id": str(number)}), OutcomeUnknownError)

    # Refused until the door opens, then lost.
    eventually(lambda: lost(whole.face.submit("weather", "write", {"id": "once more"})), "the server is tried")

    whole.error(whole.face.submit("weather", "write", {"id": "refused"}), CircuitBreakerOpenError)
    assert weather.executed["write", "refused"] == 0


def test_a_tool_that_hangs_loses_its_own_breaker_and_the_others_go_on(
    weather: FaultyServer, whole: Orchestrated
) -> None:
    weather.hang(times=5)
    slow = [whole.face.submit("weather", "read", {"id": str(number)}, timeout=0.2) for number in range(5)]
    for call in slow:
        assert call.exception(timeout=PATIENCE_S) is not None

    refused = whole.error(whole.face.submit("weather", "read", {"id": "refused"}), CircuitBreakerOpenError)

    assert "read" in str(refused)
    assert whole.face.call_tool("weather", "write", {"id": "other"}).data == {"id": "other"}
    assert whole.breaker("weather") == "closed"


def test_calls_at_once_that_lose_their_session_run_once_each_in_one_new_session(weather: FaultyServer) -> None:
    with orchestrating({"weather": {"url": weather.url}}) as whole:
        weather.lose_session()

        calls = [whole.face.submit("weather", "write", {"id": str(number)}) for number in range(50)]

        assert [call.result(timeout=PATIENCE_S).data for call in calls] == [{"id": str(n)} for n in range(50)]
        assert weather.executed == {("write", str(number)): 1 for number in range(50)}
        assert len(whole.record.requests("initialize")) == 2


@pytest.mark.parametrize("section", ["http"], indirect=True)
def test_a_server_that_throttles_is_left_alone_for_as_long_as_it_said(
    weather: FaultyServer, whole: Orchestrated
) -> None:
    weather.status(429, retry_after_s=3600, times=1)
    whole.face.submit("weather", "write", {"id": "first"}).exception(timeout=PATIENCE_S)

    status = whole.face.get_server_status("weather")

    assert status["state"] == "throttled"
    assert status["retry_after"] > 3000
    assert not weather.executed
    assert whole.breaker("weather") == "closed"
