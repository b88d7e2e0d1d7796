"""The ordered end of a server: what is owed is finished, within its time."""

from concurrent.futures import Future

from actors.errors import OutcomeUnknownError, ServerUnavailableError
from actors.messages import Connect, Drain
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World


def drain(world: World, *, seconds: float) -> "Future[bool]":
    reply: Future[bool] = Future()
    world.server.tell(Drain(deadline=world.runtime.now + seconds, reply=reply))
    world.runtime.run()
    return reply


def test_a_drain_finishes_what_is_owed_and_refuses_what_comes() -> None:
    world = World(max_concurrent=1)
    owed, _ = world.begin("a")
    waiting = world.submit("b")
    reply = drain(world, seconds=5.0)

    refused = world.submit("c")
    world.runtime.run()
    assert (failure(refused, ServerUnavailableError).state, world.status.state) == ("draining", "draining")
    world.end("a", {})
    assert not reply.done()
    world.end("b", {})

    assert (owed.result(timeout=0), waiting.result(timeout=0)) == ({}, {})
    assert (reply.result(timeout=0), world.server.is_alive()) == (True, False)
    assert world.wire.connections[0].ended == "closed"


def test_a_drain_repeats_nothing() -> None:
    world = World()
    future, exchange = world.begin("resources/read")
    exchange.write()
    drain(world, seconds=5.0)

    exchange.lose()
    world.runtime.run()

    assert failure(future, OutcomeUnknownError)


def test_at_its_deadline_a_drain_pays_the_rest_by_ticket_and_aborts() -> None:
    world = World(max_concurrent=1)
    sent, exchange = world.begin("a")
    exchange.write()
    waiting = world.submit("b")
    reply = drain(world, seconds=5.0)

    world.advance(5.0)

    assert failure(sent, OutcomeUnknownError).executed == "unknown"
    assert failure(waiting, ServerUnavailableError).state == "draining"
    assert world.wire.connections[0].ended == "aborted"
    assert (reply.result(timeout=0), world.server.is_alive()) == (True, False)


def test_a_drain_waits_until_nothing_of_the_connection_is_left() -> None:
    world = World()
    world.wire.releases = False

    reply = drain(world, seconds=5.0)
    assert (world.wire.connections[0].ended, reply.done()) == ("closed", False)
    world.wire.connections[0].release()
    world.runtime.run()

    assert (reply.result(timeout=0), world.server.is_alive()) == (True, False)


def test_an_orderly_end_that_takes_too_long_is_broken_off_at_the_deadline() -> None:
    world = World()
    world.wire.releases = False
    aborted: list[float] = []
    vars(world.wire.connections[0])["abort"] = lambda: aborted.append(world.runtime.now)
    drain(world, seconds=5.0)
    assert aborted == []

    world.advance(5.0)
    world.advance(5.0)

    assert aborted == [world.runtime.now - 5.0]


def test_a_second_drain_can_be_sooner_and_both_are_answered() -> None:
    world = World()
    world.begin("a")[1].write()
    patient = drain(world, seconds=60.0)

    forced = drain(world, seconds=0.0)

    assert (patient.result(timeout=0), forced.result(timeout=0)) == (True, True)
    assert not world.server.is_alive()


def test_a_second_drain_cannot_be_later() -> None:
    world = World()
    world.begin("a")[1].write()
    first = drain(world, seconds=5.0)
    drain(world, seconds=60.0)

    world.advance(5.0)

    assert first.result(timeout=0) is True


def test_while_it_drains_nobody_connects_it() -> None:
    world = World(connect=False)
    world.wire.releases = False
    world.connect()
    drain(world, seconds=5.0)
    reply: Future[bool] = Future()

    world.server.tell(Connect(reply=reply))
    world.server.tell(Connect())
    world.runtime.run()

    assert (reply.result(timeout=0), len(world.wire.connections)) == (False, 1)
