"""Streamable HTTP with a server that behaves: what goes out, what is understood, which socket is used again."""

import json
from queue import SimpleQueue

import pytest

from actors.call import Outcome
from actors.errors import MCPConnectionError, MCPToolError
from actors.transport import Received, Reply
from tests.fixtures.raw_server import Peer, RawRequest, RawServer
from tests.unit.mcp.conftest import ConnectHttp

INITIALIZED = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}


def result(request: RawRequest, value: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(request.body)["id"], "result": value}).encode()


def echo(peer: Peer) -> None:
    """Answer each request with how it was sent."""
    while True:
        request = peer.request()
        peer.answer(result(request, {"headers": request.headers, "path": request.path, "connection": peer.number}))


def with_session(peer: Peer) -> None:
    """Open a session, then answer as `echo` does; say nothing much to what wants no answer."""
    while True:
        request = peer.request()
        message = json.loads(request.body or b"{}")
        if message.get("method") == "initialize":
            peer.answer(result(request, INITIALIZED), headers="Mcp-Session-Id: abc-1\r\n")
        elif "id" not in message or "method" not in message:
            peer.answer(json.dumps(request.headers).encode(), status="202 Accepted")
        else:
            peer.answer(result(request, {"headers": request.headers}), headers="Mcp-Session-Id: another\r\n")


def the_result(outcome: Outcome) -> dict[str, object]:
    assert isinstance(outcome, dict), outcome
    return outcome


def test_a_request_is_one_post_with_the_headers_of_the_protocol_and_of_the_configuration(
    connect_http: ConnectHttp,
) -> None:
    with RawServer(echo) as server:
        asker = connect_http(server.url + "?key=1", headers={"Authorization": "Bearer x", "accept": "text/html"})

        answer = the_result(asker.ask().outcome())

    headers = answer["headers"]
    assert isinstance(headers, dict)
    assert answer["path"] == "/mcp?key=1"
    assert headers["accept"] == "application/json, text/event-stream"
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer x"
    assert headers["host"] == f"localhost:{server.port}"
    assert not headers.keys() & {"mcp-session-id", "mcp-protocol-version", "cookie"}


def test_head_and_body_of_a_small_request_go_out_in_one_segment(connect_http: ConnectHttp) -> None:
    first: SimpleQueue[bytes] = SimpleQueue()

    def read_once(peer: Peer) -> None:
        first.put(peer.sock.recv(65536))

    with RawServer(read_once) as server:
        connect_http(server.url).ask().outcome()

    assert b'"tools/call"' in first.get()


def test_the_session_of_initialize_is_named_on_everything_after_it(connect_http: ConnectHttp) -> None:
    with RawServer(with_session) as server:
        asker = connect_http(server.url)
        assert asker.ask("initialize").outcome() == INITIALIZED

        for _ in range(2):
            headers = the_result(asker.ask().outcome())["headers"]

            assert isinstance(headers, dict)
            assert headers["mcp-session-id"] == "abc-1"
            assert headers["mcp-protocol-version"] == "2025-06-18"


