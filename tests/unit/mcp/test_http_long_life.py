"""Requests that live for a year, sockets of peers that are gone, streams that flood: time and memory have bounds."""

import json
import select
import socket
from threading import Event, Thread

import pytest

from actors.errors import OutcomeUnknownError
from actors.mcp.envelope import enclosed, envelope
from actors.mcp.event_cursor import MOST_MESSAGES_PER_S
from actors.mcp.http_connection import AbortedError, Grip
from actors.mcp.http_origin import HttpOrigin
from actors.transport import Received
from tests.fixtures.asking import LIMIT_S, Asker
from tests.fixtures.pauses import Pauses
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.fixtures.turns import TurnServer
from tests.unit.mcp.conftest import ConnectHttp

A_YEAR_S = 365 * 86400.0
# As many milliseconds as an int of 32 bits can tell apart: the C library takes the remainder.
WRAPS_S = 2**32 / 1000
FLOOD = 100_000


def listening() -> dict[str, object]:
    return dict(enclosed({"notifications": {"toolsListChanged": True}}, envelope("2026-07-28", {})))


def test_a_subscription_hears_at_once_and_ends_at_once_though_its_deadline_is_a_year_away(
    connect_http: ConnectHttp,
) -> None:
    def stream(peer: Peer, request: RawRequest) -> None:
        peer.open_stream()
        peer.event('{"method":"notifications/subscriptions/acknowledged"}')
        server.release.wait(LIMIT_S)
        peer.event('{"method":"notifications/tools/list_changed"}')
        peer.wait_for_the_end()
        hung_up.set()
        assert request.headers["mcp-method"] == "subscriptions/listen"

    hung_up = Event()
    with TurnServer(stream) as server:
        asker = connect_http(server.url)
        asked = asker.ask("subscriptions/listen", listening(), replay_safe=True, timeout_s=A_YEAR_S)
        assert asker.received() == Received(method="notifications/subscriptions/acknowledged", params={})
        server.release.set()
        assert asker.received() == Received(method="notifications/tools/list_changed", params={})

        asked.handle.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        assert hung_up.wait(LIMIT_S)
        asker.connection.close()
        asker.wait_until_released()


def test_a_subscription_that_the_server_ends_has_a_result(connect_http: ConnectHttp) -> None:
    def stream(peer: Peer, request: RawRequest) -> None:
        peer.open_stream()
        peer.event(json.dumps({"id": json.loads(request.body)["id"], "result": {"resultType": "complete"}}))
        peer.end_stream()

    with TurnServer(stream) as server:
        asked = connect_http(server.url).ask("subscriptions/listen", listening(), timeout_s=A_YEAR_S)

        assert asked.outcome() == {"resultType": "complete"}


def test_no_silence_is_taken_for_the_end_of_a_long_time(connect_http: ConnectHttp) -> None:
    def late(peer: Peer, _: RawRequest) -> None:
        gave_up.extend(select.select([peer.sock], [], [], 0.2)[0])
        peer.answer(b'{"id":1,"result":{}}')

    gave_up: list[object] = []
    with TurnServer(late) as server:
        outcome = connect_http(server.url).ask(timeout_s=WRAPS_S - 1 + 0.05).outcome()

    assert outcome == {}
    assert not gave_up


def test_a_long_time_to_connect_in_is_no_error(connect_http: ConnectHttp) -> None:
    with TurnServer(lambda peer, _: peer.answer(b'{"id":1,"result":{}}')) as server:
        asker = connect_http(server.url, connect_timeout_s=A_YEAR_S)

        assert asker.ask(timeout_s=A_YEAR_S).outcome() == {}


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system has other names for it")
def test_a_peer_that_is_gone_without_a_word_is_noticed_within_a_minute() -> None:
    with RawServer(Peer.wait_for_the_end) as server:
        origin = HttpOrigin(server.url, keepalive_reuse_s=1, most_idle=1, clock=lambda: 0.0)
        grip = Grip()
        connection = origin.dial(grip, LIMIT_S)
        sock = connection.sock

        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, between, probes = (
            sock.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert (idle, between, probes) == (30, 10, 3)
        grip.let_go()
        connection.hang_up()


def test_a_pause_ends_when_it_is_broken_off() -> None:
    grip, ended = Grip(), Event()

    def pause() -> None:
        with pytest.raises(AbortedError):
            grip.pause(A_YEAR_S)
        ended.set()

    thread = Thread(target=pause)
    thread.start()
    assert not grip.break_off()

    assert ended.wait(LIMIT_S)
    thread.join(LIMIT_S)


def test_after_it_was_broken_off_there_is_no_pause() -> None:
    grip = Grip()
    grip.break_off()

    with pytest.raises(AbortedError):
        grip.pause(A_YEAR_S)


def test_a_pause_that_is_over_is_over() -> None:
    Grip().pause(0.001)


def flood(peer: Peer, answer: str) -> None:
    event = b'data: {"method":"notifications/message","params":{}}\n\n'
    for _ in range(FLOOD // 1000):
        peer.chunk(event * 1000)
    peer.event(answer)
    peer.end_stream()


def test_a_flood_within_a_call_is_heard_whole_and_no_faster_than_a_listener_can_hear(
    connect_http: ConnectHttp, pauses: Pauses
) -> None:
    def turn(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        flood(peer, '{"id":1,"result":{}}')

    with TurnServer(turn) as server:
        asker = connect_http(server.url, pause=pauses, clock=pauses.clock)

        assert asker.ask(timeout_s=1000).outcome() == {}

        assert heard(asker) == FLOOD
    assert sum(pauses.all_asked()) == pytest.approx(FLOOD / MOST_MESSAGES_PER_S, rel=0.2)


def test_a_flood_on_the_sessions_stream_is_held_up_likewise(connect_http: ConnectHttp, pauses: Pauses) -> None:
    def turn(peer: Peer) -> None:
        while True:
            if peer.request().method == "GET":
                peer.open_stream()
                flood(peer, '{"method":"last"}')
                peer.wait_for_the_end()
            else:
                peer.answer(status="202 Accepted")

    with RawServer(turn) as server:
        asker = connect_http(server.url, pause=pauses, clock=pauses.clock)
        asker.ask("notifications/initialized").outcome()

        assert [asker.received().method for _ in range(FLOOD + 1)][-1] == "last"

        assert sum(pauses.all_asked()) == pytest.approx(FLOOD / MOST_MESSAGES_PER_S, rel=0.2)


def test_an_abort_ends_a_flood_that_is_held_up(connect_http: ConnectHttp) -> None:
    def turn(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event("[" + ",".join(['{"method":"x"}'] * 2 * MOST_MESSAGES_PER_S) + "]")
        peer.wait_for_the_end()

    with TurnServer(turn) as server:
        asker = connect_http(server.url, pause=lambda grip, _: grip.pause(A_YEAR_S))
        asked = asker.ask(timeout_s=1000)
        asker.received()

        asked.handle.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)


def heard(asker: Asker) -> int:
    return sum(isinstance(asker.events.get(), Received) for _ in range(asker.events.qsize()))
