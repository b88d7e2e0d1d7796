"""A session over HTTP+SSE: what goes out by POST, what comes in on the stream, and whom it is for."""

import gc
import json
import weakref
from queue import Empty
from threading import Event

import pytest

from actors.call import SendTicket
from actors.transport import Received, Reply, Request
from tests.fixtures.asking import LIMIT_S
from tests.fixtures.sse_server import ENDPOINT, SseServer, asking, event, until


def test_a_message_is_posted_to_the_endpoint_and_answered_on_the_stream() -> None:
    with SseServer() as server, asking(server.url, headers={"Authorization": "Bearer x", "accept": "no"}) as asker:
        asked = asker.ask("tools/call", {"name": "echo"})
        get, posted = server.gets.get(timeout=LIMIT_S), server.taken()
        server.answer(1, {"text": "hello"})

        assert asked.outcome() == {"text": "hello"}
        assert (get.method, get.path, get.body) == ("GET", "/sse", b"")
        assert get.headers["accept"] == "text/event-stream"
        assert (posted.request.method, posted.request.path) == ("POST", ENDPOINT)
        assert posted.message == {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo"}}
        assert posted.request.headers["content-type"] == "application/json"
        for headers in (get.headers, posted.request.headers):
            assert headers["authorization"] == "Bearer x"
            assert not [name for name in headers if name.startswith("mcp-")]
        assert "content-type" not in get.headers


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("/message?sessionId=a%2Fb", "/message?sessionId=a%2Fb"),
        ("/messages/?session_id=1", "/messages/?session_id=1"),
        ("messages?x", "/messages?x"),
        ("?session=1", "/sse?session=1"),
        ("http://LOCALHOST:{port}/m", "/m"),
        ("//localhost:{port}/m", "/m"),
        ("/m#fragment", "/m"),
        ("/ö", "/%C3%B6"),
    ],
)
def test_the_endpoint_is_resolved_against_the_url(endpoint: str, path: str) -> None:
    with SseServer(endpoint=None) as server, asking(server.url) as asker:
        asker.ask()
        server.gets.get(timeout=LIMIT_S)
        server.send(event(endpoint.format(port=server.raw.port), "endpoint"))

        assert server.posted().request.path == path


def test_nothing_is_dialled_before_there_is_something_to_say() -> None:
    with SseServer() as server:
        with asking(server.url) as asker:
            asker.connection.close()
            asker.wait_until_released()

        assert server.raw.connections == 0


def test_what_is_started_before_the_endpoint_is_known_goes_out_once_it_is() -> None:
    with SseServer(endpoint=None) as server, asking(server.url) as asker:
        asked = [asker.ask() for _ in range(3)]
        server.gets.get(timeout=LIMIT_S)
        assert server.posts.empty()

        server.send(b"id: 1\nretry: 10\n\n" + event(ENDPOINT, "endpoint"))

        ids = [server.taken().message["id"] for _ in asked]
        assert sorted(ids) == [1, 2, 3]
        for number in ids:
            server.answer(number, {"of": number})
        assert [one.outcome() for one in asked] == [{"of": 1}, {"of": 2}, {"of": 3}]
        assert server.gets.empty()


def test_answers_find_their_requests_whatever_their_order() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = [asker.ask() for _ in range(20)]
        ids = [server.taken().message["id"] for _ in asked]

        for number in reversed(ids):
            server.answer(number, {"of": number})

        assert [one.outcome() for one in asked] == [{"of": number} for number in range(1, 21)]


def test_an_answer_with_no_id_of_ours_or_a_second_one_is_dropped_and_counted() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        server.taken()

        server.say(
            {"id": "1", "result": {}}, {"id": 1.0, "result": {}}, {"id": 7, "result": {}}, {"id": True, "result": {}}
        )
        server.say({"error": {"code": -32700, "message": "whose?"}})
        server.answer(1, {"first": True})
        server.answer(1, {"second": True})
        server.say({"method": "the/end"})

        assert asked.outcome() == {"first": True}
        assert asker.received() == Received(method="the/end", params={})
        assert asked.reports.empty()
        assert asker.connection.dropped_answers == 6


def test_a_late_answer_is_dropped() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        server.taken()
        asked.handle.abort()
        asked.outcome()

        server.answer(1)
        server.say({"method": "the/end"})

        asker.received()
        assert asker.connection.dropped_answers == 1
        assert asked.reports.empty()


