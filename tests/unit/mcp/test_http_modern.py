"""Requests of revision 2026-07-28 over HTTP: each stands alone, and says in headers what its body says."""

import json
from typing import Any

import pytest

from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.mcp.envelope import enclosed, envelope
from actors.transport import Request
from tests.fixtures.asking import LIMIT_S, Asker
from tests.fixtures.pauses import Pauses
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.fixtures.turns import TurnServer
from tests.unit.mcp.conftest import ConnectHttp

VERSION = "2026-07-28"


def modern(params: dict[str, Any] | None = None) -> Any:
    return enclosed(params, envelope(VERSION, {}))


def result(request: RawRequest, value: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(request.body)["id"], "result": value}).encode()


def answer(peer: Peer, request: RawRequest) -> None:
    peer.answer(result(request, {}), headers="Mcp-Session-Id: never-asked-for\r\n")


def test_a_modern_request_names_revision_method_and_tool_in_its_headers(connect_http: ConnectHttp) -> None:
    with TurnServer(answer) as server:
        connect_http(server.url).ask("tools/call", modern({"name": "grüßen"})).outcome()

        headers = server.next_seen("POST").headers

    assert headers["mcp-protocol-version"] == VERSION
    assert headers["mcp-method"] == "tools/call"
    assert headers["mcp-name"] == "=?base64?Z3LDvMOfZW4=?="
    assert headers["accept"] == "application/json, text/event-stream"


def test_the_headers_of_the_message_itself_go_out_too(connect_http: ConnectHttp) -> None:
    with TurnServer(answer) as server:
        request = Request(
            id=1, method="tools/call", params=modern({"name": "a"}), headers={"Mcp-Param-Region": "us-west1"}
        )
        connect_http(server.url).send(request).outcome()

        headers = server.next_seen("POST").headers

    assert (headers["mcp-param-region"], headers["mcp-name"]) == ("us-west1", "a")


def test_requests_in_a_row_say_each_what_is_true_of_it(connect_http: ConnectHttp) -> None:
    names = ["a", "a", "b", "a"]
    with TurnServer(*([answer] * len(names))) as server:
        asker = connect_http(server.url)
        for name in names:
            assert asker.ask("tools/call", modern({"name": name})).outcome() == {}

        seen = [server.next_seen() for _ in names]
        assert server.connections == 1

    assert [request.headers["mcp-name"] for request in seen] == names
    assert [json.loads(request.body)["params"]["name"] for request in seen] == names


def test_a_session_id_in_an_answer_is_not_taken_and_nothing_is_deleted(connect_http: ConnectHttp) -> None:
    with TurnServer(answer, answer) as server:
        asker = connect_http(server.url)
        asker.ask("server/discover", modern()).outcome()
        asker.ask("tools/list", modern()).outcome()
        asker.connection.close()
        asker.wait_until_released()

        seen = [server.seen.get() for _ in range(server.seen.qsize())]

    assert [request.method for request in seen] == ["POST", "POST"]
    assert not any("mcp-session-id" in request.headers for request in seen)


def test_a_probe_leaves_no_trace_in_the_session_that_comes_after_it(connect_http: ConnectHttp) -> None:
    def initialized(peer: Peer, request: RawRequest) -> None:
        peer.answer(result(request, {"protocolVersion": "2025-06-18"}), headers="Mcp-Session-Id: abc-1\r\n")

    def refuse(peer: Peer, _: RawRequest) -> None:
        peer.answer(
            b'{"id":"server-error","error":{"code":-32600,"message":"Missing session ID"}}',
            status="400 Bad Request",
            headers="Mcp-Session-Id: half-made\r\n",
        )

    with TurnServer(refuse, initialized, answer, answer) as server:
        asker = connect_http(server.url)
        asker.ask("server/discover", modern()).outcome()
        asker.ask("initialize").outcome()
        asker.ask("tools/list").outcome()
        asker.ask("server/discover", modern()).outcome()

        _, opening, inside, aside = (server.next_seen().headers for _ in range(4))

    modern_only = {"mcp-method", "mcp-name"}
    assert not opening.keys() & {"mcp-session-id", "mcp-protocol-version", *modern_only}
    assert (inside["mcp-session-id"], inside["mcp-protocol-version"]) == ("abc-1", "2025-06-18")
    assert not inside.keys() & modern_only
    assert "mcp-session-id" not in aside
    assert aside["mcp-protocol-version"] == VERSION


JSON = "application/json"
REFUSED = '{"id":null,"error":{"code":%d,"message":"no","data":{"supported":["2026-07-28"]}}}'

