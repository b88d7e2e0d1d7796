"""Which socket a message goes out on: servers close idle ones, and a call must not run twice to find out."""

import json
import os
import threading
import time
from queue import SimpleQueue
from threading import Event

import pytest

from actors.errors import OutcomeUnknownError
from tests.fixtures.raw_server import Peer, RawServer
from tests.unit.mcp.conftest import ConnectHttp

CHUNKED = b"HTTP/1.1 %s\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def numbered(peer: Peer) -> None:
    """Answer each request with the number of its connection."""
    while True:
        answer_numbered(peer)


def answer_numbered(peer: Peer) -> None:
    message = json.loads(peer.request().body)
    peer.answer(json.dumps({"id": message["id"], "result": {"connection": peer.number}}).encode())


@pytest.mark.parametrize(
    ("idle_s", "replay_safe", "connection"),
    [(1.9, False, 0), (2.1, False, 1), (2.1, True, 0), (600.0, True, 0)],
)
def test_what_must_not_run_twice_takes_no_socket_that_was_idle_for_long(
    *, idle_s: float, replay_safe: bool, connection: int, connect_http: ConnectHttp
) -> None:
    passed_s = 0.0

    with RawServer(numbered) as server:
        asker = connect_http(server.url, clock=lambda: time.monotonic() + passed_s, keepalive_reuse_s=2.0)
        asker.ask().outcome()
        passed_s = idle_s

        outcome = asker.ask(replay_safe=replay_safe, timeout_s=1000).outcome()

    assert outcome == {"connection": connection}


def test_a_socket_that_the_server_closed_while_it_was_idle_is_not_used(connect_http: ConnectHttp) -> None:
    closed = Event()

    def script(peer: Peer) -> None:
        answer_numbered(peer)
        if peer.number == 0:
            peer.sock.close()
            closed.set()
        else:
            peer.wait_for_the_end()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()
        closed.wait(20)

        assert asker.ask().outcome() == {"connection": 1}


def test_a_socket_that_the_server_closes_just_then_is_stale(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        answer_numbered(peer)
        peer.request()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()

        error = asker.ask().outcome()

    assert isinstance(error, OutcomeUnknownError)
    assert error.stale


def test_a_socket_that_the_server_resets_just_then_is_stale(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        answer_numbered(peer)
        peer.request()
        peer.reset()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()

        error = asker.ask().outcome()

    assert isinstance(error, OutcomeUnknownError)
    assert error.stale


def test_an_answer_that_breaks_off_on_a_used_socket_is_not_stale(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        answer_numbered(peer)
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()

        error = asker.ask().outcome()

    assert isinstance(error, OutcomeUnknownError)
    assert not error.stale


def test_a_socket_with_an_unread_rest_is_not_used_again(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.request()
            peer.answer(b"x" * 100_000, status="404 Not Found")
            peer.wait_for_the_end()
        numbered(peer)

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()

        assert asker.ask().outcome() == {"connection": 1}


def test_a_socket_whose_answer_is_an_open_stream_nobody_reads_is_not_used_again(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.request()
            peer.send(CHUNKED % b"202 Accepted")
            peer.wait_for_the_end()
        numbered(peer)

    with RawServer(script) as server:
        asker = connect_http(server.url)
        assert asker.ask("notifications/cancelled").outcome() == {}

        assert asker.ask().outcome() == {"connection": 1}


@pytest.mark.parametrize(
    "raw",
    [
        CHUNKED.replace(b"text/event-stream", b"text/plain") % b"404 Not Found" + b"zz\r\n",
        CHUNKED % b"200 OK" + b'1c\r\ndata: {"id":1,"result":{}}\n\n\r\nzz\r\n',
    ],
    ids=["of a refusal", "of a stream after its answer"],
)
def test_a_socket_is_closed_when_the_body_goes_wrong_where_it_matters_no_more(
    raw: bytes, connect_http: ConnectHttp
) -> None:
    ended = Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(raw)
        peer.wait_for_the_end()
        ended.set()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()

        assert ended.wait(20)


def test_a_socket_that_the_answer_says_to_close_is_closed_at_once(connect_http: ConnectHttp) -> None:
    ended = Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"id":1,"result":{}}', headers="Connection: close\r\n")
        peer.wait_for_the_end()
        ended.set()

    with RawServer(script) as server:
        assert connect_http(server.url).ask().outcome() == {}

        assert ended.wait(20)


def test_no_more_sockets_stay_open_than_may_be_busy_at_once(connect_http: ConnectHttp) -> None:
    ended: SimpleQueue[int] = SimpleQueue()

    def script(peer: Peer) -> None:
        message = json.loads(peer.request().body)
        server.release.wait(20)
        peer.answer(json.dumps({"id": message["id"], "result": {}}).encode())
        peer.wait_for_the_end()
        ended.put(peer.number)

    with RawServer(script) as server:
        asker = connect_http(server.url, max_concurrent=1)
        all_asked = [asker.ask() for _ in range(4)]
        for _ in all_asked:
            server.connected.get(timeout=20)
        server.release.set()

        assert [asked.outcome() for asked in all_asked] == [{}] * 4
        ended.get(timeout=20)
        ended.get(timeout=20)
        assert ended.empty()


def test_500_calls_in_a_row_take_one_socket_and_one_thread(connect_http: ConnectHttp) -> None:
    with RawServer(numbered) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- counted, not walked

        for _ in range(500):
            assert asker.ask().outcome() == {"connection": 0}

        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        assert [thread.name for thread in threading.enumerate()].count("http raw") == 1