class SlowTicket(SendTicket):
    """One that is claimed when the test lets it be."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = Event(), Event()

    def claim(self) -> bool:
        self.asked.set()
        self.go_on.wait(LIMIT_S)
        return super().claim()


def test_an_answer_to_what_was_never_sent_is_dropped() -> None:
    with SseServer() as server, asking(server.url) as asker:
        ticket = SlowTicket()
        asked = asker.ask(ticket=ticket)
        assert ticket.asked.wait(LIMIT_S)
        server.answer(1, {"guessed": True})
        until(lambda: asker.connection.dropped_answers == 1)

        ticket.go_on.set()
        server.taken()
        server.answer(1, {"guessed": False})

        assert asked.outcome() == {"guessed": False}


def test_a_batch_is_taken_apart() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = [asker.ask(), asker.ask()]
        server.taken()
        server.taken()

        server.say([{"id": 2, "result": {"of": 2}}, {"method": "ping", "id": "s-1"}, {"id": 1, "result": {"of": 1}}])

        assert [one.outcome() for one in asked] == [{"of": 1}, {"of": 2}]
        assert asker.received() == Received(method="ping", params={}, id="s-1")


def test_other_events_are_ignored_and_what_is_no_message_is_skipped_and_counted() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        server.taken()
        answer = json.dumps({"id": 1, "result": {}})

        server.send(event(answer, "other") + event("/elsewhere", "endpoint") + b": ping - 2026\n\nevent: ping\n\n")
        server.send(event("hello") + event("{") + event(b"\xff") + event("[]"))
        server.send(b"data: " + json.dumps({"id": 1, "result": {"unnamed": True}}).encode() + b"\n\n")

        assert asked.outcome() == {"unnamed": True}
        assert asker.connection.skipped_events == 3
        assert asker.connection.dropped_answers == 0


def test_what_the_server_says_and_asks_is_heard_in_order_and_its_requests_can_be_answered() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asker.ask()
        server.taken()
        server.say({"method": "notifications/progress", "params": {"progress": 1}}, {"method": "ping", "id": "s-1"})

        assert asker.received() == Received(method="notifications/progress", params={"progress": 1})
        assert asker.received() == Received(method="ping", params={}, id="s-1")
        replied = asker.send(Reply(id="s-1", result={}))
        assert server.taken().message == {"jsonrpc": "2.0", "id": "s-1", "result": {}}
        assert replied.outcome() == {}


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
def test_a_notification_is_done_when_the_server_took_it(status: str) -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.send(Request(id=1, method="notifications/initialized"))
        posted = server.posted()
        assert asked.reports.empty()

        posted.accept(status, b"" if status.startswith("204") else b"{not json")

        assert asked.outcome() == {}


def test_a_body_that_never_ends_holds_up_neither_a_notification_nor_the_end() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.send(Request(id=1, method="notifications/initialized"))
        server.posted().peer.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nAcc")

        assert asked.outcome() == {}
        until(lambda: server.hung_up == 1, "the socket is given up")
        asker.connection.close()
        asker.wait_until_released()


def test_the_answer_on_the_stream_counts_at_once_though_the_post_is_not_answered() -> None:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask()
        posted = server.posted()

        server.answer(1, {"early": True})

        assert asked.outcome() == {"early": True}
        posted.accept()
        second = asker.ask()
        server.taken()
        server.answer(2)
        assert second.outcome() == {}
        assert asked.reports.empty()


def test_posts_use_a_socket_again() -> None:
    with SseServer(eager=True) as server, asking(server.url) as asker:
        for number in range(20):
            assert asker.ask(params={"number": number}).outcome() == {"number": number}

        assert server.raw.connections <= 4  # The stream, and two or three by turns: a 202 comes after its answer here.


def test_posts_that_are_never_answered_cost_no_more_threads_than_calls_at_once() -> None:
    with SseServer() as server, asking(server.url, max_concurrent=2) as asker:
        for number in range(1, 11):
            asked = asker.ask()
            server.posted()
            server.answer(number)
            assert asked.outcome() == {}

        until(lambda: server.hung_up == 8, "all but two are given up")
        asker.connection.close()
        asker.wait_until_released()


def test_the_stream_may_be_silent_for_longer_than_anything_that_opened_it_could_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.mcp.http_round_trip.BACKSTOP_S", 0.1)
    with SseServer(chunked=False) as server, asking(server.url, connect_timeout_s=0.1) as asker:
        first = asker.ask("initialize", timeout_s=0.2)
        server.taken()
        server.answer(1)
        assert first.outcome() == {}
        second = asker.ask()
        server.taken()

        with pytest.raises(Empty):
            second.reports.get(timeout=0.5)
        server.answer(2, {"after": "a while"})

        assert second.outcome() == {"after": "a while"}


class Traceable(SendTicket):
    """One that has a __weakref__: only its exchange holds it."""


@pytest.mark.parametrize("end", ["answered", "broken off"])
def test_exchanges_that_have_ended_are_forgotten(end: str) -> None:
    with SseServer() as server, asking(server.url) as asker:
        tickets: list[weakref.ref[Traceable]] = []
        for number in range(1, 31):
            ticket = Traceable()
            tickets.append(weakref.ref(ticket))
            asked = asker.ask(ticket=ticket)
            server.taken()
            if end == "answered":
                server.answer(number)
            else:
                asked.handle.abort()
            asked.outcome()

        def left() -> int:
            gc.collect()
            return sum(ticket() is not None for ticket in tickets)

        until(lambda: left() <= 10, "of those that idle sockets keep, each may have one")
