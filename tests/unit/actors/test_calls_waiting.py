"""What a call meets while there is no connection."""

from typing import Any

import pytest

from actors.errors import (
    CircuitBreakerOpenError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

REFUSED = MCPConnectionError("refused")
AUTH = ServerUnavailableError("HTTP 401", state="auth_required")


def failing(times: int, **config: Any) -> World:
    """Return a world in which so many handshakes fail; the first has."""
    world = World(connect=False, **config)
    world.wire.script("initialize", *[REFUSED] * times)
    world.connect()
    return world


def test_a_call_waits_for_the_connection_that_is_coming() -> None:
    world = failing(1)
    future = world.submit("a")
    world.runtime.run()

    world.advance(0.5)
    world.end("a", {})

    assert future.result(timeout=0) == {}


def test_a_call_waits_for_its_connection_no_longer_than_its_deadline() -> None:
    world = World(connect=False)
    world.wire.script("initialize", None)
    world.connect()
    future = world.submit("a", timeout_s=1.0)
    world.runtime.run()

    world.advance(1.0)

    assert failure(future, MCPTimeoutError).executed == "no"


def test_each_failed_connect_is_one_attempt_of_every_call_that_waits() -> None:
    world = failing(4)
    early = world.submit("early")
    world.runtime.run()
    world.advance(0.5)
    late = world.submit("late")
    world.runtime.run()

    world.advance(1.0)
    assert not early.done()
    world.advance(2.0)
    assert not early.done()
    world.advance(4.0)

    assert world.exchange("early").write()
    assert world.exchange("late").write()
    assert not late.done()


def test_a_call_ends_when_all_its_attempts_were_failed_connects() -> None:
    world = failing(9, max_retries=1)
    future = world.submit("a")
    world.runtime.run()

    world.advance(0.5)
    assert not future.done()
    world.advance(1.0)

    error = failure(future, MCPConnectionError)
    assert "connecting failed" in str(error)
    assert [attempts for _, _, attempts in world.reports] == [2]


@pytest.mark.parametrize("script", [AUTH, {"protocolVersion": "1999-01-01"}])
def test_where_no_connect_helps_calls_end_at_once_until_somebody_asks(
    script: MCPOrchestratorError | dict[str, str],
) -> None:
    world = World(connect=False)
    world.wire.script("initialize", script, None)
    reply = world.connect()
    early = world.submit("early")
    world.runtime.run()
    world.advance(100.0)

    assert reply.result(timeout=0) is False
    assert len(world.wire.connections) == 1
    assert failure(early, ServerUnavailableError).state == world.status.state
    assert world.status.state in ("auth_required", "config")
    assert world.status.breaker.failures == 0
    world.connect()
    assert world.status.reason == "connecting"


@pytest.mark.parametrize("bad", [{"capabilities": {}}, OutcomeUnknownError("no JSON"), REFUSED])
def test_calls_that_wait_hear_of_a_handshake_that_fails(bad: MCPOrchestratorError | dict[str, object]) -> None:
    world = World(connect=False, max_retries=0)
    world.wire.script("initialize", None)
    world.connect()
    future = world.submit("a")
    world.runtime.run()

    world.end("initialize", bad)

    assert isinstance(future.exception(timeout=0), ServerUnavailableError | MCPConnectionError)


def test_a_call_for_a_server_whose_breaker_failed_connects_opened_is_refused() -> None:
    world = failing(99, breaker={"failure_threshold": 1})

    future = world.submit("a")
    world.runtime.run()

    assert failure(future, CircuitBreakerOpenError).retry_after_s == 5.0


def test_a_call_for_which_the_next_connect_would_come_too_late_ends_now() -> None:
    world = failing(1)

    late, patient = world.submit("late", timeout_s=0.4), world.submit("patient", timeout_s=0.6)
    world.runtime.run()

    assert failure(late, MCPConnectionError).retry_after_s == 0.5
    assert not patient.done()


def test_a_call_that_waits_ends_when_the_next_connect_would_come_too_late() -> None:
    world = World(connect=False)
    world.wire.script("initialize", None)
    world.connect()
    future = world.submit("a", timeout_s=0.4)
    world.runtime.run()

    world.end("initialize", REFUSED)

    assert failure(future, MCPConnectionError).retry_after_s == 0.5


def test_one_failed_connect_ends_many_calls_and_each_has_an_error_of_its_own() -> None:
    world = failing(1, max_retries=0)
    world.wire.script("initialize", REFUSED)
    futures = [world.submit(name) for name in "ab"]
    world.runtime.run()

    world.advance(0.5)

    errors = [failure(future, MCPConnectionError) for future in futures]
    assert [error.request_id for error in errors] == [future.request_id for future in futures]
    assert world.status.breaker.failures == 2  # One for each connect, not for each call.
