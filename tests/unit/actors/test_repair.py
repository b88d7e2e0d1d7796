"""Sessions lost, servers that throttle or refuse: mended once for all calls under way."""

from concurrent.futures import Future

import pytest

from actors.errors import (
    MCPConnectionError,
    OutcomeUnknownError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.messages import Connect, Ping, PingEnded
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


def throttled() -> World:
    world = World(url=HTTP)
    world.begin("a", timeout_s=1.0)
    world.end("a", THROTTLED)
    return world


def test_a_throttled_server_is_left_alone_until_the_time_given_and_keeps_its_session() -> None:
    world = throttled()
    future = world.submit("b")
    world.runtime.run()
    assert (world.status.state, world.status.retry_after_s) == ("throttled", 7.0)
    error = failure(future, ServerUnavailableError)
    assert (error.state, error.executed, error.retry_after_s) == ("throttled", "no", 7.0)

    world.advance(7.0)

    assert (world.status.ready, world.status.connection, len(world.wire.connections)) == (True, 1, 1)
    assert world.begin("c")[1].write()


def test_calls_that_wait_for_a_throttled_server_end_at_once() -> None:
    world = World(url=HTTP, max_concurrent=1)
    world.begin("a")
    waiting = world.submit("b")

    world.end("a", THROTTLED)

    assert failure(waiting, ServerUnavailableError).state == "throttled"


def test_a_throttled_server_that_names_no_time_gets_a_second() -> None:
    world = World(url=HTTP)
    world.begin("a")
    world.end("a", ServerUnavailableError("HTTP 429", state="throttled"))
    assert world.status.retry_after_s == 1.0

    world.advance(1.0)

    assert world.exchange("a").write()


def test_a_second_throttle_of_another_call_changes_nothing() -> None:
    world = World(url=HTTP)
    for label in ("a", "b"):
        world.begin(label)
    for label in ("a", "b"):
        world.end(label, THROTTLED)

    world.advance(7.1)

    assert world.exchange("a").write()
    assert world.exchange("b").write()


@pytest.mark.parametrize("how", ["asked", "died"])
def test_a_throttled_connection_can_be_replaced(how: str) -> None:
    world = throttled()

    if how == "asked":
        world.server.tell(Connect())
    else:
        world.wire.connections[0].die()
    world.runtime.run()
    world.advance(0.5)

    assert (world.status.ready, len(world.wire.connections)) == (True, 2)


def test_a_server_that_throttles_the_handshake_is_tried_again_when_it_said() -> None:
    world = World(connect=False, url=HTTP)
    world.wire.script("initialize", THROTTLED)
    reply = world.connect()
    assert (reply.result(timeout=0), world.status.state) == (False, "throttled")

    world.advance(7.0)

    assert world.status.ready


def test_a_server_that_wants_other_credentials_ends_all_that_waits_and_is_left_alone() -> None:
    world = World(url=HTTP, max_concurrent=2)
    world.begin("a")
    _, other = world.begin("b")
    waiting = world.submit("c")

    world.end("a", AUTH)
    world.advance(100.0)

    assert failure(waiting, ServerUnavailableError).state == "auth_required"
    assert (world.status.state, len(world.wire.connections), other.aborted) == ("auth_required", 1, True)
    assert not world.status.fresh


def test_what_is_forbidden_is_one_call_and_no_news_of_the_server() -> None:
    world = World(url=HTTP)
    forbidden = ServerUnavailableError("HTTP 403", state="auth_required")
    forbidden.status = 403
    first, _ = world.begin("a")

    world.end("a", forbidden)

    assert failure(first, ServerUnavailableError).executed == "no"
    assert (world.status.state, world.status.connection) == ("ready", 1)
    second, exchange = world.begin("b")
    exchange.write()
    exchange.answer()
    world.runtime.run()
    assert second.result(0) == {"echo": "b"}


def test_a_server_that_wants_other_credentials_is_one_event_though_errands_wait_for_it() -> None:
    world = World(url=HTTP)
    world.wire.script("ping", None)
    reply: Future[bool] = Future()
    world.server.tell(Ping(reply=reply))
    world.begin("a")

    world.end("a", AUTH)

    assert (world.server.is_alive(), world.status.state) == (True, "auth_required")
    assert [event.alive for event in world.supervisor.heard if isinstance(event, PingEnded)] == [True]


def test_a_list_refused_for_want_of_credentials_takes_the_link_along() -> None:
    world = World(connect=False, url=HTTP)
    world.wire.script("tools/list", AUTH)

    assert world.connect().result(timeout=0) is False

    assert world.status.state == "auth_required"


def test_a_half_open_breaker_does_not_probe_where_no_connect_helps() -> None:
    world = World(url=HTTP, breaker={"failure_threshold": 1})
    world.begin("a")
    world.begin("b")
    world.end("a", OutcomeUnknownError("HTTP 502"))
    world.end("b", AUTH)

    world.advance(5.0)

    assert (world.status.state, "ping" in world.wire.said) == ("auth_required", False)
