"""A stand-in for one application's HTTP API, for tests of the media servers: stateful, and it fails on command."""

import abc
import json
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

LONGEST_S = 60.0  # No test waits longer for a stub that hangs.
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST.

# `lost`: done, and the connection is reset before the answer. `half`: done, and the body breaks off in its middle.
# `hung`: nothing is done before `resume`, then it is.
Mishap: TypeAlias = Literal["lost", "half", "hung"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came in. `path` has no query; of a repeated parameter the last counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # Names in lower case.
    body: bytes
    pairs: tuple[tuple[str, str], ...] = ()  # The query again: of a repeated parameter all.

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def document(self) -> Any:
        """The JSON in the body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, document: Any, status: int = 200) -> Self:
        """Make an answer of JSON."""
        return cls(status=status, body=json.dumps(document).encode())


@dataclass(slots=True, eq=False)
class _Instead:
    """What `next` was told. `after`: how many of those that begin like `to` are answered before."""

    to: str
    after: int
    what: Answer | Mishap


LOGIN_PAGE = Answer(body=b"<!doctype html><title>Login</title>", media_type="text/html; charset=utf-8")
BAD_GATEWAY = Answer(status=502, body=b"<html>502 Bad Gateway</html>", media_type="text/html")
SERVICE_UNAVAILABLE = Answer(status=503, body=b"", media_type="text/plain")


class Stub(abc.ABC):
    """Serves `answer` on a port of 127.0.0.1 that stays the same when it is stopped and started again.

    `answer` is called by one thread at a time; the state is its own. `seen` has every request, the failed ones too.
    """

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.delay_s = 0.0  # Before every answer.
        self._state = Lock()
        self._instead: list[_Instead] = []
        self._go_on, self._over = Event(), Event()
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self._port = 0

    @abc.abstractmethod
    def answer(self, request: Request) -> Answer:
        """Do what is asked."""

    @property
    def url(self) -> str:
        """The address, without a slash at its end. The stub must have been started."""
        return f"http://127.0.0.1:{self._port}"

    def next(self, *instead: Answer | Mishap, to: str = "", after: int = 0) -> None:
        """Let the next requests fare otherwise, one each: an answer in place of what is asked, or a mishap.

        `to`: how method and path must begin, such as "POST /api"; others are answered meanwhile. `after`: so many of
        these are answered first.
        """
        with self._state:
            self._instead.extend(_Instead(to, after, one) for one in instead)

    def calm(self) -> None:
        """Forget what `next` was told; what hangs goes on, and what will hang again hangs."""
        with self._state:
            self._instead.clear()
            held, self._go_on = self._go_on, Event()
        held.set()

    def resume(self) -> None:
        """Let what hangs go on."""
        self._go_on.set()

    def start(self) -> None:
        """Listen."""
        self._server = _Server(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut all connections. What it knows, it keeps."""
        if self._server is None or self._thread is None:
            return
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server, self._over = None, Event()

    def hang_up(self) -> None:
        """Cut the connections that are open, as keep-alive leaves them; new ones are taken as ever."""
        if self._server is not None:
            self._server.hang_up()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resume()
        self.stop()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # Head and body are two writes: the second would wait 40 ms for an ACK.

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                request = Request(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(int(self.headers.get("Content-Length", "0"))),
                    pairs=tuple(parse_qsl(parts.query, keep_blank_values=True)),
                )
                stub.serve(request, self)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 -- likewise

            @override
            def log_message(self, format: str, *args: Any) -> None:
                pass  # Tests read `seen`.

        return Handler

    def serve(self, request: Request, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request, or let it fare as `next` said. On the connection's thread."""
        with self._state:
            self.seen.append(request)
            instead, go_on = self._taken(f"{request.method} {request.path}"), self._go_on
        if instead == "hung":
            go_on.wait(LONGEST_S)
        self._over.wait(self.delay_s)
        if isinstance(instead, Answer):
            self._send(handler, instead)
            return
        with self._state:
            answer = self.answer(request)
        if instead == "lost":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            handler.close_connection = True
            handler.connection.close()
        else:
            self._send(handler, answer, half=instead == "half")

    def _taken(self, line: str) -> Answer | Mishap | None:
        fitting = [entry for entry in self._instead if line.startswith(entry.to)]
        due = next((entry for entry in fitting if not entry.after), None)
        for entry in fitting:
            entry.after = max(entry.after - 1, 0)
        if due is None:
            return None
        self._instead.remove(due)
        return due.what

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer, *, half: bool = False) -> None:
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.media_type)
        handler.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body[: len(answer.body) // 2] if half else answer.body)
        handler.close_connection = half


class _Server(ThreadingHTTPServer):
    """Cuts its connections when it is closed: a kept one must not live on beside the next server's."""

    daemon_threads = True
    block_on_close = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[Any] = set()

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Cut all connections."""
        for request in list(self._open):
            with suppress(OSError):  # It is gone already.
                request.shutdown(socket.SHUT_RDWR)

    @override
    def server_close(self) -> None:
        self.hang_up()
        super().server_close()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # The peer hung up: it was to, in one test or another.
