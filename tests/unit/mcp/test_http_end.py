"""The end of a connection over HTTP: what is under way ends first, then DELETE, sockets, threads, Released."""

import json
import random
import select
import time
from queue import SimpleQueue
from threading import Event

import pytest

from actors.call import Outcome, SendTicket
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, NotExecutedError, OutcomeUnknownError
from actors.mcp.streamable_http import StreamableHttpConnection
from actors.transport import Event as TransportEvent
from actors.transport import Received, Request
from tests.fixtures.asking import LIMIT_S, Asked
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.fixtures.turns import TurnServer, answering, initialized
from tests.unit.mcp.conftest import ConnectHttp

INITIALIZED = b'{"id":1,"result":{"protocolVersion":"2025-11-25"}}'


class SessionServer(RawServer):
    """Opens a session, answers calls once released, and keeps each DELETE that it saw."""

    def __init__(self, *, delete: str = "200 OK") -> None:
        self.deleted: SimpleQueue[RawRequest] = SimpleQueue()
        self.asked = Event()
        self._delete = delete
        super().__init__(self._talk)

    def _talk(self, peer: Peer) -> None:
        while True:
            request = peer.request()
            if request.method == "DELETE":
                self.deleted.put(request)
                if not self._delete:
                    peer.wait_for_the_end()
                peer.answer(status=self._delete)
            elif b'"initialize"' in request.body:
                peer.answer(INITIALIZED, headers="Mcp-Session-Id: abc-1\r\n")
            else:
                self.asked.set()
                self.release.wait(LIMIT_S)
                peer.answer(json.dumps({"id": json.loads(request.body)["id"], "result": {}}).encode())


@pytest.mark.parametrize("answer", ["200 OK", "204 No Content", "404 Not Found", "405 Method Not Allowed"])
def test_close_deletes_the_session_whatever_the_server_says_to_it(answer: str, connect_http: ConnectHttp) -> None:
    with SessionServer(delete=answer) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()

        asker.connection.close()
        asker.connection.close()

        asker.wait_until_released()
        deleted = server.deleted.get(timeout=LIMIT_S)
        assert server.deleted.empty()
        assert server.connections == 1
    assert deleted.headers["mcp-session-id"] == "abc-1"
    assert deleted.headers["mcp-protocol-version"] == "2025-11-25"
    assert (deleted.path, deleted.body) == ("/mcp", b"")


def test_a_session_is_deleted_where_it_was_opened_after_a_redirect(connect_http: ConnectHttp) -> None:
    moved = answering(status="307 Temporary Redirect", headers="Location: /mcp/\r\n")
    with TurnServer(moved, initialized, answering()) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()

        asker.connection.close()

        asker.wait_until_released()
        assert server.next_seen("DELETE").path == "/mcp/"


def test_the_socket_stays_open_until_the_server_has_answered_the_delete(connect_http: ConnectHttp) -> None:
    hung_up: SimpleQueue[bool] = SimpleQueue()

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(INITIALIZED, headers="Mcp-Session-Id: abc-1\r\n")
        peer.request()
        hung_up.put(bool(select.select([peer.sock], [], [], 0.05)[0]))
        peer.answer()

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()

        asker.connection.close()

        asker.wait_until_released()
    assert not hung_up.get(timeout=LIMIT_S)


def test_close_waits_for_what_is_under_way(connect_http: ConnectHttp) -> None:
    with SessionServer() as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()
        asked = asker.ask()
        assert server.asked.wait(LIMIT_S)

        asker.connection.close()

        assert server.deleted.empty()
        assert asked.reports.empty()
        server.release.set()
        assert asked.outcome() == {}
        server.deleted.get(timeout=LIMIT_S)
        asker.wait_until_released()


def test_close_does_not_wait_longer_for_the_answer_to_delete_than_for_a_connect(connect_http: ConnectHttp) -> None:
    with SessionServer(delete="") as server:
        asker = connect_http(server.url, connect_timeout_s=0.05)
        asker.ask("initialize").outcome()

        asker.connection.close()

        asker.wait_until_released()


def test_an_abort_ends_a_delete_that_hangs(connect_http: ConnectHttp) -> None:
    with SessionServer(delete="") as server:
        asker = connect_http(server.url, connect_timeout_s=1000)
        asker.ask("initialize").outcome()
        asker.connection.close()
        server.deleted.get(timeout=LIMIT_S)

        asker.connection.abort()

        asker.wait_until_released()


