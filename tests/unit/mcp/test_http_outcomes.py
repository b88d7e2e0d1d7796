"""Everything that may come instead of an answer, and whether the call can have been executed."""

import socket
from typing import Any

import pytest

from actors.call import SendTicket
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
    ResponseTooLargeError,
    ServerUnavailableError,
    SessionLostError,
)
from tests.fixtures.asking import Asker
from tests.fixtures.raw_server import Peer, RawServer
from tests.unit.mcp.conftest import ConnectHttp

INITIALIZED = b'{"id":1,"result":{"protocolVersion":"2025-11-25"}}'
OK = b'{"id":1,"result":{}}'


def the_error(asker: Asker, method: str = "tools/call", **how: Any) -> MCPOrchestratorError:
    outcome = asker.ask(method, **how).outcome()
    assert isinstance(outcome, MCPOrchestratorError), outcome
    return outcome


def answering(status: str, body: bytes = b"", *, headers: str = "", kind: str = "text/plain") -> RawServer:
    """Open a session if asked to, and answer everything else like this."""

    def script(peer: Peer) -> None:
        while True:
            if b'"initialize"' in peer.request().body:
                peer.answer(INITIALIZED, headers="Mcp-Session-Id: abc-1\r\n")
            else:
                peer.answer(body, status=status, headers=headers, kind=kind)

    return RawServer(script)


