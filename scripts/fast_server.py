"""An MCP server that does next to nothing, so that a benchmark measures the client: Streamable HTTP, legacy era.

`python scripts/fast_server.py` prints its port on the first line of stdout, and serves until its stdin ends.
"""

import asyncio
import json
import sys
from typing import Any

_TOOLS = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}]}
_INFO = {"name": "fast", "version": "1"}


def _result(message: dict[str, Any]) -> dict[str, Any] | None:
    match message["method"]:
        case "initialize":
            version = message["params"]["protocolVersion"]
            return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": _INFO}
        case "tools/list":
            return _TOOLS
        case "tools/call":
            text = json.dumps(message["params"]["arguments"])
            return {"content": [{"type": "text", "text": text}], "isError": False}
        case "ping":
            return {}
        case _:
            return None


def _answer(body: bytes) -> bytes:
    message = json.loads(body)
    if "id" not in message:
        return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
    result = _result(message)
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
    answer |= {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
    data = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


class _Peer(asyncio.Protocol):
    """One connection: whole requests in, whole answers out."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- what a TCP server gets
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            if not head.startswith(b"post"):
                self._transport.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
                self._buffer = self._buffer[end + 4 :]
                continue
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            self._transport.write(_answer(body))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Peer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 -- whoever started it reads this
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
