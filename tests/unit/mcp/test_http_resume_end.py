"""Whatever ends the wait for the rest of a stream, ends it at once; and what was sent stays sent."""

import socket
from threading import Event
from typing import Any

import pytest

from actors.errors import MCPTimeoutError, OutcomeUnknownError
from actors.transport import Received
from tests.fixtures.asking import LIMIT_S, Asked, Asker
from tests.fixtures.pauses import Pauses
from tests.fixtures.raw_server import Peer, RawRequest
from tests.fixtures.turns import TurnServer, initialized, stream
from tests.unit.mcp.conftest import ConnectHttp

AN_HOUR_MS = 3_600_000


def ask(asker: Asker, **how: Any) -> Asked:
    """Open a session and ask what has the id 2."""
    asker.ask("initialize").outcome()
    return asker.ask(**how)


@pytest.mark.parametrize("by", ["handle", "connection"])
def test_an_abort_ends_the_wait_for_the_rest_at_once(by: str, connect_http: ConnectHttp) -> None:
    with TurnServer(initialized, stream('{"method":"x"}', event_id="1", retry_ms=AN_HOUR_MS)) as server:
        asker = connect_http(server.url)
        asked = ask(asker, timeout_s=7200)
        assert asker.received() == Received(method="x", params={})

        asked.handle.abort() if by == "handle" else asker.connection.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        asker.connection.abort()
        asker.wait_until_released()
        assert asked.reports.empty()


def test_an_abort_ends_the_rest_itself(connect_http: ConnectHttp, pauses: Pauses) -> None:
    def silent(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event('{"method":"x"}')
        peer.wait_for_the_end()

    with TurnServer(initialized, stream(event_id="1"), silent) as server:
        asker = connect_http(server.url, pause=pauses)
        asked = ask(asker)
        asker.received()

        asked.handle.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)


def test_an_abort_while_the_name_is_looked_up_for_the_rest_does_not_call_it_unsent(
    connect_http: ConnectHttp, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, look_up = Event(), Event(), socket.getaddrinfo

    def hang(*args: Any, **how: Any) -> Any:
        began.set()
        go_on.wait(LIMIT_S)
        return look_up(*args, **how)

    def cut_for_good(peer: Peer, request: RawRequest) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        stream(event_id="1")(peer, request)
        peer.sock.shutdown(socket.SHUT_RDWR)

    with TurnServer(initialized, cut_for_good) as server:
        asked = ask(connect_http(server.url, pause=pauses))
        assert began.wait(LIMIT_S)

        asked.handle.abort()

        assert isinstance(asked.reports.get_nowait(), OutcomeUnknownError)
        go_on.set()


def test_the_deadline_ends_the_wait_for_the_rest(connect_http: ConnectHttp) -> None:
    with TurnServer(initialized, stream(event_id="1", retry_ms=AN_HOUR_MS)) as server:
        error = ask(connect_http(server.url), timeout_s=0.2).outcome()

        assert isinstance(error, MCPTimeoutError)
        assert error.executed == "unknown"
        assert [server.next_seen().method for _ in range(2)] == ["POST", "POST"]
        assert server.seen.empty()


def test_close_waits_for_the_rest(connect_http: ConnectHttp) -> None:
    def held(peer: Peer, request: RawRequest) -> None:
        server.connected.put(99)
        server.release.wait(LIMIT_S)
        stream('{"id":2,"result":{"a":1}}')(peer, request)

    with TurnServer(initialized, stream(event_id="1", retry_ms=1), held) as server:
        asker = connect_http(server.url)
        asked = ask(asker)
        while server.connected.get(timeout=LIMIT_S) != 99:
            pass

        asker.connection.close()

        assert asked.reports.empty()
        server.release.set()
        assert asked.outcome() == {"a": 1}
        assert server.next_seen("DELETE")
        asker.wait_until_released()
