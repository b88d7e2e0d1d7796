"""Servers that throttle, or want other credentials: left alone as long as it takes, once for all calls under way."""

from concurrent.futures import Future

import pytest

from actors.errors import OutcomeUnknownError, ServerUnavailableError
from actors.messages import Connect, Ping, PingEnded
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

HTTP = "http://127.0.0.1:1/mcp"
THROTTLED = ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=7.0)
AUTH = ServerUnavailableError("HTTP 401", state="auth_required")


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