def test_without_a_session_there_is_nothing_to_delete(connect_http: ConnectHttp) -> None:
    with SessionServer() as server:
        server.release.set()
        asker = connect_http(server.url)
        asker.ask().outcome()

        asker.connection.close()

        asker.wait_until_released()
        assert server.deleted.empty()


def test_a_connection_that_was_never_used_is_released_at_once(connect_http: ConnectHttp) -> None:
    asker = connect_http("http://localhost:1/mcp")

    asker.connection.close()

    asker.wait_until_released()


def test_an_abort_sends_no_delete(connect_http: ConnectHttp) -> None:
    with SessionServer() as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()
        asked = asker.ask()
        assert server.asked.wait(LIMIT_S)

        asker.connection.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        asker.wait_until_released()
        assert server.deleted.empty()


@pytest.mark.parametrize("end", ["close", "abort"])
def test_after_the_end_nothing_is_sent(end: str, connect_http: ConnectHttp) -> None:
    with SessionServer() as server:
        asker = connect_http(server.url)
        getattr(asker.connection, end)()

        asked = asker.ask()
        error = asked.outcome()
        asked.handle.abort()

        assert isinstance(error, MCPConnectionError)
        assert "closed" in error.message
        assert asked.reports.empty()
        assert server.connections == 0


def test_a_server_without_a_url_is_refused() -> None:
    config = ServerConfig.model_validate({"name": "s", "command": ["x"]})

    with pytest.raises(ValueError, match="no url"):
        StreamableHttpConnection(config, lambda _: None)


def test_a_listener_that_raises_leaves_no_call_without_an_outcome(caplog: pytest.LogCaptureFixture) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'[{"method":"x"},{"id":1,"result":{}}]')

    def listen(event: TransportEvent) -> None:
        if isinstance(event, Received):
            raise SystemExit
        released.set()

    reports: SimpleQueue[Outcome] = SimpleQueue()
    released = Event()
    with RawServer(script) as server:
        connection = StreamableHttpConnection(ServerConfig.model_validate({"name": "s", "url": server.url}), listen)
        connection.start(Request(id=1, method="m"), time.monotonic() + LIMIT_S, SendTicket(), reports.put)

        assert isinstance(reports.get(timeout=LIMIT_S), OutcomeUnknownError)
        connection.close()
        assert released.wait(LIMIT_S)
    assert "an exchange failed" in caplog.text


def test_a_report_that_raises_costs_neither_the_thread_nor_the_end(
    connect_http: ConnectHttp, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Outcome) -> None:
        reported.set()
        raise RuntimeError("nobody is there")

    reported = Event()
    with SessionServer() as server:
        server.release.set()
        asker = connect_http(server.url)
        asker.connection.start(Request(id=1, method="m"), time.monotonic() + LIMIT_S, SendTicket(), refuse)
        assert reported.wait(LIMIT_S)

        assert asker.ask().outcome() == {}
        asker.connection.close()
        asker.wait_until_released()
    assert "nobody is there" in caplog.text


def test_without_a_thread_to_send_from_a_call_was_not_executed(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    asker = connect_http("http://localhost:1/mcp")
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", no_thread)

        outcome = asker.ask().outcome()

    assert isinstance(outcome, NotExecutedError)
    asker.connection.close()
    asker.wait_until_released()


def test_whenever_an_abort_comes_each_exchange_reports_once(connect_http: ConnectHttp) -> None:
    chance = random.Random(7)
    with SessionServer() as server:
        server.release.set()
        asker = connect_http(server.url)
        all_asked: list[Asked] = []
        for _ in range(100):
            batch = [asker.ask() for _ in range(4)]
            all_asked += batch
            for _ in range(chance.randrange(2000)):  # Some time, from none to all that a call takes.
                pass
            for asked in batch[:2]:
                asked.handle.abort()
        outcomes = [asked.outcome() for asked in all_asked]
        asker.connection.close()
        asker.wait_until_released()

    assert all(isinstance(outcome, dict | OutcomeUnknownError | NotExecutedError) for outcome in outcomes)
    assert all(isinstance(outcome, dict) for number, outcome in enumerate(outcomes) if number % 4 >= 2)
    assert all(asked.reports.empty() for asked in all_asked)
