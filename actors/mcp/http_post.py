"""Carries one message over HTTP by POST and makes an outcome of whatever comes back. Blocks; for worker threads."""

import ssl
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException

from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import HTTPResponse

from actors.call import Outcome
from actors.config import ServerConfig
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    NotExecutedError,
    OutcomeUnknownError,
    ResponseTooLargeError,
)
from actors.mcp.http_connection import HttpConnection
from actors.mcp.http_exchange import PIECE_BYTES, Exchange, answer_among, read_body
from actors.mcp.http_origin import HttpOrigin
from actors.mcp.http_status import outcome_of_status
from actors.mcp.jsonrpc import decode, encode
from actors.mcp.legacy_session import LegacySession, is_initialize
from actors.mcp.sse import EventTooLargeError, SseParser
from actors.transport import Listener, Reply, Request

MOST_REDIRECTS = 3
# After the answer in a stream, the stream's end may take so long to come for the socket to be used again. A guess.
LINGER_S = 0.25
# The actor aborts at the deadline. Should it not, a silent read ends so much later.
BACKSTOP_S = 1.0
# Of a body that is not the answer to a request, so much is read to understand it and to keep the socket.
MOST_ASIDE_BYTES = 65536


class HttpPost:
    """Does exchanges, one per calling thread. Raises MCPOrchestratorError, AbortedError, WithdrawnError."""

    def __init__(
        self,
        config: ServerConfig,
        origin: HttpOrigin,
        session: LegacySession,
        listener: Listener,
        clock: Callable[[], float],
    ) -> None:
        self._connect_timeout_s, self._max_response_bytes = config.connect_timeout_s, config.max_response_bytes
        self._origin, self._session, self._listener, self._clock = origin, session, listener, clock

    def carry(self, exchange: Exchange, message: Request | Reply) -> Outcome:
        """Send the message and return its outcome. The answer in a stream is reported before the stream's end."""
        if self._clock() >= exchange.deadline:
            return MCPTimeoutError("the deadline passed before it was sent", executed="no")
        body, headers = encode(message), self._session.headers_for(message)
        path = self._origin.path
        for _ in range(MOST_REDIRECTS + 1):
            outcome = self._post(exchange, path, headers, body)
            if not isinstance(outcome, str):
                return outcome
            path = outcome
        return MCPConnectionError(f"{self._origin}: redirected more than {MOST_REDIRECTS} times: check the url")

    def end_session(self, exchange: Exchange) -> Outcome:
        """Send DELETE and wait for the first byte of the answer, whatever it says: the session is over for us."""
        connection, _ = self._connected(exchange)
        try:
            # Each of these is limited as a whole by the timeout of the socket; an answer's head would not be.
            connection.timeout = self._remaining_s(exchange)
            connection.send_request(
                "DELETE", self._origin.path, headers=self._session.headers, body=b"", claim=exchange.claim
            )
            connection.wait_for_a_byte(self._remaining_s(exchange))
        except (OSError, HTTPException):
            pass
        finally:
            exchange.grip.let_go()
            connection.hang_up()
        return {}

    def _post(self, exchange: Exchange, path: str, headers: Mapping[str, str], body: bytes) -> Outcome | str:
        """Return the outcome, or the path to which this request was redirected."""
        connection, reused = self._connected(exchange)
        response: HTTPResponse | None = None
        reusable = False
        try:
            timeout_s = self._remaining_s(exchange) + BACKSTOP_S
            response = connection.ask(
                "POST", path, headers=headers, body=body, claim=exchange.claim, timeout_s=timeout_s
            )
            exchange.grip.check()
            outcome = self._read(exchange, connection, response, path)
            reusable = response.closed and not connection.is_closed
        except (OSError, HTTPException, HTTPError) as error:
            exchange.grip.check()
            raise self._lost(exchange, error, reused=reused) from error
        else:
            return outcome
        finally:
            exchange.grip.let_go()
            if reusable and not exchange.grip.broken:
                self._origin.keep(connection)
            else:
                if response is not None:
                    response.close()
                connection.hang_up()

    def _connected(self, exchange: Exchange) -> tuple[HttpConnection, bool]:
        """Return a connection in the exchange's grip, and whether it was used before."""
        connection = self._origin.take(exchange.grip, replay_safe=exchange.replay_safe)
        if connection is not None:
            return connection, True
        timeout_s = min(self._connect_timeout_s, self._remaining_s(exchange))
        return self._origin.dial(exchange.grip, timeout_s), False

    def _remaining_s(self, exchange: Exchange) -> float:
        return max(0.001, exchange.deadline - self._clock())

    def _lost(self, exchange: Exchange, error: Exception, *, reused: bool) -> MCPOrchestratorError:
        if not exchange.claimed:
            return NotExecutedError(f"{self._origin}: cannot be sent: {error}")
        if isinstance(error, TimeoutError | ReadTimeoutError):
            return MCPTimeoutError(f"{self._origin}: no answer by the deadline", executed="unknown")
        # Once the head is there, what breaks is told by urllib3, as a HTTPError.
        stale = reused and isinstance(error, ConnectionError | ssl.SSLError)
        return OutcomeUnknownError(f"{self._origin}: the answer was lost: {error}", stale=stale)

    def _read(self, exchange: Exchange, connection: HttpConnection, response: HTTPResponse, path: str) -> Outcome | str:
        status, headers = response.status, response.headers
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if 200 <= status < 300 and exchange.request is not None:
            if kind == "text/event-stream":
                return self._read_events(exchange, exchange.request, connection, response)
            return self._read_answer(exchange, exchange.request, response, kind)
        aside = b"" if kind == "text/event-stream" else _read_aside(exchange, connection, response)
        if 200 <= status < 300:
            return {}
        if status in {307, 308} and "Location" in headers:
            redirected = self._origin.redirected(path, headers["Location"])
            if redirected is not None:
                return redirected
        where = f"{self._origin}{path.partition('?')[0]}"  # A query may hold a secret.
        had_session = self._session.has_id and not (exchange.message and is_initialize(exchange.message))
        return outcome_of_status(status, headers, aside, where=where, had_session=had_session)

    def _read_answer(self, exchange: Exchange, request: Request, response: HTTPResponse, kind: str) -> Outcome:
        body = read_body(response, exchange.grip, self._max_response_bytes)
        what = f"{self._origin}: HTTP {response.status} ({kind or 'no content type'})"
        if not body:
            return OutcomeUnknownError(f"{what} without an answer")
        try:
            outcome = answer_among(decode(body), request.id, self._listener)
        except ValueError as error:
            return OutcomeUnknownError(f"{what} with an answer that is no JSON-RPC: {error}")
        if outcome is None:
            return OutcomeUnknownError(f"{what} with the answer to another request")
        self._note(request, response, outcome)
        return outcome

    def _read_events(
        self, exchange: Exchange, request: Request, connection: HttpConnection, response: HTTPResponse
    ) -> Outcome:
        """Read events until the answer, report it, and see for a moment whether the stream ends by itself."""
        parser = SseParser(self._max_response_bytes)
        outcome: Outcome | None = None
        until = 0.0
        try:
            while piece := response.read1(PIECE_BYTES):
                answer = self._answer_in(parser, piece, request)
                if outcome is None and answer is not None:
                    outcome = answer
                    self._note(request, response, outcome)
                    exchange.report(outcome)
                    until = time.monotonic() + LINGER_S
                    connection.timeout_reads(LINGER_S)
                if outcome is not None and (connection.is_closed or time.monotonic() > until):
                    break
        except (HTTPError, OutcomeUnknownError, ResponseTooLargeError):
            if outcome is None:
                raise
            connection.close()
        exchange.grip.check()
        if outcome is None:
            return OutcomeUnknownError(f"{self._origin}: the stream ended without the answer")
        return outcome

    def _answer_in(self, parser: SseParser, piece: bytes, request: Request) -> Outcome | None:
        """Tell the listener what `piece` completes for it, and return the answer if it completes that."""
        outcome: Outcome | None = None
        try:
            for event in parser.feed(piece):
                if event.data and event.event == "message":
                    answer = answer_among(decode(event.data), request.id, self._listener)
                    outcome = answer if outcome is None else outcome
        except EventTooLargeError as error:
            if outcome is None:
                raise ResponseTooLargeError(f"{self._origin}: the answer is {error}") from error
        except ValueError as error:
            if outcome is None:
                raise OutcomeUnknownError(f"{self._origin}: an event that is no JSON-RPC: {error}") from error
        return outcome

    def _note(self, request: Request, response: HTTPResponse, outcome: Outcome) -> None:
        """Take the session, before anybody who hears of the outcome can send in it."""
        if is_initialize(request) and isinstance(outcome, dict):
            self._session.begin(response.headers, outcome)


def _read_aside(exchange: Exchange, connection: HttpConnection, response: HTTPResponse) -> bytes:
    """Read a body that decides nothing alone: what cannot be had of it is not missed, but ends the connection."""
    try:
        return read_body(response, exchange.grip, MOST_ASIDE_BYTES)
    except (HTTPError, ResponseTooLargeError):
        connection.close()
        return b""
