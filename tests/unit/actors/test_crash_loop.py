"""A server that fails connect after connect: left alone, but for one try per open period, on use."""

from actors.breaker import State
from actors.errors import CircuitBreakerOpenError, MCPConnectionError
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

REFUSED = MCPConnectionError("refused")


def crash_loop() -> World:
    """Return a world whose server has just failed its fifth connect."""
    world = World(connect=False)
    world.wire.script("initialize", *[REFUSED] * 5)
    world.connect()
    for pause_s in (0.5, 1.0, 2.0, 4.0):
        world.advance(pause_s)
    return world


def use(world: World) -> CircuitBreakerOpenError:
    future = world.submit("a")
    world.runtime.run()
    error = failure(future, CircuitBreakerOpenError)
    assert error.executed == "no"
    return error


def test_five_failed_connects_are_a_crash_loop() -> None:
    world = crash_loop()

    assert (world.status.state, world.status.failed_connects) == ("crash_loop", 5)
    assert world.status.retry_after_s == 5.0


def test_who_is_refused_is_told_what_is_wrong() -> None:
    assert use(crash_loop()).message == "circuit breaker open: connecting failed: refused"


def test_it_is_tried_on_use_once_in_an_open_period() -> None:
    world = crash_loop()
    world.wire.script("initialize", REFUSED, REFUSED, REFUSED)

    use(world)
    use(world)
    assert len(world.wire.connections) == 6
    world.advance(5.0)
    assert len(world.wire.connections) == 7
    use(world)
    use(world)

    assert len(world.wire.connections) == 8
    assert world.status.state == "crash_loop"


def test_a_connect_that_succeeds_opens_the_door() -> None:
    world = crash_loop()

    use(world)

    assert (world.status.ready, world.status.breaker.state) == (True, State.HALF_OPEN)
    assert world.begin("b")[1].write()


def test_a_connect_on_use_that_is_under_way_is_not_begun_twice() -> None:
    world = crash_loop()
    world.wire.script("initialize", None)

    use(world)
    use(world)

    assert len(world.wire.connections) == 6


def test_an_open_breaker_alone_is_no_crash_loop() -> None:
    world = World(connect=False, breaker={"failure_threshold": 1})
    world.wire.script("initialize", REFUSED)
    world.connect()

    use(world)

    assert (world.status.state, len(world.wire.connections)) == ("reconnecting", 1)


def test_who_asks_for_a_connection_while_the_breaker_is_open_gets_one_connect_and_its_answer() -> None:
    world = crash_loop()
    world.wire.script("initialize", REFUSED)

    reply = world.connect()

    assert reply.result(timeout=0) is False
    assert len(world.wire.connections) == 6
