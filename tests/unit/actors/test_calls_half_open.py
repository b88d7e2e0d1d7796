"""The half-open door: who opens it, who goes through, who closes it."""

from concurrent.futures import Future

from actors.breaker import State
from actors.errors import (
    CircuitBreakerOpenError,
    MCPConnectionError,
    OutcomeUnknownError,
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


def half_open(**config: int) -> World:
    """Return a world whose breaker is half-open, its probe passed."""
    world = opened(**config)
    world.advance(5.0)
    assert world.status.breaker.state is State.HALF_OPEN
    return world


def test_half_open_a_ping_opens_the_door_and_does_not_count() -> None:
    world = opened(success_threshold=1)

    world.advance(5.0)

    assert world.wire.said.count("ping") == 1
    assert (world.status.breaker.state, world.status.breaker.successes) == (State.HALF_OPEN, 0)


def test_a_probe_that_fails_closes_the_door_again() -> None:
    world = opened()
    world.wire.script("ping", RESET, RESET)

    world.advance(5.0)

    assert (world.status.breaker.state, world.status.breaker.open_for_s) == (State.OPEN, 10.0)


def test_while_the_probe_is_under_way_nobody_goes() -> None:
    world = opened()
    world.wire.script("ping", None)
    world.advance(5.0)

    early = world.submit("a")
    world.runtime.run()
    assert failure(early, CircuitBreakerOpenError)
    world.end("ping", {})

    assert world.begin("b")[1].write()


def test_one_call_at_a_time_goes_through_the_door_and_so_many_close_it() -> None:
    world = half_open(success_threshold=2)
    world.begin("first")
    second = world.submit("second")
    world.runtime.run()
    assert failure(second, CircuitBreakerOpenError).retry_after_s == 1.0

    world.end("first", {})
    world.begin("third")
    world.end("third", {})

    assert world.status.breaker.state is State.CLOSED


def test_a_breaker_refuses_at_once_whom_it_will_not_let_through_though_no_slot_is_free() -> None:
    world = World(max_concurrent=2, breaker={"failure_threshold": 1})
    world.begin("failing")
    world.begin("hung")
    waiting = world.submit("waiting")
    world.end("failing", RESET)
    world.advance(5.0)

    world.begin("on trial")
    too_many = world.submit("too many")
    world.runtime.run()

    assert failure(waiting, CircuitBreakerOpenError)
    assert failure(too_many, CircuitBreakerOpenError)


def test_of_those_who_wait_for_a_slot_half_open_one_goes_and_the_others_are_refused() -> None:
    world = World(max_concurrent=1, breaker={"failure_threshold": 1})
    world.wire.script("ping", RESET, RESET)
    _, holding_the_slot = world.begin("hung", timeout_s=1.0)
    holding_the_slot.write()
    world.advance(1.0)
    world.advance(5.0)
    futures = [world.submit(label) for label in ("b", "c", "d")]
    world.runtime.run()
    assert not [future for future in futures if future.done()]

    holding_the_slot.lose()
    world.runtime.run()

    assert world.exchange("b").write()
    assert [type(future.exception(timeout=0)) for future in futures[1:]] == [CircuitBreakerOpenError] * 2


def test_a_failure_on_trial_opens_the_breaker_again_for_longer() -> None:
    world = half_open()
    world.begin("on trial")

    world.end("on trial", OutcomeUnknownError("HTTP 503", retry_after_s=60.0))

    assert (world.status.breaker.state, world.status.breaker.open_for_s) == (State.OPEN, 60.0)


def test_a_cancelled_trial_lets_the_next_one_try() -> None:
    world = half_open()
    future, _ = world.begin("on trial")
    future.cancel()
    world.runtime.run()

    assert world.begin("next")[1].write()


def test_a_trial_between_two_attempts_keeps_the_door() -> None:
    world = half_open()
    future, exchange = world.begin("on trial")
    exchange.end(MCPConnectionError("refused"))
    world.runtime.run()
    other = world.submit("other")
    world.runtime.run()
    assert failure(other, CircuitBreakerOpenError)
    assert not future.done()

    world.advance(0.1)
    world.end("on trial", {})

    assert future.result(timeout=0) == {}


def test_a_force_that_ends_while_a_trial_is_under_way_sends_no_probe_beside_it() -> None:
    world = half_open()
    world.begin("on trial")
    world.server.tell(ForceBreaker(state=State.OPEN, reason="maintenance", until=world.runtime.now + 1.0))
    world.runtime.run()

    world.advance(1.0)

    assert (world.status.breaker.state, world.wire.said.count("ping")) == (State.HALF_OPEN, 1)


def test_a_connect_under_way_when_the_time_is_up_is_the_probe() -> None:
    world = opened()
    world.wire.script("initialize", None)
    world.connect(anew=True)

    world.advance(5.0)
    early = world.submit("a")
    world.runtime.run()
    assert failure(early, CircuitBreakerOpenError)
    world.end("initialize", world.wire.usual_answer("initialize") or {})

    assert (len(world.wire.connections), "ping" in world.wire.said) == (2, False)
    assert world.begin("b")[1].write()


def test_a_connect_that_is_the_probe_and_fails_closes_the_door() -> None:
    world = opened()
    world.wire.script("initialize", None)
    world.connect(anew=True)
    world.advance(5.0)

    world.end("initialize", MCPConnectionError("refused"))

    assert (world.status.breaker.state, world.status.breaker.open_for_s) == (State.OPEN, 10.0)


def test_a_connection_lost_while_it_is_the_probe_gives_the_door_back() -> None:
    world = opened()
    world.wire.script("initialize", None)
    world.connect(anew=True)
    world.advance(5.0)

    world.server.tell(Disconnect(reply=Future()))
    world.connect()

    assert world.begin("b")[1].write()
