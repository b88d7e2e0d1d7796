"""The end of a session's stream, whatever it is doing, and what it must not take with it."""

import socket
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest

from actors.errors import OutcomeUnknownError, SessionLostError
from tests.fixtures.asking import LIMIT_S, Asker
from tests.fixtures.manual_time import until
from tests.fixtures.pauses import Pauses
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.fixtures.turns import HELLO, SpeakingServer, Turn, silent, stream
from tests.unit.mcp.conftest import ConnectHttp, open_session

AN_HOUR_MS = 3_600_000


def half_a_head(peer: Peer, _: RawRequest) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nA: ")
    peer.wait_for_the_end()


def half_an_event(peer: Peer, _: RawRequest) -> None:
    peer.open_stream()
    peer.chunk(b"data: {")
    peer.wait_for_the_end()


def test_close_breaks_the_stream_off_then_lets_calls_end_then_deletes(connect_http: ConnectHttp) -> None:
    order: list[str] = []

    def turn(peer: Peer, request: RawRequest) -> None:
        stream(HELLO, end=False)(peer, request)
        order.append("stream")
        server.release.set()

    with SpeakingServer(turn) as server:
        asker = open_session(connect_http(server.url))
        asked = asker.ask("wait")
        asker.received()
        assert server.waiting.wait(LIMIT_S)

        asker.connection.close()

        assert isinstance(asked.outcome(), dict)
        order.append("call")
        asker.wait_until_released()
        assert len(server.deletes) == 1
    assert order == ["stream", "call"]


HOLDING: dict[str, tuple[Turn, Callable[[Asker], object]]] = {
    "open": (stream(HELLO, end=False), Asker.received),
    "waiting to go on": (stream(HELLO, retry_ms=AN_HOUR_MS), Asker.received),
    "not answered": (silent, lambda _: None),
    "half a head": (half_a_head, lambda _: None),
    "half an event": (half_an_event, lambda _: None),
}


@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize(("turn", "wait"), HOLDING.values(), ids=HOLDING.keys())
def test_whatever_the_stream_is_doing_it_holds_up_neither_calls_nor_the_end(
    turn: Turn,
    wait: Callable[[Asker], object],
    how: str,
    connect_http: ConnectHttp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.mcp.streamable_http.ANSWER_S", 0.1)
    with SpeakingServer(turn) as server:
        asker = open_session(connect_http(server.url))
        wait(asker)
        until(lambda: server.gets)
        assert isinstance(asker.ask().outcome(), dict)

        getattr(asker.connection, how)()

        asker.wait_until_released()
        assert len(server.gets) == 1
        assert len(server.deletes) == (1 if how == "close" else 0)


def test_a_close_before_the_stream_has_begun_opens_none(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if request.method == "POST":
                server.connected.put(99)
                server.release.wait(LIMIT_S)
            else:
                server.connected.put(100)
            peer.answer(status="202 Accepted")

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asked = asker.ask("notifications/initialized")
        while server.connected.get(timeout=LIMIT_S) != 99:
            pass

        asker.connection.close()
        server.release.set()

        assert asked.outcome() == {}
        asker.wait_until_released()
        assert server.connected.empty()


def test_an_abort_while_its_servers_name_is_looked_up_gives_up_the_thread(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, look_up = Event(), Event(), socket.getaddrinfo

    def hang(*args: Any, **how: Any) -> Any:
        began.set()
        go_on.wait(LIMIT_S)
        return look_up(*args, **how)

    def last(peer: Peer, request: RawRequest) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        stream(HELLO, retry_ms=1)(peer, request)
        peer.sock.shutdown(socket.SHUT_RDWR)

    with SpeakingServer(last) as server:
        asker = open_session(connect_http(server.url))
        assert began.wait(LIMIT_S)

        asker.connection.abort()

        asker.wait_until_released()
        go_on.set()


def test_without_a_thread_for_it_there_is_no_stream_and_all_else_is_well(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with SpeakingServer() as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()
        with monkeypatch.context() as patched:
            # The threads of both sides that there are do the rest.
            patched.setattr(Thread, "start", no_thread)
            assert asker.ask("notifications/initialized").outcome() == {}
            assert isinstance(asker.ask().outcome(), dict)
        asker.connection.close()
        asker.wait_until_released()

        assert not server.gets


def test_a_lost_session_is_told_to_the_call_and_not_by_the_stream(connect_http: ConnectHttp, pauses: Pauses) -> None:
    lost = Event()

    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if b'"initialize"' in request.body:
                peer.answer(b'{"id":1,"result":{}}', headers="Mcp-Session-Id: abc-1\r\n")
            elif b"notifications/" in request.body:
                peer.answer(status="202 Accepted")
            else:
                peer.answer(status="404 Not Found")
                lost.set()

    with RawServer(script) as server:
        asker = open_session(connect_http(server.url, pause=pauses))
        assert lost.wait(LIMIT_S)

        assert isinstance(asker.ask().outcome(), SessionLostError)
        assert asker.events.empty()


def test_a_call_that_fails_takes_no_stream_with_it(connect_http: ConnectHttp) -> None:
    with SpeakingServer(stream(HELLO, end=False)) as server:
        asker = open_session(connect_http(server.url))
        asked = asker.ask("wait")
        assert server.waiting.wait(LIMIT_S)
        asker.received()

        asked.handle.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        server.release.set()
        assert isinstance(asker.ask().outcome(), dict)
        assert len(server.gets) == 1
