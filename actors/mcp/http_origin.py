"""Where the requests of one connection go: the URL's origin, and the sockets to it that are open."""

import ssl
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from urllib.parse import urljoin

from urllib3.util import create_urllib3_context, parse_url

from actors.errors import MCPConnectionError
from actors.mcp.http_connection import Grip, HttpConnection, HttpsConnection

_DEFAULT_PORTS = {"http": 80, "https": 443}


class HttpOrigin:
    """Dials, and keeps what may be used again. One owner per socket at any time; any thread.

    A pool of our own around urllib3's connections: urllib3's knows no age of an idle socket, and its `urlopen`
    costs a seventh more per call (125 against 108 µs of CPU, small JSON answer on loopback).
    """

    def __init__(self, url: str, *, keepalive_reuse_s: float, most_idle: int, clock: Callable[[], float]) -> None:
        parsed = parse_url(url)
        self.scheme = parsed.scheme or "http"
        self.host = (parsed.host or "").strip("[]")
        self.port = parsed.port or _DEFAULT_PORTS[self.scheme]
        self.path = parsed.request_uri
        self._keepalive_reuse_s, self._most_idle, self._clock = keepalive_reuse_s, most_idle, clock
        self._lock = Lock()
        self._idle: list[HttpConnection] = []

    def __str__(self) -> str:
        """Say it as a URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def redirected(self, path: str, location: str) -> str | None:
        """Return the path and query to which an answer from `path` redirects; None: to another origin, or nowhere.

        Another scheme is another origin: credentials stay where they were meant to go.
        """
        try:
            target = parse_url(urljoin(f"{self}{path}", location))
        except ValueError:
            return None
        scheme = target.scheme or ""
        where = (scheme, (target.host or "").strip("[]"), target.port or _DEFAULT_PORTS.get(scheme))
        return target.request_uri if where == (self.scheme, self.host, self.port) else None

    def take(self, grip: Grip, *, replay_safe: bool) -> HttpConnection | None:
        """Return an open connection, held by `grip`; None: dial one. Raises AbortedError.

        Servers close what is idle, and a request may meet that on its way. So what must not run twice goes out on
        a connection that was busy within `keepalive_reuse_s`, or on a new one.
        """
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            age_s = self._clock() - (connection.idle_since or 0.0)
            if connection.is_connected and (replay_safe or age_s <= self._keepalive_reuse_s):
                try:
                    connection.resume(grip)
                except BaseException:
                    grip.let_go()
                    connection.hang_up()
                    raise
                return connection
            connection.hang_up()

    def dial(self, grip: Grip, timeout_s: float) -> HttpConnection:
        """Open a connection, held by `grip`. Raises MCPConnectionError, AbortedError."""
        if self.scheme == "https":
            connection: HttpConnection = HttpsConnection(self.host, self.port, ssl_context=self._tls)
        else:
            connection = HttpConnection(self.host, self.port)
        try:
            connection.dial(grip, timeout_s)
        except ssl.SSLCertVerificationError as error:
            raise MCPConnectionError(
                f"{self}: its certificate is not trusted: {error.verify_message}. Correct the host name in the url, "
                "or add the certificate's issuer to the system's store or to the file named by SSL_CERT_FILE"
            ) from error
        except TimeoutError as error:
            raise MCPConnectionError(f"{self}: no connection within {timeout_s:.1f} s") from error
        except (OSError, UnicodeError) as error:
            raise MCPConnectionError(f"{self}: cannot connect: {error}") from error
        return connection

    def keep(self, connection: HttpConnection) -> None:
        """Take back a connection whose last answer was read to its end, and which no grip holds."""
        connection.idle_since = self._clock()
        with self._lock:
            if len(self._idle) < self._most_idle:
                self._idle.append(connection)
                return
        connection.hang_up()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.hang_up()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Once: reading the system's certificates takes longer than many calls.
        context = create_urllib3_context()
        context.load_default_certs()
        return context
