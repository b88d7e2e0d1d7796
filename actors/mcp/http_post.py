"""Carries one message over HTTP by POST and makes an outcome of whatever comes back. Blocks; for worker threads."""

from collections.abc import Callable
from functools import partial

from urllib3.exceptions import HTTPError

from actors.call import Outcome
from actors.errors import MCPConnectionError, MCPTimeoutError, OutcomeUnknownError
from actors.mcp.envelope import protocol_of
from actors.mcp.event_cursor import EventCursor
from actors.mcp.http_answer import AnswerReader
from actors.mcp.http_connection import Pause
from actors.mcp.http_exchange import EVENT_STREAM, Exchange, content_type, read_aside
from actors.mcp.http_headers import ModernHeaders, get_headers
from actors.mcp.http_round_trip import Arrival, Ask, RoundTrips
from actors.mcp.http_status import outcome_of_status
from actors.mcp.jsonrpc import encode
from actors.mcp.legacy_session import LegacySession, is_initialize
from actors.transport import Reply, Request

# How often in a row the rest of a stream may be out of reach before its answer is given up. More, and a dead server
# holds every call to its deadline; fewer, and a proxy that starts anew costs the answer.
MOST_MISSED = 3


class HttpPost:
    """Does exchanges, one per calling thread. Raises MCPOrchestratorError, AbortedError, WithdrawnError.

    `where`: the server, for error texts. `pause`: how to wait between two connections of one stream.
    """

    def __init__(  # noqa: PLR0913 -- the parts of one connection, put together in one place
        self,
        where: str,
        round_trips: RoundTrips,
        session: LegacySession,
        modern: ModernHeaders,
        answers: AnswerReader,
        *,
        clock: Callable[[], float],
        pause: Pause,
    ) -> None:
        self._where, self._round_trips, self._answers = where, round_trips, answers
        self._session, self._modern = session, modern
        self._clock, self._pause = clock, pause

    def carry(self, exchange: Exchange, message: Request | Reply) -> Outcome:
        """Send the message and return its outcome. The answer in a stream is reported before the stream's end."""
        if self._clock() >= exchange.deadline:
            return MCPTimeoutError("the deadline passed before it was sent", executed="no")
        version = protocol_of(message)
        if version is None or not isinstance(message, Request):
            headers = self._session.headers_for(message)
        else:
            headers = self._modern.headers_for(message, version)
        said = self._round_trips.make(exchange, Ask("POST", headers, encode(message)), self._read)
        return self._resume(exchange, said) if isinstance(said, EventCursor) else said

    def _read(self, arrival: Arrival) -> Outcome | EventCursor:
        exchange, response = arrival.exchange, arrival.response
        status, request = response.status, exchange.request
        if 200 <= status < 300 and request is not None:
            if content_type(response) == EVENT_STREAM:
                return self._read_events(EventCursor(), arrival, request)
            outcome = self._answers.read_json(arrival, request)
            self._note(arrival, outcome)
            return outcome
        aside = read_aside(exchange, arrival.connection, response)
        if 200 <= status < 300:
            return {}
        where = f"{self._where}{arrival.path.partition('?')[0]}"  # A query may hold a secret.
        had_session = self._session.has_id and _is_of_session(exchange.message)
        return outcome_of_status(status, response.headers, aside, where=where, had_session=had_session)

    def _read_events(self, cursor: EventCursor, arrival: Arrival, request: Request) -> Outcome | EventCursor:
        """Return the outcome, or how far a stream came that is to be resumed."""
        # Initialize is not: the session in which to ask for the rest begins with its answer.
        is_resumable = _is_of_session(request)
        try:
            outcome = self._answers.read_events(arrival, request, cursor, partial(self._note, arrival))
        except HTTPError:
            if cursor.last_id is None or not is_resumable:
                raise
            return cursor
        if outcome is not None:
            return outcome
        return cursor if cursor.last_id is not None and is_resumable else self._ended()

    def _resume(self, exchange: Exchange, cursor: EventCursor) -> Outcome:
        """Read on where a stream ended before the answer, as often as it takes.

        The request was sent: nothing that goes wrong here may say that it was not.
        """
        missed = 0
        while cursor.last_id is not None:
            self._pause(exchange.grip, min(cursor.wait_s(), self._round_trips.remaining_s(exchange)))
            if self._clock() >= exchange.deadline:
                return MCPTimeoutError(f"{self._where}: no answer by the deadline", executed="unknown")
            cursor.connect()
            ask = Ask("GET", get_headers(self._session.headers, cursor.last_id), fresh=True)
            try:
                said = self._round_trips.make(exchange, ask, partial(self._read_on, cursor))
            except (MCPConnectionError, OutcomeUnknownError) as error:
                missed += 1
                if missed >= MOST_MISSED or error.status is not None:
                    return self._ended(f", and the rest of it cannot be had: {error.message}")
                continue
            if not isinstance(said, EventCursor):
                return said
            missed = 0
        return self._ended()

    def _read_on(self, cursor: EventCursor, arrival: Arrival) -> Outcome | EventCursor:
        request, response = arrival.exchange.request, arrival.response
        if request is None or response.status != 200 or content_type(response) != EVENT_STREAM:
            return self._ended(f", and the rest of it is refused: HTTP {response.status}")
        return self._read_events(cursor, arrival, request)

    def _ended(self, detail: str = "") -> OutcomeUnknownError:
        return OutcomeUnknownError(f"{self._where}: the stream ended without the answer{detail}")

    def _note(self, arrival: Arrival, outcome: Outcome) -> None:
        """Take the session, before anybody who hears of the outcome can send in it."""
        message = arrival.exchange.message
        if message is not None and is_initialize(message) and isinstance(outcome, dict):
            self._session.begin(arrival.response.headers, outcome, arrival.path)


def _is_of_session(message: Request | Reply | None) -> bool:
    """Whether the message goes out in the session, if there is one."""
    return message is not None and not is_initialize(message) and protocol_of(message) is None
