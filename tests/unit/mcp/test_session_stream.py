"""The stream by which the server of a session speaks of its own accord: heard if it is there, missed if not."""

import json
from threading import Event

import pytest

from actors.transport import Received
from tests.fixtures.asking import LIMIT_S, Asker
from tests.fixtures.manual_time import until
from tests.fixtures.pauses import Pauses
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.fixtures.turns import HELLO, SpeakingServer, Turn, answering, barren, hang_up, stream
from tests.unit.mcp.conftest import ConnectHttp, open_session

HEARD = Received(method="notifications/tools/list_changed", params={})


def end(asker: Asker) -> None:
    asker.connection.close()
    asker.wait_until_released()


def test_once_the_session_is_open_the_server_is_heard(connect_http: ConnectHttp) -> None:
    ask = '{"method":"elicitation/create","id":"s-1","params":{"message":"who?"}}'
    with SpeakingServer(stream(ask, end=False)) as server:
        asker = open_session(connect_http(server.url + "?k=1", headers={"Authorization": "Bearer x"}))

        assert asker.received() == Received(method="elicitation/create", params={"message": "who?"}, id="s-1")
        (get,) = server.gets
        assert (get.path, get.body) == ("/mcp?k=1", b"")
        assert get.headers["accept"] == "text/event-stream"
        assert get.headers["mcp-session-id"] == "abc-1"
        assert get.headers["mcp-protocol-version"] == "2025-11-25"
        assert get.headers["authorization"] == "Bearer x"
        assert not get.headers.keys() & {"content-type", "content-length", "last-event-id", "mcp-method"}


