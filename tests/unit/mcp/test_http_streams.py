"""Answers that come as a stream of events, and what becomes of the socket after them."""

import json
import select
import time
from queue import SimpleQueue

import pytest

from actors.call import Outcome, SendTicket
from actors.errors import OutcomeUnknownError
from actors.transport import Received, Request
from tests.fixtures.asking import LIMIT_S
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.fixtures.turns import TurnServer, answering
from tests.unit.mcp.conftest import ConnectHttp

INITIALIZED = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}


def events(*messages: str) -> bytes:
    return b"".join(f"event: message\r\ndata: {message}\r\n\r\n".encode() for message in messages)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


EVENT_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def test_notifications_and_requests_of_the_server_come_before_the_answer_in_the_stream(
    connect_http: ConnectHttp,
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(EVENT_STREAM, chunk(b"id: 1\r\nretry: 5\r\ndata:\r\n\r\n: hello\r\n\r\n"))
        peer.send(chunk(events('{"method":"notifications/progress","params":{"progress":1}}')))
        peer.send(chunk(events('{"method":"ping","id":"s-1"}') + b"event: other\ndata: not JSON\n\n"))
        server.release.wait(20)
        peer.send(chunk(events('{"id":1,"result":{"a":1}}')), chunk(b""))
        peer.wait_for_the_end()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asked = asker.ask()

        assert asker.received() == Received(method="notifications/progress", params={"progress": 1})
        assert asker.received() == Received(method="ping", params={}, id="s-1")
        assert asked.reports.empty()
        server.release.set()
        assert asked.outcome() == {"a": 1}


def stream_then(*, end: bool) -> "RawServer":
    def script(peer: Peer) -> None:
        while True:
            message = json.loads(peer.request().body)
            peer.send(EVENT_STREAM, chunk(events(json.dumps({"id": message["id"], "result": {"on": peer.number}}))))
            if end:
                peer.send(chunk(b""))
            else:
                peer.send(chunk(events('{"method":"late"}')))
                peer.wait_for_the_end()

    return RawServer(script)


def test_a_stream_that_ends_after_its_answer_leaves_the_socket_for_the_next_call(connect_http: ConnectHttp) -> None:
    with stream_then(end=True) as server:
        asker = connect_http(server.url)
        for _ in range(20):
            asker.ask().outcome()

        # Two by turns, if a call comes before the end of the last one's stream; a busy machine may miss an end or two.
        assert server.connections < 10


def test_a_stream_that_goes_on_after_its_answer_is_closed(connect_http: ConnectHttp) -> None:
    with stream_then(end=False) as server:
        asker = connect_http(server.url)
        first = asker.ask().outcome()
        assert asker.received() == Received(method="late", params={})
        second = asker.ask().outcome()

    assert (first, second) == ({"on": 0}, {"on": 1})


@pytest.mark.parametrize("comments", [False, True])
def test_a_stream_that_stays_open_after_its_answer_holds_nothing_up(
    *, comments: bool, connect_http: ConnectHttp
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(EVENT_STREAM, chunk(events('{"id":1,"result":{}}')))
        while comments and not select.select([peer.sock], [], [], 0.01)[0]:
            peer.send(chunk(b": still here\n\n"))
        peer.wait_for_the_end()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asked = asker.ask()
        assert asked.outcome() == {}

        asker.connection.close()

        asker.wait_until_released()
        assert asked.reports.empty()


def test_a_stream_that_ends_without_the_answer_is_an_unknown_outcome(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(EVENT_STREAM, chunk(events('{"method":"x"}')), chunk(b""))

    with RawServer(script) as server:
        assert isinstance(connect_http(server.url).ask().outcome(), OutcomeUnknownError)


def test_initialize_may_be_answered_in_a_stream_too(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if b"initialize" in request.body:
                head = EVENT_STREAM.replace(b"\r\n\r\n", b"\r\nMcp-Session-Id: abc-2\r\n\r\n")
                peer.send(head, chunk(events(json.dumps({"id": 1, "result": INITIALIZED}))), chunk(b""))
            else:
                session = request.headers.get("mcp-session-id")
                peer.answer(json.dumps({"id": 2, "result": {"session": session}}).encode())

    with RawServer(script) as server:
        asker = connect_http(server.url)

        assert asker.ask("initialize").outcome() == INITIALIZED
        assert asker.ask().outcome() == {"session": "abc-2"}


def test_the_session_is_taken_before_anybody_hears_of_it(connect_http: ConnectHttp) -> None:
    def in_a_stream(peer: Peer, request: RawRequest) -> None:
        peer.open_stream(headers="Mcp-Session-Id: abc-2\r\n")
        peer.event(json.dumps({"id": json.loads(request.body)["id"], "result": INITIALIZED}))
        peer.end_stream()

    def ask_at_once(_: Outcome) -> None:
        outcomes.put(asker.ask().outcome())

    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    with TurnServer(in_a_stream, answering(b'{"id":1,"result":{}}')) as server:
        asker = connect_http(server.url)
        request = Request(id=7, method="initialize")
        asker.connection.start(request, time.monotonic() + LIMIT_S, SendTicket(), ask_at_once)

        assert outcomes.get(timeout=LIMIT_S) == {}
        server.next_seen()
        assert server.next_seen().headers["mcp-session-id"] == "abc-2"


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "text/plain", "Application/JSON-RPC", "", "text/html", "json"]
)
def test_json_is_understood_whatever_it_is_called(kind: str, connect_http: ConnectHttp) -> None:
    with TurnServer(answering(b'\xef\xbb\xbf {"id":1,"result":{"a":1}}\n', kind=kind)) as server:
        assert connect_http(server.url).ask().outcome() == {"a": 1}


@pytest.mark.parametrize("kind", ["TEXT/Event-Stream", " text/event-stream ;charset=UTF-8; x=y"])
def test_events_are_understood_in_whatever_case_they_are_announced(kind: str, connect_http: ConnectHttp) -> None:
    with TurnServer(answering(b'data: {"id":1,"result":{"a":1}}\n\n', kind=kind)) as server:
        assert connect_http(server.url).ask().outcome() == {"a": 1}
