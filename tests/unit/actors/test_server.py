"""The server's actor besides its calls: pings, status, ends, forced breakers, generations."""

import math
from concurrent.futures import Future

import pytest

from actors.breaker import BreakerSnapshot, State
from actors.errors import OutcomeUnknownError
from actors.messages import (
    Connect,
    ConnectionReleased,
    Disconnect,
    Drain,
    ForceBreaker,
    Heard,
    Ping,
    PingEnded,
    ServerCrashed,
    Tick,
)
from actors.server import PUBLISH_WITHIN_S
from actors.transport import ConnectionLost
from tests.fixtures.scripted import World

RESET = OutcomeUnknownError("reset by peer")


def ping(world: World) -> "Future[bool]":
    reply: Future[bool] = Future()
    world.server.tell(Ping(reply=reply))
    world.runtime.run()
    return reply


def ended(world: World) -> list[PingEnded]:
    return [event for event in world.supervisor.heard if isinstance(event, PingEnded)]


def test_a_ping_says_that_the_server_is_alive_and_how_long_it_took() -> None:
    world = World(max_concurrent=1)
    world.begin("busy")[1].write()
    world.wire.script("ping", None)

    reply = ping(world)
    world.advance(0.5)
    assert ended(world) == []
    world.end("ping", {})

    assert ended(world) == [
        PingEnded(server=world.config.name, generation=0, alive=True, duration_s=0.5, reply=reply),
    ]
    assert world.status.statistics.pings == 1


@pytest.mark.parametrize(("hiccups", "alive"), [(1, True), (2, False)])
def test_one_hiccup_is_no_miss(hiccups: int, *, alive: bool) -> None:
    world = World()
    world.wire.script("ping", *[RESET] * hiccups)

    ping(world)

    assert [event.alive for event in ended(world)] == [alive]


def test_a_ping_has_its_time() -> None:
    world = World(connect_timeout_s=2.0)
    world.wire.script("ping", None)
    ping(world)

    world.advance(2.0)
    assert world.exchange("ping").aborted
    world.exchange("ping").end(OutcomeUnknownError("broken off"))
    world.runtime.run()

    assert [(event.alive, event.duration_s) for event in ended(world)] == [(False, 2.0)]


def test_without_a_connection_a_ping_fails_at_once() -> None:
    world = World(connect=False)

    ping(world)

    assert [event.alive for event in ended(world)] == [False]
    assert world.wire.said == []


def test_a_ping_that_was_answered_lets_the_back_off_start_anew() -> None:
    world = World()
    ping(world)

    world.wire.connections[0].die()
    world.runtime.run()

    assert world.status.retry_after_s == 0.0


def test_a_ping_that_nobody_waits_for_is_told_to_the_supervisor_alone() -> None:
    world = World()

    world.server.tell(Ping())
    world.runtime.run()

    assert [event.reply for event in ended(world)] == [None]


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_whoever_waits_for_an_answer_gets_one_when_the_actor_ends(end: str) -> None:
    world = World(connect=False)
    world.wire.script("initialize", None)
    replies: list[Future[bool]] = [Future() for _ in range(5)]
    connecting = world.connect()
    world.server.tell("nonsense") if end == "crash" else world.server.stop(block=False)
    world.server.tell(Connect(reply=replies[0]))
    world.server.tell(Disconnect(reply=replies[1]))
    world.server.tell(Drain(deadline=0.0, reply=replies[2]))
    world.server.tell(Ping(reply=replies[3]))
    world.server.tell(Connect())

    world.runtime.run()

    assert connecting.result(timeout=0) is False
    assert [reply.result(timeout=0) for reply in replies[:4]] == [False] * 4


def test_whoever_waits_for_a_ping_under_way_gets_an_answer_when_the_actor_ends() -> None:
    world = World()
    world.wire.script("ping", None)
    reply = ping(world)

    world.stop()

    assert reply.result(timeout=0) is False


def test_a_crash_is_told_to_the_supervisor_with_what_is_left() -> None:
    world = World()
    world.wire.releases = False

    world.crash()

    assert world.wire.connections[0].ended == "aborted"
    crashed = next(event for event in world.supervisor.heard if isinstance(event, ServerCrashed))
    assert (crashed.server, crashed.generation, crashed.connection_left) == ("weather", 0, True)
    assert "its actor crashed" in crashed.error
    world.wire.connections[0].release()
    assert world.supervisor.heard[-1] == ConnectionReleased(server=world.config.name, generation=0)


def test_a_crash_without_a_connection_leaves_nothing() -> None:
    world = World(connect=False)

    world.crash()

    assert [event.connection_left for event in world.supervisor.heard if isinstance(event, ServerCrashed)] == [False]


def test_a_stop_in_good_order_is_no_crash() -> None:
    world = World()

    world.stop()

    assert not [event for event in world.supervisor.heard if isinstance(event, ServerCrashed)]
    assert world.wire.connections[0].ended == "aborted"


def test_events_of_another_generation_are_dropped() -> None:
    world = World()

    world.server.tell(Heard(generation=7, connection=1, event=ConnectionLost(error=RESET)))
    world.runtime.run()

    assert world.status.ready


def test_a_successor_goes_on_counting_and_takes_the_breaker_over() -> None:
    world = World()
    world.begin("a")
    world.end("a", {})
    world.crash()

    breaker = BreakerSnapshot(state=State.OPEN, trips=2, open_for_s=9.0)
    world.server = world.start(generation=1, breaker=breaker)

    assert (world.status.generation, world.status.statistics.succeeded) == (1, 1)
    taken_over = world.status.breaker
    assert (taken_over.state, taken_over.trips, taken_over.open_for_s) == (State.OPEN, 2, 9.0)


def test_a_status_is_published_when_there_is_nothing_else_to_do_and_at_the_latest_after_a_hundred_messages() -> None:
    world = World()
    before = len(world.statuses)

    for _ in range(250):
        world.server.tell(Tick())
    world.runtime.run()

    assert len(world.statuses) == before + 3


def test_a_tick_may_come_early_or_twice() -> None:
    world = World()
    future = world.submit("a", timeout_s=5.0)
    world.runtime.run()

    for _ in range(3):
        world.server.tell(Tick())
    world.runtime.run()

    assert (world.server.is_alive(), future.done()) == (True, False)


def test_a_forced_breaker_can_be_freed() -> None:
    world = World()
    for state in (State.OPEN, None):
        world.server.tell(ForceBreaker(state=state, reason="maintenance", until=math.inf))
    world.runtime.run()

    assert world.begin("a")[1].write()


def test_forced_open_the_calls_that_wait_end_at_once() -> None:
    world = World(max_concurrent=1)
    under_way, _ = world.begin("a")
    waiting = world.submit("b")

    world.server.tell(ForceBreaker(state=State.OPEN, reason="maintenance", until=math.inf))
    world.runtime.run()

    assert type(waiting.exception(timeout=0)).__name__ == "CircuitBreakerOpenError"
    assert not under_way.done()


def test_that_a_call_has_begun_is_told_with_its_end_or_in_a_moment() -> None:
    world = World()

    world.begin("slow")
    assert world.status.in_flight == 0
    world.advance(PUBLISH_WITHIN_S)
    assert world.status.in_flight == 1

    world.end("slow", {})
    assert (world.status.in_flight, world.status.statistics.succeeded) == (0, 1)
