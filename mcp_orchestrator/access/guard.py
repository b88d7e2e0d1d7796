"""In front of everything that the daemon serves: from where, who, and how much."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from mcp_orchestrator.access import audit
from mcp_orchestrator.access.answers import Event, Header, NotAdmittedError, Receive, Scope, Send, with_headers
from mcp_orchestrator.access.bodies import TooLargeError, whole_body
from mcp_orchestrator.access.failures import Failures
from mcp_orchestrator.access.identity import Identity, identified
from mcp_orchestrator.access.room import Room
from mcp_orchestrator.access.rules import MCP, needed
from mcp_orchestrator.access.tokens import Tokens
from mcp_orchestrator.access.where_from import is_from_other_page, wrong_place

Application = Callable[[Any, Any, Any], Awaitable[None]]

_NOBODY = Identity(name="nobody")
_SCHEME = "bearer "
_EVENTS = "/api/v1/events"
_LISTEN = "subscriptions/listen"
_END: Event = {"type": "http.response.body", "body": b"", "more_body": False}
_HEADERS = frozenset({b"host", b"origin", b"authorization", b"sec-fetch-site", b"mcp-method", b"content-length"})


class Guard:
    """An ASGI application that lets through to `app` what may come in, with its Identity in the scope.

    * What comes from a page elsewhere, or names another host, is turned away: 421, 403.
    * What needs a token and has none, or a wrong one: 401; one that is not good for this: 403.
    * Of streams that only listen there are `max_streams` at once, of everybody: 503. They end when their token does.
    * Bodies of all but MCP, which counts by itself, have `max_body_bytes`: 413.
    * Nothing that it writes, or logs, has a token in it. All on the loop's thread.
    """

    def __init__(
        self, app: Application, tokens: Tokens, *, hosts: tuple[str, ...], max_streams: int, max_body_bytes: int
    ) -> None:
        self._app, self._tokens = app, tokens
        self.limit(hosts=hosts, max_streams=max_streams, max_body_bytes=max_body_bytes)
        self._streams = Room(lambda: self._max_streams)
        self._failures = Failures()

    def limit(self, *, hosts: tuple[str, ...], max_streams: int, max_body_bytes: int) -> None:
        """Hold these from now on. Streams that are open stay so."""
        self._hosts, self._max_streams, self._max_body_bytes = hosts, max_streams, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or turn it away."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})  # There is none here.

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        is_mcp = path.rstrip("/") == MCP
        headers = _headers(scope["headers"])
        answer = _Answer(send, is_mcp=is_mcp)
        try:
            self._check_where_from(scope, headers)
            identity = self._identity(scope, headers)
            if _only_listens(method, path, headers, is_mcp=is_mcp):
                await self._stream(scope, receive, answer, headers, identity)
                return
            if not is_mcp and method not in ("GET", "HEAD"):
                receive = await self._whole(headers, receive)
            await self._app(identified(scope, identity), receive, send if is_mcp else answer.send)
            if needed(method, path) == "admin":
                audit.administered(identity, f"{method} {path}", answer.status)
        except NotAdmittedError as error:
            await error.answer(answer.send, is_mcp=is_mcp)
        except ConnectionError:
            pass  # He has gone before he had said everything.

    def _check_where_from(self, scope: Scope, headers: Mapping[bytes, str]) -> None:
        # An address is no name that somebody could let lead here: the one that this connection came to will do.
        here = scope.get("server") or ("",)
        refused = wrong_place(headers.get(b"host"), headers.get(b"origin"), (*self._hosts, here[0]))
        if refused is not None:
            raise NotAdmittedError(*refused)
        if is_from_other_page(scope["method"], headers.get(b"sec-fetch-site")):
            raise NotAdmittedError(403, "pages from elsewhere may change nothing here")

    def _identity(self, scope: Scope, headers: Mapping[bytes, str]) -> Identity:
        """Return who asks. NotAdmittedError: that is nobody, or he may not."""
        need = needed(scope["method"], scope["path"])
        identity = self._known(headers)
        if need is None:
            return identity or _NOBODY
        if identity is None:
            raise self._unknown(scope, is_wrong=b"authorization" in headers)
        if not identity.may(need):
            what, why = f"{scope['method']} {scope['path']}", f'this token is not good for it: it needs "{need}"'
            audit.turned_away(identity.name, what, f"needs {need}", _client(scope))
            raise NotAdmittedError(403, why, (_challenge(f'error="insufficient_scope", scope="{need}"'),))
        return identity

    def _known(self, headers: Mapping[bytes, str]) -> Identity | None:
        given = headers.get(b"authorization", "")
        is_token = given[: len(_SCHEME)].lower() == _SCHEME
        if not is_token and not self._tokens.is_open:
            return None
        return self._tokens.identity(given[len(_SCHEME) :].strip())

    def _unknown(self, scope: Scope, *, is_wrong: bool) -> NotAdmittedError:
        if not is_wrong:
            text = "a token is needed: send it as Authorization: Bearer …; mcp-orchestrator token create makes one"
            return NotAdmittedError(401, text, (_challenge(""),))
        if (wait_s := self._failures.failed(time.monotonic())) > 0:
            later = (b"retry-after", str(int(wait_s) + 1).encode())
            return NotAdmittedError(429, "too many wrong tokens have come: wait before the next", (later,))
        audit.turned_away("nobody", f"{scope['method']} {scope['path']}", "wrong token", _client(scope))
        text = "this token is not known here, or its time is over"
        return NotAdmittedError(401, text, (_challenge('error="invalid_token"'),))

    async def _stream(
        self, scope: Scope, receive: Receive, answer: "_Answer", headers: Mapping[bytes, str], identity: Identity
    ) -> None:
        if not self._streams.take():
            raise NotAdmittedError(503, "too many event streams are open: try again later", ((b"retry-after", b"5"),))

        async def send(event: Event) -> None:
            if answer.status and not answer.is_over and self._known(headers) != identity:
                await answer.send(_END)  # His token is good for nothing any more: he hears no more by it.
            if not answer.is_over:
                await answer.send(event)

        try:
            await self._app(identified(scope, identity), receive, send)
        finally:
            self._streams.leave()

    async def _whole(self, headers: Mapping[bytes, str], receive: Receive) -> Receive:
        """Read a body, and return what gives it away again. ConnectionError: the caller has gone."""
        try:
            body = await whole_body(receive, headers.get(b"content-length"), self._max_body_bytes)
        except TooLargeError as error:
            raise NotAdmittedError(413, f"the body is larger than {self._max_body_bytes} bytes") from error
        whole: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Event:
            return whole.pop() if whole else await receive()

        return again


class _Answer:
    """What is sent to one caller. `status`: 0 before it has begun; `is_over`: nothing more can be sent."""

    def __init__(self, send: Send, *, is_mcp: bool) -> None:
        self._send, self._is_mcp = send, is_mcp
        self.status, self.is_over = 0, False

    async def send(self, event: Event) -> None:
        """Send a part of it; to browsers, with the headers that they heed."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
            if not self._is_mcp:
                event = {**event, "headers": with_headers(event.get("headers", ()))}
        elif event["type"] == "http.response.body":
            self.is_over = not event.get("more_body", False)
        await self._send(event)


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """Return the headers that matter here, the first of each name. Names come in lower case, as ASGI has it."""
    found: dict[bytes, str] = {}
    for name, value in pairs:
        if name in _HEADERS:
            found.setdefault(name, value.decode("latin-1").strip(" \t"))
    return found


def _only_listens(method: str, path: str, headers: Mapping[bytes, str], *, is_mcp: bool) -> bool:
    """Say if a request is for a stream that stays open. The gateway takes no message that its head denies."""
    return (method == "GET" and (is_mcp or path == _EVENTS)) or (is_mcp and headers.get(b"mcp-method") == _LISTEN)


def _challenge(more: str) -> Header:
    return b"www-authenticate", f'Bearer realm="mcp-orchestrator"{", " if more else ""}{more}'.encode()


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("-",))[0])
