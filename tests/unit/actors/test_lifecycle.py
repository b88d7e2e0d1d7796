"""The life of one connection: connects, back-off, losses, what a call meets meanwhile."""

from concurrent.futures import Future
from typing import Any

from actors.breaker import BreakerSnapshot, State
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.messages import Connect, Disconnect, PredecessorGone, Tick
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


def disconnect(world: World) -> "Future[bool]":
    reply: Future[bool] = Future()
    world.server.tell(Disconnect(reply=reply))
    world.runtime.run()
    return reply


def test_connected_means_the_handshake_is_done_and_the_tools_are_listed() -> None:
    world = World(connect=False, tools={"forecast": {}})
    world.wire.script("tools/list", None)

    reply = world.connect()
    assert (world.status.ready, reply.done(), world.status.fresh) == (True, False, False)
    world.end("tools/list", {"tools": [{"name": "forecast"}]})

    assert reply.result(timeout=0) is True
    assert world.wire.said == ["initialize", "notifications/initialized", "tools/list"]
    status = world.status
    assert (status.protocol, status.server_info, status.connection) == ("2025-11-25", "scripted 1", 1)
    assert (list(status.catalogue.tools), status.fresh) == (["forecast"], True)


def test_connected_already_the_answer_is_yes_at_once() -> None:
    world = World()

    assert world.connect().result(timeout=0) is True
    assert len(world.wire.connections) == 1


def test_a_second_connect_waits_for_the_first() -> None:
    world = World(connect=False)
    world.wire.script("initialize", None)

    replies = [world.connect(), world.connect()]
    world.end("initialize", world.wire.usual_answer("initialize") or {})

    assert [reply.result(timeout=0) for reply in replies] == [True, True]
    assert len(world.wire.connections) == 1


def test_anew_a_connection_that_is_well_is_replaced() -> None:
    world = World()

    assert world.connect(anew=True).result(timeout=0) is True

    assert (len(world.wire.connections), world.status.connection) == (2, 2)
    assert world.wire.connections[0].ended == "aborted"


def test_a_call_for_a_server_never_connected_or_disconnected_ends_at_once() -> None:
    world = World(connect=False)
    never = world.submit("a")
    world.runtime.run()
    world.connect()
    disconnect(world)
    ended = world.submit("b")
    world.runtime.run()

    assert "never connected" in str(failure(never, MCPConnectionError))
    assert "disconnected by the caller" in str(failure(ended, MCPConnectionError))
    assert world.status.breaker.failures == 0


