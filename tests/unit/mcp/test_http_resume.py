"""A stream that ends before its answer is gone on with, in a session of the revisions up to 2025-11-25."""

import socket
from typing import Any

import pytest

from actors.errors import MCPToolError, OutcomeUnknownError
from actors.transport import Received
from tests.fixtures.asking import Asked, Asker
from tests.fixtures.pauses import Pauses
from tests.fixtures.raw_server import Peer, RawRequest
from tests.fixtures.turns import Turn, TurnServer, answering, barren, hang_up, initialized, stream
from tests.unit.mcp.conftest import ConnectHttp

answer = stream('{"id":2,"result":{"a":1}}', event_id="99")


def ask(asker: Asker, **how: Any) -> Asked:
    """Open a session and ask what has the id 2."""
    asker.ask("initialize").outcome()
    return asker.ask(**how)


def test_the_answer_comes_on_a_get_that_names_the_last_event_of_its_stream(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    with TurnServer(initialized, stream(event_id="e-1", retry_ms=500), answer) as server:
        asker = connect_http(server.url + "?k=1", pause=pauses, headers={"Authorization": "Bearer x"})

        assert ask(asker).outcome() == {"a": 1}

        get = server.next_seen("GET")
        assert server.connections == 2  # None that may have been closed while it waited.
    assert pauses.all_asked() == [0.5]
    assert (get.path, get.body) == ("/mcp?k=1", b"")
    assert get.headers["last-event-id"] == "e-1"
    assert get.headers["accept"] == "text/event-stream"
    assert get.headers["mcp-session-id"] == "abc-1"
    assert get.headers["mcp-protocol-version"] == "2025-11-25"
    assert get.headers["authorization"] == "Bearer x"
    assert not get.headers.keys() & {"content-type", "content-length"}


def test_a_stream_is_gone_on_with_as_often_as_it_takes(connect_http: ConnectHttp, pauses: Pauses) -> None:
    progress = '{"method":"notifications/progress","params":{"n":2}}'
    turns = (stream(event_id="1", retry_ms=100), stream(progress, event_id="2"), stream(progress), answer)
    with TurnServer(initialized, *turns) as server:
        asker = connect_http(server.url, pause=pauses)

        assert ask(asker).outcome() == {"a": 1}

        ids = [server.next_seen("GET").headers["last-event-id"] for _ in range(3)]
    assert ids == ["1", "2", "2"]
    assert pauses.all_asked() == [0.1, 0.1, 0.1]
    assert [asker.received().params for _ in range(2)] == [{"n": 2}] * 2


def test_streams_that_bring_nothing_are_asked_for_ever_less_often(connect_http: ConnectHttp, pauses: Pauses) -> None:
    with TurnServer(initialized, stream(event_id="1"), *([barren] * 6), stream(event_id="2"), answer) as server:
        asker = connect_http(server.url, pause=pauses, clock=pauses.clock)

        assert ask(asker, timeout_s=1000).outcome() == {"a": 1}

    assert pauses.all_asked() == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 1.0]


