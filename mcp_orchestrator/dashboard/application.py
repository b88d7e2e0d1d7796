"""The page and the files it loads, as an ASGI application. What they show they ask of the control API."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, TypeAlias

from starlette.routing import BaseRoute, Mount, Route

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Header: TypeAlias = tuple[bytes, bytes]

PAGE: Final = "/"
FOLDER: Final = "/dashboard"  # Where all other files are.

_TEXT = b"text/plain; charset=utf-8"
_NOT_FOUND = b"There is no such file.\n"
_TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Servers write much of what the page shows: it takes nothing from elsewhere, runs nothing that is not a file of ours,
# makes no markup of text (Trusted Types without a policy), and is in nobody's frame.
_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-cache"),  # To be asked for again each time: a new version is seen at once.
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    content_type: bytes
    tag: bytes


class Dashboard:
    """Answers GET and HEAD of the page and its files, out of memory; 404 for others, 405 for other methods.

    Whoever may reach the port gets them: they hold nothing that is worth a token.
    """

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        for file in (files("mcp_orchestrator.dashboard") / "static").iterdir():
            ending, content = file.name.rpartition(".")[2], file.read_bytes()
            path = PAGE if file.name == "index.html" else f"{FOLDER}/{file.name}"
            tag = f'"{sha256(content).hexdigest()[:16]}"'.encode()
            self._files[path] = _File(content=content, content_type=_TYPES[ending].encode(), tag=tag)

    @property
    def routes(self) -> tuple[BaseRoute, ...]:
        """Where it is to be found, for a router."""
        return Route(PAGE, self), Mount(FOLDER, self)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's
        """Answer one request."""
        status, headers, content = self._answer(scope)
        await send({"type": "http.response.start", "status": status, "headers": (*_HEADERS, *headers)})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    def _answer(self, scope: Mapping[str, Any]) -> tuple[int, tuple[Header, ...], bytes]:
        if scope["method"] not in ("GET", "HEAD"):
            return 405, ((b"allow", b"GET, HEAD"), *_of(_TEXT, b"")), b""
        file = self._files.get(scope["path"])
        if file is None:
            return 404, _of(_TEXT, _NOT_FOUND), _NOT_FOUND
        if dict(scope["headers"]).get(b"if-none-match") == file.tag:
            return 304, ((b"etag", file.tag),), b""
        return 200, ((b"etag", file.tag), *_of(file.content_type, file.content)), file.content


def _of(content_type: bytes, content: bytes) -> tuple[Header, ...]:
    return (b"content-type", content_type), (b"content-length", str(len(content)).encode())
