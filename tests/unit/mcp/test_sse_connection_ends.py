"""How a session over HTTP+SSE ends: by itself, by `close`, by `abort`. All is reported once, Released comes last."""

import socket
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from actors.call import SendTicket
from actors.errors import MCPConnectionError, NotExecutedError, OutcomeUnknownError
from actors.transport import ConnectionLost, Released, Request
from tests.fixtures.asking import LIMIT_S, Asked
from tests.fixtures.sse_server import ENDPOINT, SseAsker, SseServer, asking, event, until

INITIALIZED = Request(id=1, method="notifications/initialized")


def in_good_order(server: SseServer) -> None:
    server.end()


def without_the_last_chunk(server: SseServer) -> None:
    server.stream.sock.shutdown(socket.SHUT_RDWR)


def by_reset(server: SseServer) -> None:
    server.stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.send(b"data: half an ev")
    server.stream.sock.shutdown(socket.SHUT_RD)  # Its thread closes it, and that is the reset.


HungNames = Callable[[], tuple[Event, Event]]


@pytest.fixture
def hung_names(monkeypatch: pytest.MonkeyPatch) -> HungNames:
    """Let the next look-up of a name hang; the events say that it began, and let it go on."""

    def arm() -> tuple[Event, Event]:
        began, go_on, look_up = Event(), Event(), socket.getaddrinfo

        def hang_once(*args: Any, **how: Any) -> Any:
            if not began.is_set():
                began.set()
                go_on.wait(LIMIT_S)
            return look_up(*args, **how)

        monkeypatch.setattr(socket, "getaddrinfo", hang_once)
        return began, go_on

    return arm


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("end", [in_good_order, without_the_last_chunk])
def test_the_end_of_the_stream_is_told_and_ends_what_is_under_way(
    end: Callable[[SseServer], None], *, chunked: bool
) -> None:
    with SseServer(chunked=chunked) as server, asking(server.url) as asker:
        answered = asker.ask()
        server.taken()
        server.answer(1, {"in": "time"})
        sent = [asker.ask() for _ in range(3)]
        for _ in sent:
            server.taken()
        assert answered.outcome() == {"in": "time"}

        end(server)

        lost = asker.events.get(timeout=LIMIT_S)
        assert isinstance(lost, ConnectionLost)
        assert isinstance(lost.error, MCPConnectionError)
        assert "stream" in lost.error.message
        assert {type(one.outcome()) for one in sent} == {OutcomeUnknownError}
        later = asker.ask().reports.get_nowait()
        assert isinstance(later, MCPConnectionError)
        assert later.message == lost.error.message
        assert later is not asker.ask().reports.get_nowait()  # Each may be given a name of its own.
        assert server.posts.empty()
        asker.connection.close()
        asker.wait_until_released()
        asker.connection.close()
        asker.connection.abort()
        assert asker.events.empty()


def test_a_stream_that_is_reset_in_the_middle_of_an_event_ends_what_is_under_way() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        server.taken()

        by_reset(server)

        assert isinstance(asker.events.get(timeout=LIMIT_S), ConnectionLost)
        assert isinstance(asked.outcome(), OutcomeUnknownError)


def test_what_was_not_sent_when_the_stream_ended_is_not_executed_and_stays_unsent(hung_names: HungNames) -> None:
    with SseServer() as server, asking(server.url) as asker:
        asker.send(INITIALIZED)
        server.posted()  # Not accepted: the next POST needs a connection of its own.
        began, go_on = hung_names()
        asked = asker.ask()
        assert began.wait(LIMIT_S)

        server.end()

        assert isinstance(asked.outcome(), MCPConnectionError)
        go_on.set()
        until(lambda: server.hung_up == 2, "it has connected, and hung up")
        asker.connection.close()
        asker.wait_until_released()
        assert server.posts.empty()


def test_what_waits_for_the_endpoint_when_the_stream_ends_is_not_executed() -> None:
    with SseServer(endpoint=None) as server, asking(server.url) as asker:
        asked = [asker.ask() for _ in range(3)]
        server.gets.get(timeout=LIMIT_S)

        server.end()

        assert isinstance(asker.events.get(timeout=LIMIT_S), ConnectionLost)
        assert {type(one.outcome()) for one in asked} == {MCPConnectionError}


def test_close_lets_what_is_under_way_end_then_closes_the_stream() -> None:
    with SseServer() as server, asking(server.url) as asker:
        first, second = asker.ask(), asker.ask()
        ids = {server.taken().message["id"], server.posted().message["id"]}

        asker.connection.close()
        refused = asker.ask().reports.get_nowait()
        server.answer(1, {"of": 1})
        server.say({"method": "still/heard"})
        server.answer(2, {"of": 2})

        assert ids == {1, 2}
        assert isinstance(refused, MCPConnectionError)
        assert "closed" in refused.message
        assert (first.outcome(), second.outcome()) == ({"of": 1}, {"of": 2})
        assert asker.received().method == "still/heard"
        asker.wait_until_released()
        until(lambda: server.hung_up == server.raw.connections)


