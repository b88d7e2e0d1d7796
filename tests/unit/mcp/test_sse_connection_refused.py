"""What can go wrong with the GET that opens a session over HTTP+SSE, and what it means for the call."""

import socket
from threading import Thread

import pytest

from actors.call import SendTicket
from actors.config import ServerConfig
from actors.errors import (
    InvalidCallError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    NotExecutedError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.mcp.sse_connection import LegacySseConnection
from actors.transport import ConnectionLost, Event, Listener, Received
from tests.fixtures.asking import LIMIT_S
from tests.fixtures.raw_server import Peer, RawServer, hung_listener
from tests.fixtures.sse_server import STREAM, SseAsker, SseServer, asking, event


def the_error(asker: SseAsker, *, timeout_s: float = LIMIT_S) -> MCPOrchestratorError:
    outcome = asker.ask("initialize", timeout_s=timeout_s).outcome()
    assert isinstance(outcome, MCPOrchestratorError), outcome
    return outcome


def test_a_refused_connection_was_not_executed_and_is_lost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with asking(f"http://127.0.0.1:{port}/sse") as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert f"127.0.0.1:{port}" in error.message
        assert "refused" in error.message
        assert error.status is None
        assert isinstance(asker.events.get(timeout=LIMIT_S), ConnectionLost)
        assert isinstance(asker.ask().reports.get_nowait(), MCPConnectionError)


def test_a_connect_that_takes_too_long_was_not_executed() -> None:
    with hung_listener() as port, asking(f"http://127.0.0.1:{port}/sse", connect_timeout_s=0.05) as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert "no connection within" in error.message


def answering(status: str, *, kind: str = "text/html", headers: str = "", body: bytes = b"<p>no</p>") -> RawServer:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(body, status=status, kind=kind, headers=headers)

    return RawServer(script)


@pytest.mark.parametrize("status", [400, 404, 405, 406, 410, 500, 502, 503, 204, 301])
def test_a_get_that_is_refused_was_not_executed_and_the_error_has_the_status(status: int) -> None:
    headers = "Retry-After: 7\r\nLocation: http://elsewhere.invalid/sse\r\n"
    with answering(f"{status} No", headers=headers) as server, asking(server.url) as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert error.status == status
        assert f"HTTP {status}" in error.message
        assert error.retry_after_s == (7.0 if status >= 500 else None)
        assert ("elsewhere" in error.message) == (status == 301)


def test_a_json_rpc_error_in_answer_to_the_get_is_no_answer_to_the_call() -> None:
    body = b'{"jsonrpc":"2.0","id":"server-error","error":{"code":-32000,"message":"Method not allowed."}}'
    with answering("405 No", kind="application/json", body=body) as server, asking(server.url) as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert error.status == 405


@pytest.mark.parametrize(("status", "state"), [(401, "auth_required"), (403, "auth_required"), (429, "throttled")])
def test_a_get_that_is_refused_for_now_says_what_it_waits_for(status: int, state: str) -> None:
    with answering(f"{status} No", headers="Retry-After: 3\r\n") as server, asking(server.url) as asker:
        error = the_error(asker)

        assert isinstance(error, ServerUnavailableError)
        assert (error.state, error.status) == (state, status)
        assert error.retry_after_s == (3.0 if status == 429 else None)
        again = asker.ask().reports.get_nowait()
        assert isinstance(again, ServerUnavailableError)


def test_an_answer_that_is_no_stream_of_events_is_told_as_that() -> None:
    with answering("200 OK", kind="application/json", body=b"{}") as server, asking(server.url) as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert "application/json" in error.message
        assert error.status == 200


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (event("{}"), "'message' instead of the endpoint"),
        (event("x", "ping"), "'ping' instead of the endpoint"),
        (event("x" * 3000, "endpoint"), "instead of the endpoint"),
        (event("http://elsewhere.invalid/message?sessionId=secret", "endpoint"), "'http://elsewhere.invalid/message'"),
        (event("https://localhost/m", "endpoint"), "'https://localhost/m' is not on the server's own origin"),
        (event("//elsewhere.invalid/m", "endpoint"), "origin"),
        (event("javascript:alert(1)", "endpoint"), "origin"),
        (event("http://[::1", "endpoint"), "origin"),
        (event("http://localhost:{port}@elsewhere.invalid/", "endpoint"), "origin"),
    ],
)
def test_a_stream_that_begins_otherwise_than_with_an_endpoint_of_the_same_origin_is_refused(
    first: bytes, why: str
) -> None:
    with SseServer(endpoint=None) as server, asking(server.url, max_response_bytes=1000) as asker:
        asked = asker.ask("initialize")
        server.gets.get(timeout=LIMIT_S)

        server.send(first.replace(b"{port}", str(server.raw.port).encode()))

        error = asked.outcome()
        assert isinstance(error, MCPConnectionError)
        assert why in error.message
        assert "secret" not in error.message
        assert error.status == 200
        assert isinstance(asker.events.get(timeout=LIMIT_S), ConnectionLost)
        assert server.posts.empty()


