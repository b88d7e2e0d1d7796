"""The other programs of bench_gateway.py: `sdk`, `fastmcp PORT` are servers, `load …` is all callers together."""

import asyncio
import json
import os
import socket
import statistics
import sys
import time
from importlib import import_module
from typing import Any

WARM_UP = 32  # Of all callers together.
PREFIX = "io.modelcontextprotocol/"
META = {
    f"{PREFIX}protocolVersion": "2026-07-28",
    f"{PREFIX}clientInfo": {"name": "load", "version": "1"},
    f"{PREFIX}clientCapabilities": {},
}


def sdk(*, json_response: bool) -> None:
    """Serve one tool with the official SDK, as it comes or with answers in JSON in the place of streams."""
    from mcp.server.mcpserver import MCPServer  # noqa: PLC0415 -- each program needs a Python of its own

    server = MCPServer("sdk", log_level="ERROR")

    @server.tool()
    def echo(n: int) -> str:  # pyright: ignore[reportUnusedFunction]  # the server has it
        return json.dumps({"n": n})

    server.run("streamable-http", host="127.0.0.1", port=_announced(), json_response=json_response)


def fastmcp(port: int) -> None:
    """Serve what the server at this port serves, through FastMCP's proxy."""
    proxy = import_module("fastmcp.server").create_proxy(f"http://127.0.0.1:{port}/mcp")
    proxy.run("http", host="127.0.0.1", port=_announced(), show_banner=False, json_response=True)


def _announced() -> int:
    """Find a free port, and print it. Whoever reads it tries until somebody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    print(port, flush=True)  # noqa: T201 -- for bench_gateway.py
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # What it says besides, nobody reads.
    return port


class Caller:
    """One connection, one call after the other."""

    def __init__(self, port: int, era: str, tool: str) -> None:
        self._port, self._era, self._tool, self._session = port, era, tool, ""

    async def open(self) -> None:
        """Connect, as soon as somebody listens, and shake hands if the era has it so."""
        for _ in range(200):
            try:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
                break
            except ConnectionError:
                await asyncio.sleep(0.05)
        if self._era == "legacy":
            hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": META[f"{PREFIX}clientInfo"]}
            head, _ = await self._ask({"id": 0, "method": "initialize", "params": hello})
            found = [line for line in head.split("\r\n") if line.lower().startswith("mcp-session-id:")]
            self._session = found[0] + "\r\n" if found else ""
            await self._ask({"method": "notifications/initialized"})

    async def call(self, number: int) -> None:
        """Make one call; an answer that is no result ends it all."""
        params: dict[str, Any] = {"name": self._tool, "arguments": {"n": number}}
        if self._era == "modern":
            params["_meta"] = META
        _, body = await self._ask({"id": number + 1, "method": "tools/call", "params": params})
        if b'"result"' not in body or b'"isError":true' in body:
            raise SystemExit(f"{self._port}: {body[:300]!r}")

    async def _ask(self, message: dict[str, Any]) -> tuple[str, bytes]:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        mine = self._session
        if self._era == "modern":
            mine = f"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {message['method']}\r\nMcp-Name: {self._tool}\r\n"
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\n{mine}Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        lower = answer.lower()
        if "content-length:" in lower:
            return answer, await self._reader.readexactly(int(lower.split("content-length:")[1].split("\r\n")[0]))
        return answer, await self._chunks()

    async def _chunks(self) -> bytes:
        whole = b""
        while size := int(await self._reader.readline(), 16):
            whole += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return whole


async def load(port: int, era: str, tool: str, callers: int, calls: int) -> None:
    """Print calls a second, and the median of one call's seconds."""
    some = [Caller(port, era, tool) for _ in range(callers)]
    took: list[float] = []

    async def work(caller: Caller, times: int) -> None:
        for number in range(times):
            began = time.perf_counter()
            await caller.call(number)
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(caller.open() for caller in some))
    await asyncio.gather(*(work(caller, max(WARM_UP // callers, 1)) for caller in some))
    took.clear()
    began = time.perf_counter()
    await asyncio.gather(*(work(caller, calls // callers) for caller in some))
    print(calls / (time.perf_counter() - began), statistics.median(took))  # noqa: T201 -- for bench_gateway.py


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sdk", answers]:
            sdk(json_response=answers == "json")
        case ["fastmcp", port]:
            fastmcp(int(port))
        case ["load", port, era, tool, callers, calls]:
            asyncio.run(load(int(port), era, tool, int(callers), int(calls)))
        case other:
            raise SystemExit(f"not known: {other}")
