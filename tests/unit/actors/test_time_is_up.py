"""What nobody waits for any more on the control slot: broken off in time, told to the server, waited for by nobody."""

from concurrent.futures import Future

from actors.errors import ServerUnavailableError
from actors.messages import Disconnect
from actors.transport import Request
from tests.fixtures.scripted import World


def disconnect(world: World) -> "Future[bool]":
    reply: Future[bool] = Future()
    world.server.tell(Disconnect(reply=reply))
    world.runtime.run()
    return reply


def test_a_disconnect_does_not_wait_for_a_connection_that_was_made_after_it() -> None:
    world = World(url="http://127.0.0.1:9/mcp")
    world.wire.releases = False
    reply = disconnect(world)
    world.connect()
    assert (world.status.ready, reply.done()) == (True, False)

    world.wire.connections[0].release()
    world.runtime.run()

    assert reply.result(timeout=0) is True
    assert world.status.ready


def test_what_an_ended_connection_was_asked_is_broken_off_when_its_time_is_up() -> None:
    world = World(url="http://127.0.0.1:9/mcp", handshake_timeout_s=3.0)
    world.wire.script("tools/list", None)
    world.wire.connections[0].notify("notifications/tools/list_changed")
    world.runtime.run()
    world.advance(0.2)

    disconnect(world)
    assert (world.wire.connections[0].ended, world.exchange("tools/list").aborted) == ("closed", False)
    world.advance(3.0)

    assert world.exchange("tools/list").aborted


def test_a_server_is_told_that_nobody_waits_for_its_list_any_more() -> None:
    world = World(handshake_timeout_s=3.0)
    world.wire.script("tools/list", None)
    world.wire.connections[0].notify("notifications/tools/list_changed")
    world.runtime.run()
    world.advance(0.2)
    world.exchange("tools/list").write()

    world.advance(3.0)

    cancel = world.wire.sent[-1]
    assert isinstance(cancel, Request)
    assert cancel.method == "notifications/cancelled"
    assert (cancel.params or {})["requestId"] == world.exchange("tools/list").message.id


def test_initialize_is_never_cancelled() -> None:
    world = World(connect=False, handshake_timeout_s=3.0)
    world.wire.script("initialize", None)
    world.connect()
    world.exchange("initialize").write()

    world.advance(3.0)

    assert "notifications/cancelled" not in world.wire.said


def test_a_change_of_a_throttled_server_is_not_due_before_the_server_is_back() -> None:
    world = World(url="http://127.0.0.1:9/mcp", tools={"a": {}})
    world.begin_tool("a")
    world.wire.connections[0].notify("notifications/tools/list_changed")
    world.runtime.run()
    world.end("a", ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=60.0))
    assert world.actor is not None

    world.advance(1.0)

    assert world.actor.next_due() == 1060.0  # A timer that is due at once rings again and again.
    world.advance(59.0)
    world.advance(0.0)
    assert (world.status.state, world.wire.said.count("tools/list")) == ("ready", 2)