@pytest.mark.parametrize(
    "misbehave", ["no head", "half a head", "a head without end", "comments without end", "no endpoint"]
)
def test_a_stream_without_an_endpoint_is_waited_for_as_long_as_the_call(misbehave: str) -> None:
    with SseServer(endpoint=None, misbehave=misbehave) as server, asking(server.url) as asker:
        error = the_error(asker, timeout_s=0.1)

        assert isinstance(error, MCPConnectionError)
        assert "no endpoint" in error.message
        asker.connection.close()
        asker.wait_until_released()


def test_a_call_whose_deadline_is_past_opens_nothing_for_others_to_suffer_from() -> None:
    with SseServer() as server, asking(server.url) as asker:
        error = the_error(asker, timeout_s=-1.0)
        second = asker.ask()
        server.answer(server.taken().message["id"])

        assert isinstance(error, MCPTimeoutError)
        assert error.executed == "no"
        assert second.outcome() == {}


def test_what_json_cannot_say_was_not_executed() -> None:
    with SseServer() as server, asking(server.url) as asker:
        assert isinstance(asker.ask(params={"x": object()}).outcome(), InvalidCallError)
        assert server.posts.empty()


def redirecting(peer: Peer) -> None:
    while True:
        request = peer.request()
        if request.path in {"/mcp", "/old"}:
            to = {"/mcp": "/new/sse", "/old": "/new/message"}[request.path]
            peer.answer(status="307 Temporary Redirect", headers=f"Location: {to}\r\n")
        elif request.method == "GET":
            peer.send(STREAM, b"\r\n", event("../old", "endpoint"))
            peer.wait_for_the_end()
        else:
            peer.answer(status="202 Accepted", headers=f"X-Path: {request.path}\r\n")


def test_redirects_within_the_origin_are_followed_and_the_endpoint_is_resolved_against_the_last_url() -> None:
    with RawServer(redirecting) as server, asking(server.url) as asker:
        assert asker.ask("notifications/initialized").outcome() == {}


@pytest.mark.parametrize("head", [b"", STREAM, b"HTTP/1.1 ???\r\n\r\n"])
def test_a_server_that_hangs_up_before_its_head_is_whole_executed_nothing(head: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head)

    with RawServer(script) as server, asking(server.url) as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert "no stream" in error.message or "ended the stream" in error.message


def test_a_listener_that_fails_ends_the_connection_and_not_only_its_thread(caplog: pytest.LogCaptureFixture) -> None:
    with SseServer() as server:
        config = ServerConfig.model_validate({"name": "raw", "url": server.url})

        def connect(listener: Listener) -> LegacySseConnection:
            def listen(event: Event) -> None:
                assert not isinstance(event, Received), "a bug of ours"
                listener(event)

            return LegacySseConnection(config, listen)

        asker = SseAsker(connect)
        asked = asker.ask()
        server.taken()

        server.say({"method": "x"})

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        assert isinstance(asker.events.get(timeout=LIMIT_S), ConnectionLost)
        assert "a bug of ours" in caplog.text
        asker.connection.close()
        asker.wait_until_released()


def test_an_exchange_that_fails_by_a_bug_is_reported_too(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(SendTicket):
        def claim(self) -> bool:
            raise AssertionError("a bug of ours")

    with SseServer() as server, asking(server.url) as asker:
        error = asker.ask(ticket=Broken()).outcome()

        assert isinstance(error, NotExecutedError)
        assert "internal error" in error.message
        assert "an exchange failed" in caplog.text
        assert server.posts.empty()


def test_a_system_without_threads_executes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Thread.start

    def refuse(thread: Thread) -> None:
        if thread.name == "sse raw":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(Thread, "start", refuse)
    with SseServer() as server, asking(server.url) as asker:
        error = the_error(asker)

        assert isinstance(error, MCPConnectionError)
        assert "can't start new thread" in error.message
        asker.connection.close()
        asker.wait_until_released()


def test_a_server_without_a_url_is_none_of_this_transport() -> None:
    config = ServerConfig.model_validate({"name": "child", "command": ["true"]})

    with pytest.raises(ValueError, match="child has no url"):
        LegacySseConnection(config, print)
