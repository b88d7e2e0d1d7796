"""An exchange ends when it is told to, whatever its thread is blocked in, and its socket serves nobody after that."""

import select
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest

from actors.errors import NotExecutedError, OutcomeUnknownError
from actors.mcp.streamable_http import StreamableHttpConnection
from tests.fixtures.asking import LIMIT_S, Asked, Asker
from tests.fixtures.raw_server import Peer, RawServer, hung_listener
from tests.unit.mcp.conftest import ConnectHttp

OK = b'{"id":2,"result":{}}'


def until(condition: Callable[[], bool]) -> None:
    end = monotonic() + LIMIT_S
    while not condition():
        assert monotonic() < end
        sleep(0.001)


def drip(peer: Peer, arrived: Event, head: bytes, drop: bytes) -> None:
    """Send `head`, then a drop every now and then, until the client hangs up."""
    peer.send(head)
    while not select.select([peer.sock], [], [], 0.01)[0]:
        peer.send(drop)
        arrived.set()


def silent(peer: Peer, arrived: Event, head: bytes) -> None:
    peer.send(head)
    arrived.set()
    peer.wait_for_the_end()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

AFTER_THE_REQUEST: dict[str, Callable[[Peer, Event], None]] = {
    "hung head": lambda peer, arrived: silent(peer, arrived, b""),
    "head half sent": lambda peer, arrived: silent(peer, arrived, HEAD),
    "head drip": lambda peer, arrived: drip(peer, arrived, b"HTTP/1.1 200 OK\r\nA: ", b"x"),
    "hung body": lambda peer, arrived: silent(peer, arrived, HEAD + b"Content-Length: 9\r\n\r\n{"),
    "body drip": lambda peer, arrived: drip(peer, arrived, HEAD + b"Content-Length: 999999\r\n\r\n", b" "),
    # What has come so far would pass for a whole answer: nothing but the abort ended the body.
    "whole but for its end": lambda peer, arrived: silent(peer, arrived, HEAD + b'\r\n{"id":1,"result":{}}'),
    "hung chunk": lambda peer, arrived: silent(peer, arrived, HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"),
    "silent stream": lambda peer, arrived: silent(peer, arrived, STREAM),
    "stream drip": lambda peer, arrived: drip(peer, arrived, STREAM, b": still here\n\n"),
    "hung refusal": lambda peer, arrived: silent(peer, arrived, b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n"),
}


def by_handle(asker: Asker, asked: Asked) -> None:
    asked.handle.abort()
    asked.handle.abort()
    assert asker.connection is not None


def by_connection(asker: Asker, asked: Asked) -> None:
    asker.connection.abort()
    asker.connection.abort()
    assert asked.handle is not None


BOTH = pytest.mark.parametrize("abort", [by_handle, by_connection])
Abort = Callable[[Asker, Asked], None]


@BOTH
@pytest.mark.parametrize("misbehave", AFTER_THE_REQUEST.values(), ids=AFTER_THE_REQUEST.keys())
def test_an_abort_after_the_request_went_out_ends_it_as_unknown(
    misbehave: Callable[[Peer, Event], None], abort: Abort, connect_http: ConnectHttp
) -> None:
    arrived = Event()

    def script(peer: Peer) -> None:
        peer.request()
        misbehave(peer, arrived)

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asked = asker.ask()
        assert arrived.wait(LIMIT_S)
        assert asked.reports.empty()

        abort(asker, asked)

        error = asked.outcome()
        assert isinstance(error, OutcomeUnknownError)
        assert "broken off" in error.message or "HTTP 500" in error.message
        asker.connection.abort()
        asker.wait_until_released()
        assert asked.reports.empty()


@BOTH
def test_an_abort_after_half_a_head_does_not_make_it_a_whole_one(abort: Abort, connect_http: ConnectHttp) -> None:
    arrived = Event()

    def script(peer: Peer) -> None:
        peer.request()
        silent(peer, arrived, STREAM.removesuffix(b"\r\n"))

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asked = asker.ask("notifications/cancelled")
        assert arrived.wait(LIMIT_S)

        abort(asker, asked)

        assert isinstance(asked.outcome(), OutcomeUnknownError)


@BOTH
def test_an_abort_while_the_server_takes_no_more_bytes_of_the_request_ends_it_as_unknown(
    abort: Abort, connect_http: ConnectHttp
) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(1)
        server.connected.put(99)
        server.release.wait(LIMIT_S)

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asked = asker.ask(params={"large": "x" * 30_000_000})
        while server.connected.get(timeout=LIMIT_S) != 99:
            pass

        abort(asker, asked)

        assert isinstance(asked.outcome(), OutcomeUnknownError)


@BOTH
def test_an_abort_while_nobody_accepts_the_connection_ends_it(abort: Abort, connect_http: ConnectHttp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asker = connect_http(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp")
        asked = asker.ask()
        select.select([listener], [], [], LIMIT_S)

        abort(asker, asked)

        assert not isinstance(asked.outcome(), dict)


@BOTH
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells that a connect is under way")
def test_an_abort_while_it_connects_ends_it_as_not_executed(abort: Abort, connect_http: ConnectHttp) -> None:
    with hung_listener() as port:
        asker = connect_http(f"http://127.0.0.1:{port}/mcp", connect_timeout_s=LIMIT_S)
        fillers = connects_under_way(port)
        asked = asker.ask()
        until(lambda: connects_under_way(port) > fillers)

        abort(asker, asked)

        assert isinstance(asked.outcome(), NotExecutedError)


def connects_under_way(port: int) -> int:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "02" for line in lines)


@BOTH
@pytest.mark.parametrize("answer", [b"", b"\x16\x03\x03\x40\x00"], ids=["silence", "half a record"])
def test_an_abort_in_the_tls_handshake_ends_it_as_not_executed(
    answer: bytes, abort: Abort, connect_http: ConnectHttp
) -> None:
    arrived = Event()

    def script(peer: Peer) -> None:
        peer.sock.recv(65536)
        silent(peer, arrived, answer)

    with RawServer(script) as server:
        asker = connect_http(server.url.replace("http:", "https:"), connect_timeout_s=LIMIT_S)
        asked = asker.ask()
        assert arrived.wait(LIMIT_S)

        abort(asker, asked)

        assert isinstance(asked.outcome(), NotExecutedError)


@contextmanager
def hung_name_service(monkeypatch: pytest.MonkeyPatch) -> Generator[Event]:
    """Let the first look-up of a name hang; the event says that it began."""
    began, go_on, look_up = Event(), Event(), socket.getaddrinfo

    def hang_once(*args: Any, **how: Any) -> Any:
        if not began.is_set():
            began.set()
            go_on.wait(LIMIT_S)
        return look_up(*args, **how)

    monkeypatch.setattr(socket, "getaddrinfo", hang_once)
    yield began
    go_on.set()


def test_an_abort_during_name_resolution_reports_at_once_and_gives_up_the_thread(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(OK)
        peer.wait_for_the_end()

    with RawServer(script) as server, hung_name_service(monkeypatch) as began:
        asker = connect_http(server.url)
        asked = asker.ask()
        assert began.wait(LIMIT_S)

        asked.handle.abort()
        asked.handle.abort()

        assert isinstance(asked.reports.get_nowait(), NotExecutedError)
        assert asker.ask().outcome() == {}
        connection = asker.connection
        assert isinstance(connection, StreamableHttpConnection)
        assert connection.threads_written_off == 1
        connection.close()
        asker.wait_until_released()

    assert asked.reports.empty()


def test_a_connection_is_released_though_a_name_is_still_looked_up(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hung_name_service(monkeypatch) as began:
        asker = connect_http("http://localhost:1/mcp")
        asked = asker.ask()
        assert began.wait(LIMIT_S)

        asker.connection.abort()

        assert isinstance(asked.reports.get_nowait(), NotExecutedError)
        asker.wait_until_released()


def test_an_aborted_exchange_takes_no_other_with_it(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        request = peer.request()
        if b'"id":1' in request.body:
            peer.wait_for_the_end()
        peer.answer(OK)
        server.connected.put(99)
        peer.wait_for_the_end()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        first = asker.ask()
        assert server.connected.get(timeout=LIMIT_S) == 0
        second = asker.ask()
        assert second.outcome() == {}

        first.handle.abort()
        second.handle.abort()

        assert isinstance(first.outcome(), OutcomeUnknownError | NotExecutedError)
        assert second.reports.empty()


def test_a_late_abort_does_not_shut_the_socket_of_the_next_exchange(connect_http: ConnectHttp) -> None:
    arrived = Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"id":1,"result":{}}')
        peer.request()
        arrived.set()
        server.release.wait(LIMIT_S)
        peer.answer(OK)

    with RawServer(script) as server:
        asker = connect_http(server.url)
        first = asker.ask()
        first.outcome()
        second = asker.ask()
        assert arrived.wait(LIMIT_S)

        first.handle.abort()
        server.release.set()

        assert second.outcome() == {}
