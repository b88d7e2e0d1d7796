"""Cancel, and progress: what a caller says and hears while his call is under way."""

import pytest

from actors.errors import CallCancelledError, MCPConnectionError
from actors.messages import CancelCall
from actors.transport import Request
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World


class Told:
    """What a caller who asked for progress was told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float | None, str | None]] = []

    def __call__(self, done: float, total: float | None, message: str | None) -> None:
        self.told.append((done, total, message))


def cancelled(world: World) -> list[object]:
    """Return the ids of the requests that the server was told nobody waits for."""
    messages = [message for message in world.wire.sent if isinstance(message, Request)]
    return [(m.params or {})["requestId"] for m in messages if m.method == "notifications/cancelled"]


def test_a_call_cancelled_while_it_waits_is_never_begun() -> None:
    world = World(max_concurrent=1)
    world.begin("a")
    waiting = world.submit("b")

    waiting.cancel()
    world.end("a", {})

    assert failure(waiting, CallCancelledError).executed == "no"
    assert len(world.wire.exchanges) == 1
    assert cancelled(world) == []


def test_a_call_cancelled_before_its_first_byte_is_not_sent_and_the_server_hears_nothing() -> None:
    world = World()
    future, exchange = world.begin("a")

    future.cancel()
    world.runtime.run()

    assert failure(future, CallCancelledError).executed == "no"
    assert (exchange.aborted, exchange.write()) == (True, False)
    assert cancelled(world) == []


def test_a_call_cancelled_under_way_is_unknown_and_the_server_is_told() -> None:
    world = World()
    future, exchange = world.begin("a")
    exchange.write()

    future.cancel()
    world.runtime.run()

    error = failure(future, CallCancelledError)
    assert (error.executed, "cancelled; it was under way" in str(error)) == ("unknown", True)
    assert exchange.aborted
    assert cancelled(world) == [exchange.message.id]


def test_a_server_is_not_told_of_a_request_that_went_out_on_an_earlier_connection() -> None:
    world = World(url="http://127.0.0.1:1/mcp")
    future, exchange = world.begin("a")
    exchange.write()
    world.connect(anew=True)

    future.cancel()
    world.runtime.run()

    assert failure(future, CallCancelledError)
    assert cancelled(world) == []


def test_a_call_cancelled_between_two_attempts_is_not_tried_again() -> None:
    world = World()
    future, exchange = world.begin("a")
    exchange.end(MCPConnectionError("refused"))
    world.runtime.run()

    future.cancel()
    world.advance(1.0)

    assert failure(future, CallCancelledError).executed == "no"
    assert len(world.wire.exchanges) == 1


def test_a_cancel_overtakes_no_call_and_one_for_a_call_that_is_over_is_ignored() -> None:
    world = World()
    future = world.submit("a")
    future.cancel()
    world.runtime.run()

    world.server.tell(CancelCall(server=world.config.name, request_id=future.request_id))
    world.runtime.run()

    assert failure(future, CallCancelledError).executed == "no"
    assert world.server.is_alive()


def test_what_we_broke_off_ourselves_does_not_open_the_breaker() -> None:
    world = World(breaker={"failure_threshold": 1})
    future, exchange = world.begin("a")
    exchange.write()
    future.cancel()
    world.runtime.run()

    exchange.lose()  # Our abort looks like a reset.
    world.runtime.run()

    _, exchange = world.begin("b")
    assert exchange.write()


def progress(world: World, exchange_id: object, done: object) -> None:
    world.wire.connections[0].notify("notifications/progress", {"progressToken": exchange_id, "progress": done})
    world.runtime.run()


def test_progress_reaches_the_caller_who_asked_for_it() -> None:
    world, told = World(), Told()
    _, exchange = world.begin("a", on_progress=told)
    assert isinstance(exchange.message, Request)
    assert exchange.message.params == {"_meta": {"progressToken": exchange.message.id}}

    progress(world, exchange.message.id, 0.5)

    assert told.told == [(0.5, None, None)]


@pytest.mark.parametrize("token", [None, "1", 99, [1], True, 1.0])
def test_progress_of_nothing_we_asked_for_is_dropped(token: object) -> None:
    world, told = World(), Told()
    world.begin("a", on_progress=told)

    progress(world, token, 0.5)

    assert told.told == []
    assert world.server.is_alive()


def test_progress_of_a_call_that_is_over_is_dropped() -> None:
    world, told = World(), Told()
    future, exchange = world.begin("a", on_progress=told)
    exchange.write()
    future.cancel()
    world.runtime.run()

    progress(world, exchange.message.id, 0.5)

    assert told.told == []