PROBED = {
    "HTTP+SSE on express": ("404 Not Found", "text/html", "<html>", MCPConnectionError),
    "HTTP+SSE on starlette": ("405 Method Not Allowed", "text/plain", "Method Not Allowed", MCPConnectionError),
    "other headers wanted": ("406 Not Acceptable", JSON, "", MCPConnectionError),
    "a page for a bad request": ("400 Bad Request", "text/html", "<html>", MCPConnectionError),
    "stateful TypeScript": ("400 Bad Request", JSON, REFUSED % -32000, MCPToolError),
    "Python 1.x": ("400 Bad Request", JSON, REFUSED % -32600, MCPToolError),
    "a bridge to a child": ("404 Not Found", JSON, REFUSED % -32601, MCPToolError),
    "another revision": ("400 Bad Request", JSON, REFUSED % -32022, MCPToolError),
    "broken": ("500 Internal Server Error", "text/plain", "oops", OutcomeUnknownError),
    "broken, and says so": ("500 Internal Server Error", JSON, REFUSED % -32603, OutcomeUnknownError),
    "busy": ("503 Service Unavailable", JSON, "", OutcomeUnknownError),
    "no rights": ("401 Unauthorized", JSON, "", ServerUnavailableError),
    "not allowed": ("403 Forbidden", JSON, "", ServerUnavailableError),
    "too many": ("429 Too Many Requests", JSON, "", ServerUnavailableError),
    "moved away": ("302 Found", JSON, "", MCPConnectionError),
    "a page": ("200 OK", "text/html", "<html>", OutcomeUnknownError),
    "junk": ("200 OK", JSON, "[1]", OutcomeUnknownError),
    "no result": ("200 OK", JSON, '{"id":1,"result":"ok"}', OutcomeUnknownError),
    "another's answer": ("200 OK", JSON, '{"id":9,"result":{}}', OutcomeUnknownError),
    "nothing": ("200 OK", JSON, "", OutcomeUnknownError),
    "taken": ("202 Accepted", JSON, "", OutcomeUnknownError),
    "no content": ("204 No Content", JSON, "", OutcomeUnknownError),
    "junk in an event": ("200 OK", "text/event-stream", "data: hello\n\n", OutcomeUnknownError),
    "an error in an event": ("200 OK", "text/event-stream", f"data: {REFUSED % -32601}\n\n", MCPToolError),
}


@pytest.mark.parametrize(("status", "kind", "body", "error"), PROBED.values(), ids=PROBED.keys())
def test_what_a_server_answers_to_the_probe_is_told_with_its_status(
    status: str, kind: str, body: str, error: type[MCPOrchestratorError], connect_http: ConnectHttp
) -> None:
    def refuse(peer: Peer, _: RawRequest) -> None:
        peer.answer(body.encode(), status=status, kind=kind)

    with TurnServer(refuse) as server:
        outcome = connect_http(server.url).ask("server/discover", modern(), replay_safe=True).outcome()

    assert type(outcome) is error
    assert isinstance(outcome, MCPOrchestratorError)
    assert outcome.status == int(status[:3])


def test_redirects_in_a_circle_are_told_with_their_status(connect_http: ConnectHttp) -> None:
    def elsewhere(peer: Peer, _: RawRequest) -> None:
        peer.answer(status="307 Temporary Redirect", headers="Location: /mcp\r\n")

    with TurnServer(*([elsewhere] * 4)) as server:
        error = probe(connect_http(server.url))

    assert isinstance(error, MCPConnectionError)
    assert error.status == 307


NO_ANSWER = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 404 Not",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<h",
    "half a stream": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {",
    "a stream that ends": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
}


@pytest.mark.parametrize("raw", NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_what_is_no_answer_has_no_status(raw: bytes, connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(raw)

    with RawServer(script) as server:
        error = probe(connect_http(server.url))

    assert isinstance(error, OutcomeUnknownError)
    assert error.status is None


def test_a_server_that_is_not_there_has_no_status(connect_http: ConnectHttp) -> None:
    with RawServer(lambda _: None) as server:
        server.stop_listening()
        error = probe(connect_http(server.url))

    assert isinstance(error, MCPConnectionError)
    assert error.status is None


def test_silence_has_no_status(connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.mcp.http_round_trip.BACKSTOP_S", 0.1)

    with RawServer(Peer.wait_for_the_end) as server:
        error = probe(connect_http(server.url), timeout_s=0.05)

    assert error.status is None


def probe(asker: Asker, *, timeout_s: float = LIMIT_S) -> MCPOrchestratorError:
    outcome = asker.ask("server/discover", modern(), timeout_s=timeout_s).outcome()
    assert isinstance(outcome, MCPOrchestratorError)
    return outcome


def test_a_modern_stream_that_ends_without_the_answer_is_not_resumed(connect_http: ConnectHttp, pauses: Pauses) -> None:
    def cut(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event(event_id="7", retry_ms=1)
        peer.end_stream()

    with TurnServer(cut) as server:
        asker = connect_http(server.url, pause=pauses)

        assert isinstance(asker.ask("tools/call", modern({"name": "a"})).outcome(), OutcomeUnknownError)
        assert server.next_seen().method == "POST"
        assert server.seen.empty()
    assert pauses.asked.empty()


def test_an_abort_of_a_modern_request_hangs_up(connect_http: ConnectHttp) -> None:
    hung_up = LIMIT_S

    def silent(peer: Peer, _: RawRequest) -> None:
        peer.open_stream()
        peer.event('{"method":"notifications/progress","params":{}}')
        peer.wait_for_the_end()
        server.connected.put(99)

    with TurnServer(silent) as server:
        asker = connect_http(server.url)
        asked = asker.ask("tools/call", modern({"name": "a"}))
        asker.received()

        asked.handle.abort()

        assert server.connected.get(timeout=hung_up) == 0
        assert server.connected.get(timeout=hung_up) == 99
        assert isinstance(asked.outcome(), OutcomeUnknownError)


def test_a_session_does_not_lend_its_meaning_to_a_modern_request(connect_http: ConnectHttp) -> None:
    def initialized(peer: Peer, request: RawRequest) -> None:
        peer.answer(result(request, {"protocolVersion": "2025-06-18"}), headers="Mcp-Session-Id: abc-1\r\n")

    def not_found(peer: Peer, _: RawRequest) -> None:
        peer.answer(status="404 Not Found")

    with TurnServer(initialized, not_found) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()

        assert isinstance(probe(asker), MCPConnectionError)  # And no lost session.
