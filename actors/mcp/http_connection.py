"""One HTTP connection that any thread can break at any moment, and that asks before its first byte."""

import errno
import http.client
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Lock
from typing import Any, TypeAlias

import urllib3.connection
from urllib3.response import HTTPResponse
from urllib3.util import wait_for_write

from actors.mcp.http_head import Response
from actors.mcp.http_socket import KernelTimedSocket

# Waits of sockets are counted in milliseconds by the C library, in an int: beyond 24 days they wrap round, and one of
# 50 days ends at once. A longer wait than this has no limit.
LONGEST_WAIT_S = 1_000_000.0
# A peer that is gone without a word is noticed within a minute, also on a stream on which nothing comes.
_KEEPALIVE = [
    (getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
]


class AbortedError(Exception):
    """The exchange was broken off: nobody waits for it."""


class WithdrawnError(Exception):
    """The call was ended before its first byte, and stays unsent."""


class Grip:
    """By what other threads hold an exchange, to break it off whatever its own thread is blocked in.

    * The socket in it is a duplicate. TLS takes the original over, http.client closes it when it likes, and its
      number may then be another file's; the duplicate is closed by nobody but the owner, after `let_go`.
    * Shutting a socket ends a connect, a handshake, a write and a read. Only name resolution cannot be ended.
    * A call that was broken off may return as if all were well: `check` after each that can block.
    """

    __slots__ = ("_lock", "_resolving", "_rest", "_socket", "abandoned", "broken")

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._resolving = False
        self._rest: Event | None = None  # Made when it is needed, which is hardly ever.
        self.broken = False
        self.abandoned = False  # Broken in name resolution: the thread is given up, the exchange is reported.

    def hold(self, spare: socket.socket) -> None:
        """Stand ready to shut this socket. Raises AbortedError."""
        with self._lock:
            self._socket = spare
        self.check()

    def let_go(self) -> None:
        """Forget the socket: from here on it may be closed, or serve another exchange."""
        with self._lock:
            self._socket = None

    def check(self) -> None:
        """Raise AbortedError if the exchange was broken off."""
        if self.broken:
            raise AbortedError

    def resolve(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """Look up the addresses of a host, as `getaddrinfo` does. Raises AbortedError, OSError, UnicodeError."""
        with self._lock:
            self._resolving = not self.broken
        self.check()
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        finally:
            with self._lock:
                self._resolving = False
            self.check()

    def pause(self, seconds: float) -> None:
        """Wait, holding no socket. Raises AbortedError, at once when it is broken off."""
        rest = Event()
        with self._lock:
            self._rest = rest
        self.check()
        rest.wait(seconds)
        self.check()

    def break_off(self) -> bool:
        """Shut the socket, end a pause. True once at most: the thread is in name resolution and must be given up."""
        with self._lock:
            self.broken = True
            if self._rest is not None:
                self._rest.set()
            if self._socket is not None:
                with suppress(OSError):  # Not connected yet, or not any more.
                    self._socket.shutdown(socket.SHUT_RDWR)
            given_up, self._resolving = self._resolving, False
            self.abandoned = self.abandoned or given_up
            return given_up


Pause: TypeAlias = Callable[[Grip, float], None]  # How to wait: `Grip.pause`, or what a test has in its place.


class HttpConnection(urllib3.connection.HTTPConnection):
    """A connection for one exchange after another, each on any thread. End it by `hang_up`: `close` is http.client's.

    `idle_since`: when its last exchange ended, on the clock of its owner; None before.
    """

    response_class = Response
    socket_class: type[socket.socket] = KernelTimedSocket
    idle_since: float | None = None
    _spare: socket.socket | None = None
    _grip: Grip
    _body: bytes
    _head = b""  # Of the last request, up to the value of Content-Length, which is its last header.
    _head_for: tuple[str, str] | None = None
    _head_headers: Mapping[str, str]
    _claim: Callable[[], bool]

    def dial(self, grip: Grip, timeout_s: float) -> None:
        """Connect, TLS included. Raises OSError (gaierror, SSLError, TimeoutError among them), AbortedError."""
        self._grip, self.timeout = grip, min(timeout_s, LONGEST_WAIT_S)
        try:
            self.connect()
            grip.check()
        except BaseException:
            grip.let_go()
            self.hang_up()
            grip.check()  # A broken socket fails in many ways; this is what it means.
            raise

    def resume(self, grip: Grip) -> None:
        """Begin another exchange on the connection as it is. Raises AbortedError."""
        assert self._spare is not None, "dialled before"  # noqa: S101 -- for the type checkers
        grip.hold(self._spare)

    def ask(  # noqa: PLR0913 -- one request has so many parts
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        claim: Callable[[], bool],
        timeout_s: float,
    ) -> HTTPResponse:
        """Send one request if `claim` allows it, and return the answer once its head is there.

        `timeout_s` is for each read, a backstop; from `LONGEST_WAIT_S` on there is none.
        Raises WithdrawnError, OSError, HTTPException.
        """
        self.timeout = timeout_s if timeout_s < LONGEST_WAIT_S else None
        with suppress(BrokenPipeError, ConnectionResetError):  # It may have answered, and closed, before it read all.
            self.send_request(method, path, headers=headers, body=body, claim=claim)
        return self.getresponse()

    def send_request(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes, claim: Callable[[], bool]
    ) -> None:
        """Send one request if `claim` allows it. Raises WithdrawnError, OSError.

        The head is made once for each set of `headers` on this connection: making it anew was a tenth of a call.
        """
        self._claim, self._body = claim, body
        if body and self._head_for == (method, path) and self._head_headers is headers and self.sock is not None:
            self._repeat(str(len(body)).encode())
            return
        whole = {**headers, "Content-Length": str(len(body))} if body else headers
        self.request(method, path, headers=whole, preload_content=False)
        self._head_for, self._head_headers = (method, path) if body else None, headers

    def _repeat(self, length: bytes) -> None:
        """Send the last head again, for a body of this length, in the place of `request`: see `send`."""
        self.sock.settimeout(self.timeout)
        self._response_options = self._options
        # What http.client notes of a request, before it sends it; tests fail if it should note it elsewhere.
        self._HTTPConnection__state = http.client._CS_REQ_SENT  # type: ignore[attr-defined]  # noqa: SLF001 -- see above
        self.send(self._head + length + b"\r\n\r\n")

    def timeout_reads(self, timeout_s: float) -> None:
        """Let reads of the answer under way take no longer, each; unless the answer owns the socket."""
        if self.sock is not None:
            self.sock.settimeout(timeout_s)

    def wait_for_a_byte(self, timeout_s: float) -> None:
        """Wait until an answer begins, or ends. Raises OSError; the connection is of no use after it."""
        self.timeout_reads(timeout_s)
        self.sock.recv(1)

    def send(self, data: Any) -> None:  # noqa: ANN401 -- http.client's signature; it is the head
        """Put head and body on the wire in one piece, as long as nobody withdrew the call. Called by `request`."""
        if not self._claim():
            raise WithdrawnError
        self._head, self._options = data[: data.rfind(b": ") + 2], self._response_options
        super().send(data + self._body)

    def hang_up(self) -> None:
        """Close the socket and its duplicate. No grip may hold it any more."""
        self.close()
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    def _new_conn(self) -> socket.socket:
        # Sockets keep real time, whatever clock the owner goes by.
        until = time.monotonic() + (self.timeout or 0.0)
        addresses = self._grip.resolve(self._dns_host, self.port)
        error = OSError("the name has no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            now = time.monotonic()
            try:
                # A share of the time for each: one address that swallows everything does not hide the next.
                sock = self._connect(address, now + (until - now) / left)
            except OSError as failed:
                error = failed
            else:
                # For TLS: Python takes it for the whole handshake.
                sock.settimeout(max(0.001, until - time.monotonic()))
                return sock
        raise error

    def _connect(self, found: tuple[Any, ...], until: float) -> socket.socket:
        family, kind, protocol, _, address = found
        sock = self.socket_class(family, kind, protocol)
        try:
            self._spare = sock.dup()
            self._grip.hold(self._spare)
            self._reach(sock, address, until)
        except BaseException:
            self._grip.let_go()
            sock.close()
            self.hang_up()
            raise
        return sock

    def _reach(self, sock: socket.socket, address: Any, until: float) -> None:  # noqa: ANN401 -- as getaddrinfo has it
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
        sock.settimeout(0.0)
        code = sock.connect_ex(address)
        # An abort that came first shut a socket that was not connecting yet. Linux ends the wait below even so;
        # nothing says that another system must.
        self._grip.check()
        if code == errno.EINPROGRESS:
            if not wait_for_write(sock, timeout=max(0.0, until - time.monotonic())):
                raise TimeoutError("no connection in time")
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))


class HttpsConnection(HttpConnection, urllib3.connection.HTTPSConnection):
    """The same over TLS."""

    socket_class = socket.socket
