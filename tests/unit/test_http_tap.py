"""The tap finds what is wrong over HTTP: tests of the whole rely on it."""

import json
import socket
from contextlib import closing

import pytest

from tests.fixtures.http_tap import Tap, mistakes_in, requests_in

META: dict[str, object] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
COMMON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
MODERN = {**COMMON, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "echo"}
LEGACY = {**COMMON, "MCP-Protocol-Version": "2025-11-25", "Mcp-Session-Id": "s"}
CALL: dict[str, object] = {"id": 1, "method": "tools/call", "params": {"name": "echo", "_meta": META}}


def request(headers: dict[str, str], body: object = None, verb: str = "POST", path: str = "/mcp") -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    length = {} if body is None else {"Content-Length": str(len(data))}
    lines = [f"{verb} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**headers, **length}.items())]
    return "\r\n".join([*lines, "", ""]).encode() + data


def mistakes(raw: bytes) -> list[str]:
    (sent,) = requests_in(bytearray(raw))
    return mistakes_in(sent)


@pytest.mark.parametrize(
    "raw",
    [
        request(MODERN, CALL),
        request(
            {**MODERN, "Mcp-Name": "=?base64?VHJvbXPDuA==?="},
            {**CALL, "params": {"name": "Tromsø", "_meta": META}},
        ),
        request(COMMON, {"id": 0, "method": "initialize", "params": {}}),
        request(LEGACY, {"method": "notifications/initialized"}),
        request(COMMON, {"id": 1, "method": "ping"}, path="/messages/?session_id=1"),
        request({"Accept": "text/event-stream"}, verb="GET"),
        request({"Mcp-Session-Id": "s"}, verb="DELETE"),
    ],
)
def test_nothing_is_wrong_with_what_is_right(raw: bytes) -> None:
    assert mistakes(raw) == []


@pytest.mark.parametrize(
    "raw",
    [
        request({**MODERN, "MCP-Protocol-Version": "2025-11-25"}, CALL),
        request({**MODERN, "Mcp-Method": "tools/list"}, CALL),
        request({**MODERN, "Mcp-Name": "Echo"}, CALL),
        request({**MODERN, "Mcp-Session-Id": "s"}, CALL),
        request({**MODERN, "Accept": "application/json"}, CALL),
        request({**MODERN, "mcp-name": "echo"}, CALL),
        request(MODERN, {"method": "tools/call", "params": CALL["params"]}),
        request(LEGACY, {"id": 0, "method": "initialize", "params": {}}),
        request(COMMON, {"id": 1, "method": "ping"}),
        request({**LEGACY, "Mcp-Method": "ping"}, {"id": 1, "method": "ping"}),
        request({**LEGACY, "Content-Type": "text/plain"}, {"id": 1, "method": "ping"}),
        request(COMMON, verb="GET"),
        request({}, verb="DELETE"),
        request(LEGACY, verb="PUT"),
    ],
)
def test_what_is_wrong_is_found(raw: bytes) -> None:
    assert mistakes(raw) != []


def test_a_request_that_is_not_whole_is_waited_for() -> None:
    whole = request(MODERN, CALL)
    kept = bytearray(whole + whole[:-1])

    assert len(requests_in(kept)) == 1
    assert requests_in(kept) == []
    kept += whole[-1:]
    assert len(requests_in(kept)) == 1
    assert kept == b""


def test_the_tap_passes_on_what_both_sides_say_and_tells_what_was_wrong() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, closing(Tap(server.getsockname()[1])) as tap:
        with socket.create_connection(("127.0.0.1", tap.port)) as client, server.accept()[0] as served:
            raw = request(COMMON, {"id": 1, "method": "ping"})
            client.sendall(raw)
            assert served.recv(len(raw), socket.MSG_WAITALL) == raw
            served.sendall(b"answer")
            assert client.recv(6, socket.MSG_WAITALL) == b"answer"
            served.shutdown(socket.SHUT_RDWR)
            assert client.recv(1) == b""

        assert len(tap.mistakes()) == 1
        assert tap.mistakes() == []