def sending(*pieces: bytes) -> RawServer:
    """Read a request, send these bytes and hang up."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*pieces)

    return RawServer(script)


def test_a_deadline_that_has_passed_sends_nothing(connect_http: ConnectHttp) -> None:
    with answering("200 OK", OK) as server:
        error = the_error(connect_http(server.url), timeout_s=-1)

        assert isinstance(error, MCPTimeoutError)
        assert error.executed == "no"
        assert server.connections == 0


def test_without_an_abort_at_the_deadline_silence_ends_soon_after_it(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.mcp.http_round_trip.BACKSTOP_S", 0.1)

    with RawServer(Peer.wait_for_the_end) as server:
        error = the_error(connect_http(server.url), timeout_s=0.05)

    assert isinstance(error, MCPTimeoutError)
    assert error.executed == "unknown"


def test_a_withdrawn_call_sends_no_byte(connect_http: ConnectHttp) -> None:
    received: list[bytes] = []
    ticket = SendTicket()
    ticket.withdraw()

    with RawServer(lambda peer: received.append(peer.sock.recv(65536))) as server:
        outcome = connect_http(server.url).ask(ticket=ticket).outcome()
        server.connected.get(timeout=20)

    assert isinstance(outcome, NotExecutedError)
    assert received == [b""]


def test_a_withdrawn_call_sends_no_byte_on_a_connection_in_use_either(connect_http: ConnectHttp) -> None:
    received: list[bytes] = []
    ticket = SendTicket()
    ticket.withdraw()

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(OK)
        received.append(peer.sock.recv(65536))

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()
        outcome = asker.ask(ticket=ticket).outcome()

    assert isinstance(outcome, NotExecutedError)
    assert received == [b""]


def test_what_json_cannot_say_sends_no_byte(connect_http: ConnectHttp) -> None:
    with answering("200 OK", OK) as server:
        error = the_error(connect_http(server.url), params={"value": {1, 2}})

        assert isinstance(error, NotExecutedError)
        assert server.connections == 0


HALF_ANSWERS = {
    "nothing": b"",
    "half a status line": b"HTTP/1.1 20",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"id":1,"res',
    "half a body until the end": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id":1,"res',
    "half a chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n19\r\n{"id":1,',
    "no last chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{"id":1,"result":{}}\r\n',
    "half an event": b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {"id":1,"result":{}}\n',
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "malformed JSON": b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id":1,,',
    "malformed event": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\n\n",
    "a page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "an answer to another request": b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"id":2,"result":{}}',
    "an error for another request": b'HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n{"id":2,"error":{"code":-32602}}',
    "taken, no answer": b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
    "nothing where an answer belongs": b"HTTP/1.1 204 No Content\r\n\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200,
}


@pytest.mark.parametrize("raw", HALF_ANSWERS.values(), ids=HALF_ANSWERS.keys())
def test_anything_that_is_no_whole_answer_is_an_unknown_outcome(raw: bytes, connect_http: ConnectHttp) -> None:
    with sending(raw) as server:
        error = the_error(connect_http(server.url))

    assert isinstance(error, OutcomeUnknownError)
    assert not error.stale


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_reset_after_the_request_is_an_unknown_outcome(before: bytes, connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(before)
        peer.reset()

    with RawServer(script) as server:
        assert isinstance(the_error(connect_http(server.url)), OutcomeUnknownError)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
def test_a_server_error_is_an_unknown_outcome(status: int, connect_http: ConnectHttp) -> None:
    with answering(
        f"{status} Oops", b'{"error":{"code":-32603,"message":"bang"}}', headers="Retry-After: 7\r\n"
    ) as server:
        error = the_error(connect_http(server.url))

    assert isinstance(error, OutcomeUnknownError)
    assert error.retry_after_s == 7.0
    assert str(status) in error.message
    assert "bang" in error.message


@pytest.mark.parametrize("status", [401, 403])
def test_missing_rights_were_not_executed(status: int, connect_http: ConnectHttp) -> None:
    with answering(f"{status} No") as server:
        error = the_error(connect_http(server.url))

    assert isinstance(error, ServerUnavailableError)
    assert error.state == "auth_required"


@pytest.mark.parametrize(("header", "wait_s"), [("", None), ("Retry-After: 30\r\n", 30.0)])
def test_too_many_requests_were_not_executed(header: str, wait_s: float | None, connect_http: ConnectHttp) -> None:
    with answering("429 Too Many Requests", headers=header) as server:
        error = the_error(connect_http(server.url))

    assert isinstance(error, ServerUnavailableError)
    assert (error.state, error.retry_after_s) == ("throttled", wait_s)


SESSION_LOST = [
    ("404 Not Found", b""),
    ("404 Not Found", b'{"id":null,"error":{"code":-32001,"message":"Session not found"}}'),
    ("400 Bad Request", b"No valid session ID provided"),
    ("400 Bad Request", b'{"id":"server-error","error":{"code":-32600,"message":"Missing session ID"}}'),
    ("400 Bad Request", b'{"id":null,"error":{"code":-32000,"message":"Server not initialized"}}'),
]


@pytest.mark.parametrize(("status", "body"), SESSION_LOST)
def test_a_session_the_server_forgot_is_lost_and_the_call_not_executed(
    status: str, body: bytes, connect_http: ConnectHttp
) -> None:
    with answering(status, body) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()

        assert isinstance(the_error(asker), SessionLostError)
        assert isinstance(the_error(asker, "notifications/initialized"), SessionLostError)


def test_a_refusal_with_a_meaning_for_the_call_is_no_lost_session(connect_http: ConnectHttp) -> None:
    with answering("400 Bad Request", b'{"id":2,"error":{"code":-32602,"message":"bad"}}') as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()

        error = the_error(asker)

    assert isinstance(error, MCPToolError)
    assert error.code == -32602


@pytest.mark.parametrize("status", [400, 404, 405, 406, 410, 413, 415])
def test_a_refusal_without_a_session_was_not_executed_and_says_what_to_check(
    status: int, connect_http: ConnectHttp
) -> None:
    with answering(f"{status} No", b"<html>") as server:
        error = the_error(connect_http(server.url + "?api_key=secret"))

    assert isinstance(error, MCPConnectionError)
    assert f"/mcp: HTTP {status}: " in error.message
    assert "secret" not in error.message


@pytest.mark.parametrize("status", [408, 409, 418, 422, 425])
def test_a_refusal_that_may_come_after_the_work_was_begun_leaves_it_unknown_what_ran(
    status: int, connect_http: ConnectHttp
) -> None:
    with answering(f"{status} No", b"<html>") as server:
        error = the_error(connect_http(server.url))

    assert isinstance(error, OutcomeUnknownError)
    assert error.status == status


def test_a_refusal_is_understood_though_its_body_breaks_off(connect_http: ConnectHttp) -> None:
    with sending(b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nhalf") as server:
        assert isinstance(the_error(connect_http(server.url)), ServerUnavailableError)


@pytest.mark.parametrize("half_close", [True, False])
def test_an_answer_is_heard_though_the_server_closed_before_it_read_the_whole_request(
    *, half_close: bool, connect_http: ConnectHttp
) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(1)
        peer.answer(status="413 Content Too Large")
        if half_close:
            peer.sock.shutdown(socket.SHUT_WR)

    with RawServer(script) as server:
        error = the_error(connect_http(server.url), params={"large": "x" * 10_000_000})

    assert isinstance(error, MCPConnectionError)
    assert "413" in error.message


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + b"x" * 2000,
    ],
    ids=["announced", "until the end", "chunked", "an event"],
)
def test_an_answer_over_the_limit_was_executed_and_is_thrown_away(raw: bytes, connect_http: ConnectHttp) -> None:
    with sending(raw) as server:
        error = the_error(connect_http(server.url, max_response_bytes=1000))

    assert isinstance(error, ResponseTooLargeError)
    assert error.executed == "yes"