@pytest.mark.parametrize("end", ["reset", "closed", "half an event"])
def test_a_stream_that_breaks_is_gone_on_with_too(end: str, connect_http: ConnectHttp, pauses: Pauses) -> None:
    def broken(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event(event_id="1")
        if end == "half an event":
            peer.chunk(b'id: 2\ndata: {"id":2,"result":{}}\n')
            peer.end_stream()
            return
        peer.send(b"9\r\nid: ")
        if end == "closed":
            peer.sock.shutdown(socket.SHUT_RDWR)
        else:
            peer.reset()

    with TurnServer(initialized, broken, answer) as server:
        asker = connect_http(server.url, pause=pauses)

        assert ask(asker).outcome() == {"a": 1}

        assert server.next_seen("GET").headers["last-event-id"] == "1"


def test_an_event_may_come_in_any_pieces(connect_http: ConnectHttp, pauses: Pauses) -> None:
    def byte_by_byte(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        for byte in 'event: message\r\nid: ü1\r\ndata: {"id":2,\r\ndata: "result":{"a":1}}\r\n\r\n'.encode():
            peer.chunk(bytes([byte]))
        peer.end_stream()

    with TurnServer(initialized, stream(event_id="ü0"), byte_by_byte) as server:
        asker = connect_http(server.url, pause=pauses)

        assert ask(asker).outcome() == {"a": 1}

        assert server.next_seen("GET").headers["last-event-id"].encode("latin-1") == "ü0".encode()


def moved(location: str) -> Turn:
    return answering(status="307 Temporary Redirect", headers=f"Location: {location}\r\n")


REFUSALS = {
    "404": answering(status="404 Not Found"),
    "405": answering(status="405 Method Not Allowed"),
    "400": answering(b'{"id":2,"error":{"code":-32600,"message":"no"}}', status="400 Bad Request"),
    "500": answering(status="500 Internal Server Error"),
    "JSON": answering(b'{"id":2,"result":{}}'),
    "a redirect elsewhere": moved("http://127.0.0.1:1/"),
    "a redirect in a circle": moved("/mcp"),
}


@pytest.mark.parametrize("refuse", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_server_that_refuses_the_rest_leaves_the_outcome_unknown(
    refuse: Turn, connect_http: ConnectHttp, pauses: Pauses
) -> None:
    with TurnServer(initialized, stream(event_id="1"), *([refuse] * 20)) as server:
        error = ask(connect_http(server.url, pause=pauses)).outcome()

    assert type(error) is OutcomeUnknownError
    assert "the stream ended without the answer" in error.message
    assert error.status is None
    assert len(pauses.all_asked()) == 1


def test_an_error_in_the_rest_that_names_no_request_leaves_the_outcome_unknown(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    no_such_event = stream('{"id":null,"error":{"code":-32600,"message":"no such event"}}')
    with TurnServer(initialized, stream(event_id="1"), no_such_event) as server:
        error = ask(connect_http(server.url, pause=pauses)).outcome()

    assert isinstance(error, MCPToolError)
    assert error.executed == "unknown"


def test_a_server_that_is_gone_leaves_the_outcome_unknown_though_no_get_was_sent(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    def cut_and_go(peer: Peer, request: RawRequest) -> None:
        stream(event_id="1")(peer, request)
        server.stop_listening()
        peer.sock.shutdown(socket.SHUT_RDWR)

    with TurnServer(initialized, cut_and_go) as server:
        error = ask(connect_http(server.url, pause=pauses)).outcome()

    assert type(error) is OutcomeUnknownError
    assert pauses.all_asked() == [1.0, 2.0, 4.0]


def test_a_server_that_is_away_for_a_moment_costs_no_answer(connect_http: ConnectHttp, pauses: Pauses) -> None:
    turns = (stream(event_id="1"), hang_up, hang_up, barren, hang_up, hang_up, answer)
    with TurnServer(initialized, *turns) as server:
        asker = connect_http(server.url, pause=pauses, clock=pauses.clock)

        assert ask(asker, timeout_s=1000).outcome() == {"a": 1}


def test_a_stream_without_event_ids_cannot_be_gone_on_with(connect_http: ConnectHttp, pauses: Pauses) -> None:
    with TurnServer(initialized, stream(retry_ms=5)) as server:
        error = ask(connect_http(server.url, pause=pauses)).outcome()

    assert isinstance(error, OutcomeUnknownError)
    assert pauses.asked.empty()


def test_a_stream_whose_id_is_taken_back_cannot_be_gone_on_with(connect_http: ConnectHttp, pauses: Pauses) -> None:
    def taken_back(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event(event_id="")
        peer.reset()

    with TurnServer(initialized, stream(event_id="1"), taken_back) as server:
        error = ask(connect_http(server.url, pause=pauses)).outcome()

    assert isinstance(error, OutcomeUnknownError)
    assert len(pauses.all_asked()) == 1


def test_initialize_is_not_gone_on_with_since_its_session_has_not_begun(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    with TurnServer(stream(event_id="1", retry_ms=5)) as server:
        error = connect_http(server.url, pause=pauses).ask("initialize").outcome()

    assert isinstance(error, OutcomeUnknownError)
    assert pauses.asked.empty()


@pytest.mark.parametrize("rest", ["data: hello\n\n", "data: " + "x" * 2000])
def test_junk_in_the_rest_of_a_stream_ends_it(rest: str, connect_http: ConnectHttp, pauses: Pauses) -> None:
    def junk(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.chunk(rest.encode())
        peer.wait_for_the_end()

    with TurnServer(initialized, stream(event_id="1"), junk) as server:
        error = ask(connect_http(server.url, pause=pauses, max_response_bytes=1000)).outcome()

    assert not isinstance(error, dict)
    assert error.executed != "no"
    assert len(pauses.all_asked()) == 1


def test_an_answer_that_comes_again_is_dropped_and_counted(connect_http: ConnectHttp) -> None:
    def twice(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event('[{"id":7,"result":{}},{"id":2,"result":{"a":1}},{"id":2,"result":{"a":2}}]')
        peer.event('{"id":2,"result":{"a":3}}')
        peer.event('{"method":"last"}')
        peer.end_stream()

    with TurnServer(initialized, twice) as server:
        asker = connect_http(server.url)
        asked = ask(asker)

        assert asked.outcome() == {"a": 1}
        assert asker.received() == Received(method="last", params={})
        assert asker.connection.dropped_answers == 3  # type: ignore[attr-defined]
        assert asked.reports.empty()
