"""The Streamable HTTP side of a faulty server: sessions, JSON answers, no event streams."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any, cast

from faults.exchanges import Exchange

Serve = Callable[[dict[str, Any], Exchange], None]
_POLL_S = 0.01  # How long the end of the accepting thread may take.
_RST = b"\1\0\0\0\0\0\0\0"  # SO_LINGER on, zero seconds.


class HttpSide:
    """Listens on loopback, a thread per connection; `open` and `close` as often as wanted, on the same port."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.sessions: set[str] = set()
        self._next_session = count(1).__next__
        self._lock = Lock()
        self._socks: set[socket.socket] = set()
        self._server: _Server | None = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}/mcp"

    def open(self) -> None:
        """Listen."""
        self._server = _Server(self, self.port)
        self.port = int(self._server.server_address[1])
        Thread(target=self._server.serve_forever, args=(_POLL_S,), name="faulty http", daemon=True).start()

    def close(self) -> None:
        """Listen no more, and reset every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        with self._lock:
            for sock in self._socks:
                _reset(sock)
        server.server_close()  # Joins the threads.
        self.sessions.clear()

    def new_session(self) -> str:
        """Begin a session and return its id."""
        session = f"session-{self._next_session()}"
        self.sessions.add(session)
        return session

    def keep(self, sock: socket.socket) -> None:
        """Note a connection, to be able to end it."""
        with self._lock:
            self._socks.add(sock)

    def forget(self, sock: socket.socket) -> None:
        """Forget a connection that is about to be closed."""
        with self._lock:
            self._socks.discard(sock)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # Joined at the end.

    def __init__(self, side: HttpSide, port: int) -> None:
        self.side = side
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that connections break is the point."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Note the connection."""
        super().setup()
        self.side = cast("_Server", self.server).side
        self.side.keep(self.connection)

    def finish(self) -> None:
        """Forget it."""
        self.side.forget(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's word
        """Log nothing."""

    def do_GET(self) -> None:
        """Offer no stream."""
        self.head(405, 0)

    def do_DELETE(self) -> None:
        """End a session."""
        self.side.sessions.discard(self.headers.get("Mcp-Session-Id", ""))
        self.head(200, 0)

    def do_POST(self) -> None:
        """Take one message."""
        message: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if message.get("method") == "initialize":
            self.session = self.side.new_session()
        elif self.headers.get("Mcp-Session-Id") not in self.side.sessions:
            self.head(404, 0)
            return
        if "id" not in message or "method" not in message:
            self.head(202, 0)
        self.side.serve(message, self)

    session = ""

    def head(self, status: int, size: int, **headers: str) -> None:
        """Send the head of an answer whose body has `size` bytes."""
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        if size:
            self.send_header("Content-Type", "application/json")
        if self.session:
            self.send_header("Mcp-Session-Id", self.session)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.session = ""

    # -- Exchange -------------------------------------------------------------------------------------------------

    def answer(self, body: bytes) -> None:
        """See Exchange."""
        self.head(200, len(body))
        self.wfile.write(body)

    def half(self, body: bytes) -> None:
        """See Exchange."""
        self.head(200, len(body))
        self.wfile.write(body[: len(body) // 2])
        self.close_connection = True

    def drip(self, body: bytes, pause: Callable[[], object]) -> None:
        """See Exchange."""
        self.head(200, len(body))
        for byte in body:
            self.wfile.write(bytes([byte]))
            pause()

    def refuse(self, status: int, retry_after_s: int | None) -> None:
        """See Exchange."""
        self.head(status, 0, **({} if retry_after_s is None else {"Retry_After": str(retry_after_s)}))

    def hang(self) -> None:
        """See Exchange."""
        self.close_connection = True
        with suppress(OSError):
            while self.connection.recv(65536):
                pass

    def reset(self) -> None:
        """See Exchange."""
        self.close_connection = True
        _reset(self.connection)


def _reset(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
        sock.shutdown(socket.SHUT_RDWR)
