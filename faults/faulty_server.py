"""A real MCP server that breaks on command, for tests: over Streamable HTTP and over stdio at once."""

import json
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Lock
from types import TracebackType
from typing import Any, Self

from faults.exchanges import Exchange
from faults.http_side import HttpSide
from faults.stdio_side import StdioSide

_PATIENCE_S = 20.0

TOOLS = (
    {"name": "read", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},
    {"name": "write", "inputSchema": {"type": "object"}},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a call in place of its answer. `runs`: the tool runs before it happens."""

    act: Callable[[Exchange, bytes], None]
    runs: bool = True


class FaultyServer:
    """Offers two tools, `read` (readOnlyHint) and `write` (no hint), that answer with their arguments.

    * Each fault holds for all calls until the next one or `heal`, or for the next `times` calls. Handshakes,
      pings and lists are served well: only `die` and `lose_session` touch them.
    * `runs`: whether the tool has run before the fault shows. It decides what `executed` counts.
    * `executed`: how often each call ran, by (tool, the argument `id`). Any thread may read.

    >>> with FaultyServer() as weather:
    ...     weather.reset(times=1)
    ...     MCPOrchestrator({"weather": {"url": weather.url}})
    """

    def __init__(self) -> None:
        self.executed: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()
        self._fault: Fault | None = None
        self._hurry = Event()  # What is slow is slow no more.
        self._next: deque[Fault] = deque()
        self._begun: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._http, self._stdio = HttpSide(self._serve), StdioSide(self._serve)
        self.url, self.command = self._http.url, self._stdio.command

    def __enter__(self) -> Self:
        """Serve."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End everything."""
        self.die()

    # -- commands -------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Serve calls well from now on, and finish what is slow. What hangs goes on hanging."""
        self._hurry.set()
        with self._lock:
            self._fault = None
            self._next.clear()

    def hang(self, *, times: int | None = None) -> None:
        """Run, and never answer."""
        self._break(Fault(act=lambda exchange, _: exchange.hang()), times)

    def reset(self, *, times: int | None = None, runs: bool = True) -> None:
        """End the connection: RST; over stdio the child exits."""
        self._break(Fault(act=lambda exchange, _: exchange.reset(), runs=runs), times)

    def half(self, *, times: int | None = None) -> None:
        """End the connection in the middle of the answer."""
        self._break(Fault(act=lambda exchange, body: exchange.half(body)), times)

    def drip(self, pause_s: float, *, times: int | None = None) -> None:
        """Answer byte by byte."""
        self._break(Fault(act=lambda exchange, body: exchange.drip(body, lambda: self._hurry.wait(pause_s))), times)

    def delay(self, seconds: float, *, times: int | None = None) -> None:
        """Answer late."""

        def act(exchange: Exchange, body: bytes) -> None:
            self._hurry.wait(seconds)
            exchange.answer(body)

        self._break(Fault(act=act), times)

    def status(
        self, status: int, *, retry_after_s: int | None = None, times: int | None = None, runs: bool = False
    ) -> None:
        """Refuse with an HTTP status; over stdio with JSON-RPC error -32000."""
        self._break(Fault(act=lambda exchange, _: exchange.refuse(status, retry_after_s), runs=runs), times)

    def malformed(self, *, times: int | None = None) -> None:
        """Answer with a result that is no object."""

        def act(exchange: Exchange, body: bytes) -> None:
            exchange.answer(json.dumps({**json.loads(body), "result": "nonsense"}).encode())

        self._break(Fault(act=act), times)

    def oversized(self, size: int, *, times: int | None = None) -> None:
        """Answer with more than so many bytes."""

        def act(exchange: Exchange, body: bytes) -> None:
            exchange.answer(json.dumps({**json.loads(body), "result": _text("x" * size)}).encode())

        self._break(Fault(act=act), times)

    def lose_session(self) -> None:
        """Forget all sessions over HTTP."""
        self._http.sessions.clear()

    def die(self) -> None:
        """End at once: connections are reset, children killed, nobody listens."""
        self._hurry.set()
        self._http.close()
        self._stdio.close()

    def revive(self) -> None:
        """Be there again, at the same address."""
        self._http.open()
        self._stdio.open()

    def wait_for_call(self) -> tuple[str, str]:
        """Wait for the next call to arrive, and return its (tool, id). Raises queue.Empty after a while."""
        return self._begun.get(timeout=_PATIENCE_S)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _break(self, fault: Fault, times: int | None) -> None:
        self._hurry.clear()
        with self._lock:
            self._next.clear()
            self._fault = fault if times is None else None
            self._next.extend([fault] * (times or 0))

    def _serve(self, message: dict[str, Any], exchange: Exchange) -> None:
        if "id" not in message or "method" not in message:
            return
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **_said_to(message)}).encode()
        with suppress(OSError):  # The client hung up first.
            if message["method"] == "tools/call":
                self._call(message["params"], exchange, body)
            else:
                exchange.answer(body)

    def _call(self, params: dict[str, Any], exchange: Exchange, body: bytes) -> None:
        call = (str(params["name"]), str(params.get("arguments", {}).get("id")))
        with self._lock:
            fault = self._next.popleft() if self._next else self._fault
            if fault is None or fault.runs:
                self.executed[call] += 1
        self._begun.put(call)
        if fault is None:
            exchange.answer(body)
        else:
            fault.act(exchange, body)


def _said_to(message: dict[str, Any]) -> dict[str, Any]:
    match message["method"]:
        case "initialize":
            info = {"name": "faulty", "version": "1"}
            capabilities: dict[str, Any] = {"tools": {}}
            return {
                "result": {"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": info},
            }
        case "tools/list":
            return {"result": {"tools": TOOLS}}
        case "tools/call":
            return {"result": _text(json.dumps(message["params"].get("arguments", {})))}
        case "ping":
            return {"result": {}}
        case method:
            return {"error": {"code": -32601, "message": f"no method {method}"}}


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}