@pytest.mark.parametrize(
    "answer",
    [b'{"id":1,"error":{"code":-32600,"message":"no"}}', b'{"id":2,"result":{}}'],
    ids=["a refusal", "an answer to something else"],
)
def test_a_session_id_on_anything_but_a_result_of_initialize_is_not_taken(
    answer: bytes, connect_http: ConnectHttp
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(answer, headers="Mcp-Session-Id: abc-1\r\n")
        echo(peer)

    with RawServer(script) as server:
        asker = connect_http(server.url)
        assert not isinstance(asker.ask("initialize").outcome(), dict)

        headers = the_result(asker.ask().outcome())["headers"]

    assert isinstance(headers, dict)
    assert "mcp-session-id" not in headers


def test_initialize_never_names_a_session(connect_http: ConnectHttp) -> None:
    seen: SimpleQueue[RawRequest] = SimpleQueue()

    def script(peer: Peer) -> None:
        while True:
            seen.put(request := peer.request())
            peer.answer(result(request, INITIALIZED), headers="Mcp-Session-Id: abc-1\r\n")

    with RawServer(script) as server:
        asker = connect_http(server.url)
        asker.ask("initialize").outcome()
        asker.ask("initialize").outcome()

    assert not any("mcp-session-id" in seen.get().headers for _ in range(2))


@pytest.mark.parametrize("status", ["202 Accepted", "200 OK", "204 No Content"])
def test_a_notification_and_a_reply_end_with_the_status_alone(status: str, connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.answer(status=status)

    with RawServer(script) as server:
        asker = connect_http(server.url)

        assert asker.ask("notifications/cancelled").outcome() == {}
        assert asker.send(Reply(id="s-1", result={})).outcome() == {}
        assert server.connections == 1


def test_calls_in_a_row_use_one_socket_and_calls_at_once_one_each(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if b"wait" in request.body:
                server.release.wait(20)
            peer.answer(result(request, {"connection": peer.number}))

    with RawServer(script) as server:
        asker = connect_http(server.url)
        assert [asker.ask().outcome() for _ in range(5)] == [{"connection": 0}] * 5

        waiting = [asker.ask("wait") for _ in range(3)]
        assert {server.connected.get(timeout=20) for _ in range(3)} == {0, 1, 2}
        server.release.set()

        assert sorted(str(asked.outcome()) for asked in waiting) == [f"{{'connection': {n}}}" for n in range(3)]


@pytest.mark.parametrize(
    "raw",
    [
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"id":\r\n13\r\n1,"result":{"a":1}}\r\n0\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":1,"result":{"a":1}}',
        b'HTTP/1.0 200 OK\r\n\r\n{"id":1,"result":{"a":1}}',
        b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 25\r\n\r\n{"id":1,"result":{"a":1}}',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"id":1,"result":{"a":1}}',
    ],
    ids=["chunked", "close", "1.0", "close with length", "100 first"],
)
def test_a_body_may_be_framed_in_any_way_http_has(raw: bytes, connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        for byte in raw:
            peer.send(bytes([byte]))

    with RawServer(script) as server:
        assert connect_http(server.url).ask().outcome() == {"a": 1}


def test_a_json_body_may_be_a_batch_with_the_answer_inside(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'[{"method":"notifications/x","params":{"n":1}},{"id":9,"result":{}},{"id":1,"result":{"a":1}}]')

    with RawServer(script) as server:
        asker = connect_http(server.url)

        assert asker.ask().outcome() == {"a": 1}
        assert asker.received() == Received(method="notifications/x", params={"n": 1})


@pytest.mark.parametrize("error_id", ["null", '"server-error"', "1"])
def test_an_error_in_the_body_answers_the_request_whatever_id_it_names(
    error_id: str, connect_http: ConnectHttp
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(f'{{"id":{error_id},"error":{{"code":-32602,"message":"unknown tool"}}}}'.encode())

    with RawServer(script) as server:
        error = connect_http(server.url).ask().outcome()

    assert isinstance(error, MCPToolError)
    assert (error.code, error.executed) == (-32602, "no")


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
@pytest.mark.parametrize("location", ["/mcp/", "http://localhost:{port}/mcp/", "mcp/"])
def test_a_redirect_within_the_origin_is_followed_with_the_same_message(
    status: str, location: str, connect_http: ConnectHttp
) -> None:
    def script(peer: Peer) -> None:
        request = peer.request()
        assert request.path == "/mcp"
        peer.answer(b"moved", status=status, headers=f"Location: {location.format(port=server.port)}\r\n")
        echo(peer)

    with RawServer(script) as server:
        answer = the_result(connect_http(server.url).ask().outcome())

    assert answer["path"] == "/mcp/"
    assert answer["connection"] == 0


@pytest.mark.parametrize(
    ("status", "location"),
    [
        ("307 Temporary Redirect", "http://127.0.0.1:{port}/mcp"),
        ("307 Temporary Redirect", "http://localhost:1/mcp"),
        ("308 Permanent Redirect", "https://localhost:{port}/mcp"),
        ("307 Temporary Redirect", "http://[bad/mcp"),
        ("302 Found", "/mcp/"),
    ],
    ids=["other host", "other port", "other scheme", "no url", "302"],
)
def test_any_other_redirect_is_not_followed_and_was_not_executed(
    status: str, location: str, connect_http: ConnectHttp
) -> None:
    seen: SimpleQueue[RawRequest] = SimpleQueue()

    def script(peer: Peer) -> None:
        while True:
            seen.put(peer.request())
            peer.answer(status=status, headers=f"Location: {location.format(port=server.port)}\r\n")

    with RawServer(script) as server:
        error = connect_http(server.url).ask().outcome()

    assert isinstance(error, MCPConnectionError)
    assert location.format(port=server.port) in error.message
    assert seen.qsize() == 1


def test_redirects_in_a_circle_end(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.answer(status="307 Temporary Redirect", headers="Location: /mcp\r\n")

    with RawServer(script) as server:
        error = connect_http(server.url).ask().outcome()

    assert isinstance(error, MCPConnectionError)
    assert "redirected more than 3 times" in error.message