def test_connects_back_off_and_who_asked_hears_no_after_the_first_four() -> None:
    world = World(connect=False, breaker={"failure_threshold": 99})
    world.wire.script("initialize", *[REFUSED] * 9)
    reply = world.connect()
    made = [len(world.wire.connections)]
    for pause_s in (0.5, 1.0, 2.0, 4.0):
        assert reply.done() is (made[-1] >= 4)
        world.advance(pause_s - 0.01)
        made.append(len(world.wire.connections))
        world.advance(0.02)
        made.append(len(world.wire.connections))

    assert made == [1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert reply.result(timeout=0) is False
    assert (world.status.state, world.status.failed_connects) == ("reconnecting", 5)


def test_a_connect_that_never_served_does_not_reset_the_back_off() -> None:
    world = failing(2)
    world.advance(0.5)
    world.advance(1.0)
    assert world.status.ready

    world.wire.connections[-1].die()
    world.runtime.run()

    assert world.status.retry_after_s == 2.0


def test_a_connection_that_served_is_replaced_at_once() -> None:
    world = World()
    world.begin("a")
    world.end("a", {})

    world.wire.connections[0].die()
    world.runtime.run()
    world.advance(0.0)

    assert (world.status.ready, world.status.connection) == (True, 2)


def test_an_answer_that_came_late_from_a_lost_connection_proves_nothing_about_the_next() -> None:
    world = World()
    _, exchange = world.begin("a")
    exchange.write()
    world.connect(anew=True)
    exchange.answer()
    world.runtime.run()

    world.wire.connections[1].die()
    world.runtime.run()

    assert world.status.retry_after_s == 1.0


def test_a_new_connection_begins_only_when_nothing_is_left_of_the_old() -> None:
    world = World()
    world.wire.releases = False
    reply = world.connect(anew=True)
    world.advance(9.0)
    assert (len(world.wire.connections), reply.done(), world.status.state) == (1, False, "connecting")

    world.wire.connections[0].release()
    world.runtime.run()

    assert (len(world.wire.connections), reply.result(timeout=0)) == (2, True)


def test_who_is_held_connects_only_when_nothing_is_left_of_its_predecessor() -> None:
    world = World()
    world.crash()
    world.server = world.start(generation=1, held=True, wanted=True)
    reply: Future[bool] = Future()
    world.server.tell(Connect(reply=reply))
    future = world.submit("a")
    world.runtime.run()
    world.advance(5.0)
    assert len(world.wire.connections) == 1

    world.server.tell(PredecessorGone())
    world.runtime.run()

    assert (len(world.wire.connections), reply.result(timeout=0)) == (2, True)
    assert world.exchange("a").write()
    assert not future.done()


def test_who_is_held_connects_by_itself_once_it_may() -> None:
    world = World()
    world.crash()
    world.server = world.start(generation=1, held=True, wanted=True)

    world.server.tell(PredecessorGone())
    world.runtime.run()

    assert world.status.ready


def test_who_takes_an_open_breaker_over_waits_for_its_clock() -> None:
    world = World()
    world.crash()
    breaker = BreakerSnapshot(state=State.OPEN, trips=1, open_for_s=3.0)
    world.server = world.start(generation=1, held=True, wanted=True, breaker=breaker)
    world.server.tell(PredecessorGone())
    world.runtime.run()
    assert len(world.wire.connections) == 1

    world.advance(3.0)

    assert (world.status.ready, world.status.breaker.state) == (True, State.HALF_OPEN)


def test_a_disconnect_ends_all_calls_by_ticket_and_replies_when_nothing_is_left() -> None:
    world = World()
    world.wire.releases = False
    sent, exchange = world.begin("a")
    exchange.write()
    unsent, _ = world.begin("b")

    reply = disconnect(world)

    assert failure(sent, OutcomeUnknownError).executed == "unknown"
    assert failure(unsent, ServerUnavailableError).executed == "no"
    assert (world.status.state, reply.done(), world.wire.connections[0].ended) == ("disconnected", False, "closed")
    world.wire.connections[0].release()
    world.runtime.run()
    assert reply.result(timeout=0) is True


def test_a_disconnect_while_it_connects_ends_that() -> None:
    world = World(connect=False)
    world.wire.script("initialize", None)
    connecting = world.connect()
    waiting = world.submit("a")
    world.runtime.run()

    reply = disconnect(world)

    assert (connecting.result(timeout=0), reply.result(timeout=0)) == (False, True)
    assert isinstance(waiting.exception(timeout=0), MCPOrchestratorError)
    assert disconnect(world).result(timeout=0) is True


def test_a_handshake_has_its_time() -> None:
    world = World(connect=False, handshake_timeout_s=3.0)
    world.wire.script("initialize", None)
    world.connect()

    world.advance(3.0)
    exchange = world.exchange("initialize")
    assert exchange.aborted
    exchange.end(OutcomeUnknownError("broken off"))
    world.runtime.run()

    assert (world.status.state, "no answer within 3 s" in world.status.reason) == ("reconnecting", True)


def test_an_open_breaker_has_the_only_clock() -> None:
    world = failing(99, breaker={"failure_threshold": 2})
    world.advance(0.5)
    assert world.status.breaker.state is State.OPEN
    made = len(world.wire.connections)

    world.advance(4.9)
    world.server.tell(Tick())
    world.runtime.run()
    assert len(world.wire.connections) == made
    world.advance(0.2)

    assert len(world.wire.connections) == made + 1
    assert world.status.breaker.open_for_s == 10.0
