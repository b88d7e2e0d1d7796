"""What the breakers do to calls, and calls to the breakers."""

from concurrent.futures import Future

import pytest

from actors.breaker import State
from actors.call import Outcome
from actors.errors import (
    CircuitBreakerOpenError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.messages import Disconnect, ForceBreaker
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

RESET = OutcomeUnknownError("reset by peer")
SAFE = "resources/read"


def opened(**config: int) -> World:
    """Return a world whose breaker has just opened, for 5 s."""
    world = World(breaker={"failure_threshold": 1, **config})
    world.begin("failing")
    world.end("failing", RESET)
    assert world.status.breaker.state is State.OPEN
    return world


def test_one_record_a_call_however_many_attempts() -> None:
    world = World(breaker={"failure_threshold": 2})
    world.begin(SAFE)
    for _ in range(4):
        world.end(SAFE, RESET)
        world.advance(2.0)

    assert world.status.breaker.failures == 1


@pytest.mark.parametrize(
    ("outcome", "failures"),
    [
        (RESET, 1),
        (MCPConnectionError("refused"), 1),
        (OutcomeUnknownError("EOF", stale=True), 0),
        (MCPToolError("bad params", executed="no", code=-32602), 0),
        ({"isError": True}, 0),
        (ServerUnavailableError("HTTP 403", state="auth_required"), 0),
        (ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=99.0), 0),
    ],
    ids=repr,
)
def test_what_counts_as_a_failure(outcome: Outcome, failures: int) -> None:
    world = World(max_retries=0)
    world.begin("a")

    world.end("a", outcome)

    assert world.status.breaker.failures == failures


def test_waiting_calls_end_at_the_opening_and_say_when_to_come_back() -> None:
    world = World(max_concurrent=1, breaker={"failure_threshold": 1})
    world.begin("failing")
    waiting = [world.submit("b"), world.submit("c")]

    world.end("failing", RESET)

    for future in waiting:
        error = failure(future, CircuitBreakerOpenError)
        assert (error.executed, error.retry_after_s) == ("no", 5.0)
    assert len(world.wire.exchanges) == 1


def test_calls_that_wait_while_the_server_dies_are_told_so_at_the_opening() -> None:
    world = World(max_concurrent=1, breaker={"failure_threshold": 1})
    world.begin("failing")
    waiting = world.submit("b")

    world.wire.connections[-1].die("child exited with code 1")
    world.runtime.run()

    assert failure(waiting, CircuitBreakerOpenError).message == "circuit breaker open: child exited with code 1"


def test_a_resting_call_ends_at_the_opening_with_its_own_last_error() -> None:
    world = World(breaker={"failure_threshold": 1})
    world.begin("failing")
    resting, exchange = world.begin("a")
    exchange.end(MCPConnectionError("refused"))
    world.runtime.run()

    world.end("failing", RESET)

    assert "refused" in str(failure(resting, MCPConnectionError))


def test_an_attempt_that_fails_after_the_opening_is_not_repeated() -> None:
    world = World(breaker={"failure_threshold": 1})
    world.begin("failing")
    future, _ = world.begin("a")
    world.end("failing", RESET)

    world.exchange("a").end(MCPConnectionError("refused"))
    world.runtime.run()

    assert failure(future, MCPConnectionError)


def test_an_attempt_begun_before_the_opening_is_not_repeated_past_the_half_open_door() -> None:
    world = World(breaker={"failure_threshold": 1})
    world.begin("failing")
    future, exchange = world.begin(SAFE)
    exchange.write()
    world.end("failing", RESET)
    world.advance(5.0)

    exchange.end(RESET)
    world.runtime.run()
    world.advance(1.0)

    assert failure(future, OutcomeUnknownError)
    assert world.status.breaker.state is State.HALF_OPEN


def test_a_call_for_an_open_breaker_ends_at_once() -> None:
    world = opened()
    world.advance(1.0)

    future = world.submit("a")
    world.runtime.run()

    assert failure(future, CircuitBreakerOpenError).retry_after_s == 4.0


def test_an_operator_can_force_it_open_and_it_ends_by_itself() -> None:
    world = World()
    world.submit("under way")
    world.server.tell(ForceBreaker(state=State.OPEN, reason="maintenance", until=world.runtime.now + 60.0))
    world.runtime.run()

    future = world.submit("a")
    world.runtime.run()

    assert failure(future, CircuitBreakerOpenError).retry_after_s == 60.0
    assert world.status.breaker.forced == "maintenance"
    world.advance(60.0)
    assert world.status.breaker.state is State.CLOSED
    assert world.begin("b")[1].write()


def test_an_operator_can_force_it_closed() -> None:
    world = opened()

    world.server.tell(ForceBreaker(state=State.CLOSED, reason="we know better", until=world.runtime.now + 60.0))

    assert world.begin("a")[1].write()


def test_a_connection_made_while_it_is_forced_open_changes_nothing_about_that() -> None:
    world = World(connect=False)
    world.server.tell(ForceBreaker(state=State.OPEN, reason="maintenance", until=world.runtime.now + 60.0))

    assert world.connect().result(timeout=0)

    assert world.status.breaker.state is State.OPEN


def test_what_somebody_else_has_ended_says_nothing() -> None:
    world = World(breaker={"failure_threshold": 1})
    future, exchange = world.begin("a")
    exchange.write()
    future.set_exception(MCPOrchestratorError("a face was first", executed="unknown"))

    exchange.lose()
    world.runtime.run()

    assert world.status.breaker.state is State.CLOSED


def test_the_callers_disconnect_says_nothing_about_the_server() -> None:
    world = World(breaker={"failure_threshold": 1})
    world.begin("a")[1].write()

    world.server.tell(Disconnect(reply=Future()))
    world.runtime.run()

    assert world.status.breaker.state is State.CLOSED
    assert world.status.last_failure == ""


def test_a_lost_connection_is_one_failure_however_many_calls_it_took_with_it() -> None:
    world = World(breaker={"failure_threshold": 3})
    unsafe = [world.begin(f"call {number}")[0] for number in range(4)]
    safe = world.begin(SAFE)[0]
    lost = world.wire.exchanges.copy()
    for exchange in lost:
        exchange.write()

    world.wire.connections[0].die()
    for exchange in lost:
        exchange.lose()
    world.runtime.run()
    world.advance(1.0)

    assert [failure(future, OutcomeUnknownError).executed for future in unsafe] == ["unknown"] * 4
    assert (world.status.breaker.state, world.status.breaker.failures) == (State.CLOSED, 1)
    world.end(SAFE, {"again": True})
    assert safe.result(timeout=0) == {"again": True}


def test_an_idle_connection_may_end() -> None:
    world = World(breaker={"failure_threshold": 3})

    world.wire.connections[0].die()
    world.runtime.run()
    world.advance(1.0)

    assert world.status.breaker.failures == 0
    assert world.status.ready