def test_the_stream_has_a_socket_of_its_own_and_takes_none_from_calls(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if request.method == "GET":
                peer.open_stream()
                peer.event(HELLO)
                peer.wait_for_the_end()
                return
            answer = {"id": json.loads(request.body).get("id"), "result": {"connection": peer.number}}
            peer.answer(json.dumps(answer).encode())

    with RawServer(script) as server:
        asker = open_session(connect_http(server.url))
        assert asker.received() == HEARD

        assert [asker.ask().outcome() for _ in range(3)] == [{"connection": 0}] * 3


def test_a_stream_that_breaks_leaves_no_socket_behind_that_calls_may_take(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if request.method == "GET" and peer.number == 1:
                peer.open_stream()
                peer.send(b"no chunk\r\n")
                continue
            if request.method == "GET":
                peer.answer(status="404 Not Found")
                asked_again.set()
                return
            answer = {"id": json.loads(request.body).get("id"), "result": {"connection": peer.number}}
            peer.answer(json.dumps(answer).encode())

    asked_again = Event()
    with RawServer(script) as server:
        asker = open_session(connect_http(server.url, pause=pauses))
        assert asked_again.wait(LIMIT_S)

        assert asker.ask().outcome() == {"connection": 0}


def test_a_redirect_within_the_origin_is_followed(connect_http: ConnectHttp) -> None:
    moved = answering(status="307 Temporary Redirect", headers="Location: /mcp/\r\n")
    with SpeakingServer(moved, stream(HELLO, end=False)) as server:
        assert open_session(connect_http(server.url)).received() == HEARD

        assert [get.path for get in server.gets] == ["/mcp", "/mcp/"]


def test_what_comes_is_heard_at_once_and_in_any_pieces(connect_http: ConnectHttp) -> None:
    def pieces(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        for byte in b": hello\r\n\r\nevent: message\r\ndata: " + HELLO.encode() + b"\r\n\r\n":
            peer.chunk(bytes([byte]))
        peer.wait_for_the_end()

    with SpeakingServer(pieces) as server:
        assert open_session(connect_http(server.url)).received() == HEARD


@pytest.mark.parametrize("turn", [stream(end=False), answering(status="405 Method Not Allowed"), hang_up])
def test_the_session_is_not_open_before_its_server_has_heard_of_the_stream(
    turn: Turn, connect_http: ConnectHttp
) -> None:
    with SpeakingServer(turn) as server:
        open_session(connect_http(server.url))

        assert server.gets, "what the server asks of a first call may come there alone"


def test_before_the_session_is_open_no_stream_is_asked_for(connect_http: ConnectHttp) -> None:
    with SpeakingServer() as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()
        asker.ask("notifications/cancelled").outcome()
        asker.ask().outcome()
        end(asker)

        assert not server.gets


def test_a_server_that_refuses_to_open_the_session_is_not_asked_for_a_stream(connect_http: ConnectHttp) -> None:
    gets: list[RawRequest] = []

    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            gets.extend([request] if request.method == "GET" else [])
            peer.answer(status="400 Bad Request")

    with RawServer(script) as server:
        asker = connect_http(server.url)
        assert not isinstance(asker.ask("notifications/initialized").outcome(), dict)
        for _ in range(10):  # By then it would be there.
            asker.ask().outcome()
        end(asker)

    assert not gets


@pytest.mark.parametrize(
    "refusal",
    [
        answering(status="405 Method Not Allowed"),
        answering(b"<html>", status="404 Not Found"),
        answering(status="400 Bad Request"),
        answering(status="406 Not Acceptable"),
        answering(status="500 Internal Server Error"),
        answering(b'{"id":3,"result":{"not":"mine"}}'),
        answering(status="204 No Content"),
        answering(status="302 Found"),
    ],
    ids=["405", "404", "400", "406", "500", "JSON", "204", "302"],
)
def test_a_server_without_such_a_stream_is_asked_once_and_called_as_ever(
    refusal: Turn, connect_http: ConnectHttp, pauses: Pauses
) -> None:
    with SpeakingServer(refusal, stream(HELLO)) as server:
        asker = open_session(connect_http(server.url, pause=pauses))
        until(lambda: server.gets)

        assert asker.ask().outcome() == {"protocolVersion": "2025-11-25"}
        end(asker)

        assert len(server.gets) == 1
    assert pauses.asked.empty()


def test_a_session_opened_twice_has_one_stream(connect_http: ConnectHttp) -> None:
    with SpeakingServer(stream(HELLO, end=False), stream(HELLO, end=False)) as server:
        asker = open_session(open_session(connect_http(server.url)))
        asker.received()
        end(asker)

        assert len(server.gets) == 1


def test_a_stream_that_ends_goes_on_after_its_last_event(connect_http: ConnectHttp, pauses: Pauses) -> None:
    turns = (stream(HELLO, event_id="1", retry_ms=250), stream(HELLO), stream(HELLO, event_id="2", end=False))
    with SpeakingServer(*turns) as server:
        asker = open_session(connect_http(server.url, pause=pauses))

        assert [asker.received() for _ in range(3)] == [HEARD] * 3

        assert [get.headers.get("last-event-id") for get in server.gets] == [None, "1", "1"]
        assert pauses.all_asked() == [0.25, 0.25]


def test_a_stream_that_brings_nothing_is_asked_for_ever_less_often_until_it_does(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    turns = (*([barren] * 4), hang_up, hang_up, stream(HELLO), stream(HELLO, end=False))
    with SpeakingServer(*turns) as server:
        asker = open_session(connect_http(server.url, pause=pauses))
        assert [asker.received() for _ in range(2)] == [HEARD] * 2
        assert pauses.all_asked() == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 1.0]


def test_a_stream_that_stood_long_is_asked_for_again_at_once_though_it_brought_nothing(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    def long(peer: Peer, request: RawRequest) -> None:
        pauses.let_pass(60)
        barren(peer, request)

    with SpeakingServer(long, long, barren, stream(HELLO, end=False)) as server:
        asker = open_session(connect_http(server.url, pause=pauses, clock=pauses.clock))
        asker.received()
        assert pauses.all_asked() == [1.0, 1.0, 2.0]


@pytest.mark.parametrize("gone", ["404 Not Found", "405 Method Not Allowed"])
def test_a_stream_that_is_gone_later_is_not_asked_for_again(
    gone: str, connect_http: ConnectHttp, pauses: Pauses
) -> None:
    with SpeakingServer(stream(HELLO, event_id="1"), answering(status=gone), stream(HELLO)) as server:
        asker = open_session(connect_http(server.url, pause=pauses))
        until(lambda: len(server.gets) == 2)

        assert isinstance(asker.ask().outcome(), dict)
        end(asker)

        assert len(server.gets) == 2
    assert pauses.all_asked() == [1.0]


@pytest.mark.parametrize("later", ["400 Bad Request", "409 Conflict", "503 Service Unavailable"])
def test_a_stream_that_is_refused_later_is_asked_for_again_from_its_beginning(
    later: str, connect_http: ConnectHttp, pauses: Pauses
) -> None:
    with SpeakingServer(stream(HELLO, event_id="1"), answering(status=later), stream(HELLO, end=False)) as server:
        asker = open_session(connect_http(server.url, pause=pauses))

        assert [asker.received() for _ in range(2)] == [HEARD] * 2

        assert [get.headers.get("last-event-id") for get in server.gets] == [None, "1", None]
        assert pauses.all_asked() == [1.0, 2.0]


def test_answers_on_it_are_dropped_and_end_no_call(connect_http: ConnectHttp) -> None:
    with SpeakingServer(stream(f'[{{"id":3,"result":{{"not":"mine"}}}},{HELLO}]', end=False)) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()
        asker.ask("notifications/initialized").outcome()
        asked = asker.ask("wait")

        assert asker.received() == HEARD
        assert asked.reports.empty()
        assert asker.connection.dropped_answers == 1  # type: ignore[attr-defined]
        server.release.set()
        assert asked.outcome() == {"protocolVersion": "2025-11-25"}


def test_what_is_no_jsonrpc_is_skipped(connect_http: ConnectHttp) -> None:
    def mixed(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        for data in ("hello", "[1]", "", HELLO):
            peer.event(data)
        peer.wait_for_the_end()

    with SpeakingServer(mixed) as server:
        assert open_session(connect_http(server.url)).received() == HEARD
        assert len(server.gets) == 1


def test_an_event_that_is_too_large_is_skipped(connect_http: ConnectHttp) -> None:
    def flood(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event("x" * 3000)
        peer.event(HELLO)
        peer.wait_for_the_end()

    with SpeakingServer(flood) as server:
        asker = open_session(connect_http(server.url, max_response_bytes=1000))

        assert asker.received() == HEARD
        assert len(server.gets) == 1