def test_close_while_the_stream_opens_lets_the_exchange_go_out() -> None:
    with SseServer(endpoint=None) as server, asking(server.url) as asker:
        asked = asker.ask()
        server.gets.get(timeout=LIMIT_S)

        asker.connection.close()
        server.send(event(ENDPOINT, "endpoint"))
        server.taken()
        server.answer(1)

        assert asked.outcome() == {}
        asker.wait_until_released()


def test_a_stream_that_ends_after_close_is_not_lost_and_ends_what_is_left() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        server.taken()
        asker.connection.close()

        server.end()

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        assert isinstance(asker.events.get(timeout=LIMIT_S), Released)


def by_handle(_: SseAsker, asked: Asked) -> None:
    asked.handle.abort()
    asked.handle.abort()


def by_connection(asker: SseAsker, _: Asked) -> None:
    asker.connection.abort()
    asker.connection.abort()


BOTH = pytest.mark.parametrize("abort", [by_handle, by_connection])
Abort = Callable[[SseAsker, Asked], None]


@BOTH
@pytest.mark.parametrize("accepted", [True, False])
def test_an_abort_of_what_was_sent_ends_it_as_unknown(abort: Abort, *, accepted: bool) -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        posted = server.posted()
        if accepted:
            posted.accept()

        abort(asker, asked)

        assert isinstance(asked.reports.get_nowait(), OutcomeUnknownError)
        asker.connection.abort()
        assert isinstance(asker.events.get(timeout=LIMIT_S), Released)
        assert asker.events.empty()
        assert asked.reports.empty()


@BOTH
@pytest.mark.parametrize("misbehave", ["no head", "half a head", "no endpoint"])
def test_an_abort_while_the_stream_opens_ends_it_as_not_executed(abort: Abort, misbehave: str) -> None:
    with SseServer(endpoint=None, misbehave=misbehave) as server, asking(server.url) as asker:
        asked = asker.ask()
        server.gets.get(timeout=LIMIT_S)

        abort(asker, asked)

        error = asked.reports.get_nowait()
        assert isinstance(error, NotExecutedError)
        asker.connection.abort()
        asker.wait_until_released()
        assert server.posts.empty()


def test_an_aborted_exchange_takes_no_other_with_it() -> None:
    with SseServer() as server, asking(server.url) as asker:
        first, second = asker.ask(), asker.ask()
        posted = [server.posted(), server.posted()]

        first.handle.abort()
        for one in posted:
            if one.message["id"] == 2:
                one.accept()
        server.answer(2, {"well": True})

        assert second.outcome() == {"well": True}


def test_an_exchange_whose_call_was_ended_before_its_first_byte_stays_unsent() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asker.send(INITIALIZED)
        server.taken()
        ticket = SendTicket()
        ticket.withdraw()

        assert isinstance(asker.ask(ticket=ticket).outcome(), NotExecutedError)
        assert server.posts.empty()


@BOTH
def test_an_abort_at_the_very_first_byte_says_what_then_happens(abort: Abort) -> None:
    with SseServer() as server, asking(server.url) as asker:
        asker.send(INITIALIZED)
        server.taken()
        ticket = SendTicket()
        asked = asker.ask(ticket=ticket)

        abort(asker, asked)

        outcome = asked.outcome()
        asker.connection.abort()
        asker.wait_until_released()
        was_sent = isinstance(outcome, OutcomeUnknownError)
        assert was_sent or isinstance(outcome, NotExecutedError)
        assert was_sent or server.posts.empty()


def test_a_connection_is_released_though_the_name_for_its_stream_is_still_looked_up(
    hung_names: HungNames,
) -> None:
    began, go_on = hung_names()
    with asking("http://localhost:1/sse") as asker:
        asked = asker.ask()
        assert began.wait(LIMIT_S)

        asker.connection.abort()

        assert isinstance(asked.reports.get_nowait(), NotExecutedError)
        asker.wait_until_released()
        assert asker.connection.threads_written_off == 1
    go_on.set()


def test_an_exchange_is_reported_at_once_though_the_name_for_its_post_is_still_looked_up(
    hung_names: HungNames,
) -> None:
    with SseServer() as server, asking(server.url) as asker:
        asker.send(INITIALIZED)
        server.posted()  # Not accepted: the next POST needs a connection of its own.
        began, go_on = hung_names()
        asked = asker.ask()
        assert began.wait(LIMIT_S)

        asked.handle.abort()

        assert isinstance(asked.reports.get_nowait(), NotExecutedError)
        assert asker.connection.threads_written_off == 1
        second = asker.ask()
        server.answer(server.taken().message["id"])
        assert second.outcome() == {}
        go_on.set()
