"""Sessions lost, children that die: mended once for all calls under way."""

from actors.errors import (
    MCPConnectionError,
    OutcomeUnknownError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.messages import Ping, PingEnded
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

HTTP = "http://127.0.0.1:1/mcp"
LOST = SessionLostError("HTTP 404: the session is gone")
THROTTLED = ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=7.0)
AUTH = ServerUnavailableError("HTTP 401", state="auth_required")


def test_a_dozen_calls_lose_their_session_and_one_repair_serves_them_all() -> None:
    world = World(url=HTTP, max_concurrent=12)
    world.wire.releases = False
    futures = [world.submit(f"call {number}") for number in range(12)]
    world.runtime.run()
    for exchange in world.wire.exchanges:
        exchange.write()
        exchange.end(LOST)

    world.runtime.run()
    world.advance(1.0)
    for exchange in world.wire.exchanges[12:]:
        exchange.write()
        exchange.answer()
    world.runtime.run()

    assert [future.result(timeout=0)["echo"] for future in futures] == [f"call {number}" for number in range(12)]
    assert len(world.wire.connections) == 2
    assert (world.status.breaker.failures, world.status.statistics.retries) == (0, 12)


def test_a_call_that_hears_late_of_the_lost_session_goes_out_anew_on_the_connection_there_is() -> None:
    world = World(url=HTTP)
    world.wire.releases = False
    _, late = world.begin("late")
    late.write()
    world.begin("a")
    world.end("a", LOST)
    world.advance(1.0)
    assert (world.status.ready, world.status.connection) == (True, 2)

    late.end(LOST)
    world.runtime.run()
    world.advance(1.0)

    assert world.exchange("late") is not late
    assert len(world.wire.connections) == 2


def test_who_is_still_answered_on_a_connection_whose_session_is_lost_gets_the_answer() -> None:
    world = World(url=HTTP)
    world.wire.releases = False
    future, slow = world.begin("slow")
    slow.write()
    world.begin("a")
    world.end("a", LOST)
    world.advance(1.0)
    assert (world.status.connection, world.wire.connections[0].ended, slow.aborted) == (2, "closed", False)

    slow.answer()
    world.runtime.run()

    assert future.result(timeout=0) == {"echo": "slow"}


def test_calls_wait_for_the_repair_within_their_deadlines() -> None:
    world = World(url=HTTP)
    world.wire.script("initialize", None)
    world.begin("a")
    world.end("a", LOST)
    future = world.submit("b")
    world.advance(1.0)
    assert not future.done()

    world.end("initialize", world.wire.usual_answer("initialize") or {})

    assert world.exchange("a").write()
    assert world.exchange("b").write()


def test_a_session_lost_again_and_again_is_not_hammered() -> None:
    world = World(url=HTTP)
    for connections, pause_s in ((1, 0.5), (2, 1.0), (3, 2.0)):
        world.begin("a")
        world.end("a", LOST)
        assert len(world.wire.connections) == connections
        world.advance(pause_s)
        assert len(world.wire.connections) == connections + 1


def test_a_ping_that_finds_the_session_lost_starts_the_repair_and_is_no_miss() -> None:
    world = World(url=HTTP)
    world.wire.script("ping", LOST)

    world.server.tell(Ping())
    world.runtime.run()

    assert world.status.state == "reconnecting"
    assert [event.alive for event in world.supervisor.heard if isinstance(event, PingEnded)] == [True]


def test_a_list_that_finds_the_session_lost_starts_the_repair() -> None:
    world = World(connect=False, url=HTTP)
    world.wire.script("tools/list", LOST)

    reply = world.connect()
    assert (world.status.state, reply.done()) == ("reconnecting", False)
    world.advance(0.5)

    assert (reply.result(timeout=0), world.status.connection) == (True, 2)


def test_a_child_that_dies_takes_its_calls_along_and_is_replaced_when_it_is_gone() -> None:
    world = World()
    world.wire.releases = False
    sent, exchange = world.begin("a")
    exchange.write()
    waiting, unsent = world.begin("b")

    world.wire.connections[0].die()
    exchange.lose()
    unsent.end(MCPConnectionError("the child has exited"))
    world.runtime.run()
    world.advance(1.0)
    assert (len(world.wire.connections), waiting.done()) == (1, False)
    world.wire.connections[0].release()
    world.runtime.run()

    assert failure(sent, OutcomeUnknownError).executed == "unknown"
    assert world.exchange("b") is not unsent
    assert world.status.connection == 2


def test_a_loss_told_while_it_connects_is_the_handshakes_to_tell() -> None:
    world = World(connect=False)
    world.wire.script("initialize", None)
    world.connect()

    world.wire.connections[0].die()
    world.runtime.run()
    assert world.status.state == "connecting"
    world.end("initialize", MCPConnectionError("the child has exited"))

    assert world.status.state == "reconnecting"


def test_news_of_an_older_connection_change_nothing() -> None:
    world = World()
    world.connect(anew=True)
    older, current = world.wire.connections

    older.die()
    older.notify("ping", request_id=5)
    older.notify("notifications/tools/list_changed")
    world.runtime.run()
    world.advance(1.0)

    assert (world.status.ready, current.ended, world.wire.said.count("reply")) == (True, "", 0)
    assert world.wire.said.count("tools/list") == 2
