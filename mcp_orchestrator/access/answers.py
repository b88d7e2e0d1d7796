"""What the guard says by itself, and the headers that every answer to a browser has. As ASGI has it."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Header = tuple[bytes, bytes]

_INVALID_REQUEST = -32600  # For callers of MCP, who read nothing but JSON-RPC.

# For pages that say nothing else: they take nothing from elsewhere, run no script that is not a file of ours, and are
# in nobody's frame.
_FOR_BROWSERS: Mapping[bytes, bytes] = {
    b"content-security-policy": (
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"cache-control": b"no-store",
}


class NotAdmittedError(Exception):
    """Ends a request before anybody has looked at it. `headers`: of the answer."""

    def __init__(self, status: int, message: str, headers: tuple[Header, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers

    async def answer(self, send: Send, *, is_mcp: bool) -> None:
        """Say so: to a caller of MCP as JSON-RPC, to all others as the control API says it."""
        nothing = {"server": None, "tool": None, "request_id": None}
        error = {
            "type": type(self).__name__,
            "message": self.message,
            "executed": "no",
            "retry_after_s": self._wait_s(),
        }
        body: dict[str, Any] = {"error": {**error, **nothing}}
        if is_mcp:
            body = {"jsonrpc": "2.0", "id": None, "error": {"code": _INVALID_REQUEST, "message": self.message}}
        content = json.dumps(body, ensure_ascii=False).encode()
        length = (b"content-length", str(len(content)).encode())
        headers = [(b"content-type", b"application/json"), length, *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    def _wait_s(self) -> float | None:
        return next((float(value) for name, value in self.headers if name == b"retry-after"), None)


def with_headers(given: Iterable[Header]) -> list[Header]:
    """Return the headers of an answer, and those for browsers that it does not have by itself."""
    headers = list(given)
    has = {name.lower() for name, _ in headers}
    return headers + [(name, value) for name, value in _FOR_BROWSERS.items() if name not in has]
