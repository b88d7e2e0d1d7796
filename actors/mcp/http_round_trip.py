"""One HTTP request and its answer, in the grip of an exchange: connect or reuse, send, redirect, keep or hang up."""

import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeAlias, TypeVar

from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import HTTPResponse

from actors.config import ServerConfig
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    NotExecutedError,
    OutcomeUnknownError,
)
from actors.mcp.http_connection import HttpConnection
from actors.mcp.http_exchange import Exchange, read_aside
from actors.mcp.http_origin import HttpOrigin

MOST_REDIRECTS = 3
# The actor aborts at the deadline. Should it not, a silent read ends so much later.
BACKSTOP_S = 1.0

T = TypeVar("T")


@dataclass(slots=True)
class Ask:
    """What to send. `path`: if it is to go elsewhere than to the url's.

    `fresh`: over a new connection, and not over an idle one, which a call may want, or the server may just be closing.
    """

    method: str
    headers: Mapping[str, str]
    body: bytes = b""
    path: str | None = None
    fresh: bool = False


@dataclass(slots=True)
class Arrival:
    """An answer of which the head is there: for what exchange, over which connection, from what path."""

    exchange: Exchange
    connection: HttpConnection
    response: HTTPResponse
    path: str


Read: TypeAlias = Callable[[Arrival], T]  # Reads as much of the body as it wants.


@dataclass(frozen=True, slots=True)
class _Moved:
    """The same request is to be made of another path."""

    status: int
    path: str


class RoundTrips:
    """Makes requests, each on the calling thread. Raises MCPOrchestratorError, AbortedError, WithdrawnError."""

    def __init__(self, config: ServerConfig, origin: HttpOrigin, clock: Callable[[], float]) -> None:
        self._connect_timeout_s = config.connect_timeout_s
        self._origin, self._clock = origin, clock

    def make(self, exchange: Exchange, ask: Ask, read: Read[T]) -> T:
        """Make a request and return what `read` makes of the answer; 307 and 308 are followed within the origin."""
        path, status = ask.path or self._origin.path, 0
        for _ in range(MOST_REDIRECTS + 1):
            said = self._once(exchange, path, ask, read)
            if not isinstance(said, _Moved):
                return said
            path, status = said.path, said.status
        error = MCPConnectionError(f"{self._origin}: redirected more than {MOST_REDIRECTS} times: check the url")
        error.status = status
        raise error

    def say(self, exchange: Exchange, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Send a request without a body and wait for the first byte of the answer, whatever it says."""
        connection, _ = self._connected(exchange)
        # What goes wrong from here on is an answer too.
        with suppress(OSError, HTTPException):
            try:
                # Each of these is limited as a whole by the timeout of the socket; an answer's head would not be.
                connection.timeout = self.remaining_s(exchange)
                connection.send_request(method, path, headers=headers, body=b"", claim=exchange.claim)
                connection.wait_for_a_byte(self.remaining_s(exchange))
            finally:
                exchange.grip.let_go()
                connection.hang_up()

    def remaining_s(self, exchange: Exchange) -> float:
        """Return the seconds until the deadline; never 0, which sockets take for "do not wait"."""
        return max(0.001, exchange.deadline - self._clock())

    def _once(self, exchange: Exchange, path: str, ask: Ask, read: Read[T]) -> T | _Moved:
        connection, reused = self._connected(exchange, fresh=ask.fresh)
        response: HTTPResponse | None = None
        reusable = False
        try:
            timeout_s = self.remaining_s(exchange) + BACKSTOP_S
            response = connection.ask(
                ask.method, path, headers=ask.headers, body=ask.body, claim=exchange.claim, timeout_s=timeout_s
            )
            exchange.grip.check()
            arrival = Arrival(exchange, connection, response, path)
            said = self._moved(arrival) or read(arrival)
            reusable = response.closed and not connection.is_closed
        except (OSError, HTTPException, HTTPError) as error:
            exchange.grip.check()
            raise self._lost(exchange, error, reused=reused) from error
        else:
            return said
        finally:
            exchange.grip.let_go()
            if reusable and not exchange.grip.broken:
                self._origin.keep(connection)
            else:
                if response is not None:
                    response.close()
                connection.hang_up()

    def _connected(self, exchange: Exchange, *, fresh: bool = False) -> tuple[HttpConnection, bool]:
        """Return a connection in the exchange's grip, and whether it was used before."""
        connection = None if fresh else self._origin.take(exchange.grip, replay_safe=exchange.replay_safe)
        if connection is not None:
            return connection, True
        timeout_s = min(self._connect_timeout_s, self.remaining_s(exchange))
        return self._origin.dial(exchange.grip, timeout_s), False

    def _moved(self, arrival: Arrival) -> _Moved | None:
        response = arrival.response
        if response.status not in {307, 308} or "Location" not in response.headers:
            return None
        redirected = self._origin.redirected(arrival.path, response.headers["Location"])
        if redirected is None:
            return None
        read_aside(arrival.exchange, arrival.connection, response)
        return _Moved(response.status, redirected)

    def _lost(self, exchange: Exchange, error: Exception, *, reused: bool) -> MCPOrchestratorError:
        if not exchange.claimed:
            return NotExecutedError(f"{self._origin}: cannot be sent: {error}")
        if isinstance(error, TimeoutError | ReadTimeoutError):
            return MCPTimeoutError(f"{self._origin}: no answer by the deadline", executed="unknown")
        # Once the head is there, what breaks is told by urllib3, as a HTTPError.
        stale = reused and isinstance(error, ConnectionError | ssl.SSLError)
        return OutcomeUnknownError(f"{self._origin}: the answer was lost: {error}", stale=stale)
