"""What the body of an answer says about one request: JSON as a whole, or events until the one that counts. Blocks."""

import time
from collections.abc import Callable

from urllib3.exceptions import HTTPError

from actors.call import Outcome
from actors.errors import MCPOrchestratorError, OutcomeUnknownError, ResponseTooLargeError
from actors.mcp.event_cursor import EventCursor, Pace
from actors.mcp.http_connection import Pause
from actors.mcp.http_exchange import PIECE_BYTES, content_type, read_body
from actors.mcp.http_round_trip import Arrival
from actors.mcp.incoming import Incoming
from actors.mcp.jsonrpc import Answer, decode
from actors.mcp.sse import EventTooLargeError, SseEvent, SseParser
from actors.transport import Received, Request

# After the answer in a stream, the stream's end may take so long to come for the socket to be used again. A guess.
LINGER_S = 0.25


class AnswerReader:
    """Reads the bodies of answers with a status 2xx, each on the calling thread. Raises AbortedError, HTTPError.

    `where`: the server, for error texts. `clock`, `pause`: for a stream that floods us, which is read more slowly.
    """

    def __init__(
        self, where: str, incoming: Incoming, *, max_bytes: int, clock: Callable[[], float], pause: Pause
    ) -> None:
        self._where, self._incoming, self._max_bytes = where, incoming, max_bytes
        self._clock, self._pause = clock, pause

    def read_json(self, arrival: Arrival, request: Request) -> Outcome:
        """Read one body as a whole."""
        response = arrival.response
        outcome: Outcome | None = None
        problem = "without an answer"
        try:
            if body := read_body(response, arrival.exchange.grip, self._max_bytes):
                problem = "without the answer to this request"
                outcome = self._incoming.take(decode(body), request.id)
        except ResponseTooLargeError as error:
            outcome = error
        except ValueError as error:
            problem = f"with an answer that is no JSON-RPC: {error}"
        if outcome is None:
            kind = content_type(response) or "no content type"
            outcome = OutcomeUnknownError(f"{self._where}: HTTP {response.status} ({kind}) {problem}")
        return _said_with(outcome, response.status)

    def read_events(
        self, arrival: Arrival, request: Request, cursor: EventCursor, note: Callable[[Outcome], None]
    ) -> Outcome | None:
        """Read events until the answer, report it, and see for a moment whether the stream ends by itself.

        None: it ended first. `note` hears of the answer before anybody else.
        """
        exchange, response, connection = arrival.exchange, arrival.response, arrival.connection

        def report(outcome: Outcome) -> None:
            note(_said_with(outcome, response.status))
            exchange.report(outcome)

        stream = _AnswerStream(self._incoming, request.id, self._max_bytes, cursor, report)
        pace, until = Pace(self._clock), 0.0
        try:
            while piece := response.read1(PIECE_BYTES):
                told = stream.feed(piece)
                if stream.outcome is None:
                    if rest_s := pace.rest_s(told):
                        self._pause(exchange.grip, rest_s)
                elif not until:
                    until = time.monotonic() + LINGER_S
                    connection.timeout_reads(LINGER_S)
                if until and (connection.is_closed or time.monotonic() > until):
                    break
        except (HTTPError, ValueError) as error:
            exchange.grip.check()
            connection.close()
            if stream.outcome is None:
                if isinstance(error, HTTPError):
                    raise
                return _said_with(self._unusable(error), response.status)
        exchange.grip.check()
        return stream.outcome

    def _unusable(self, error: ValueError) -> MCPOrchestratorError:
        if isinstance(error, EventTooLargeError):
            return ResponseTooLargeError(f"{self._where}: the answer is {error}")
        return OutcomeUnknownError(f"{self._where}: an event that is no JSON-RPC: {error}")


class _AnswerStream:
    """The events of one connection, as far as they have come. `outcome`: None until the answer is among them."""

    def __init__(
        self,
        incoming: Incoming,
        request_id: int,
        max_bytes: int,
        cursor: EventCursor,
        on_answer: Callable[[Outcome], None],
    ) -> None:
        self._incoming, self._request_id, self._cursor = incoming, request_id, cursor
        self._on_answer = on_answer
        self._parser = SseParser(max_bytes)
        self.outcome: Outcome | None = None

    def feed(self, piece: bytes) -> int:
        """Tell what `piece` completes, and return how many messages that was. Raises ValueError."""
        told = 0
        for event in self._parser.feed(piece):
            self._cursor.note(event)
            messages = messages_in(event)
            told += len(messages)
            awaited = self._request_id if self.outcome is None else None
            answer = self._incoming.take(messages, awaited, in_stream=True)
            if answer is not None:
                self.outcome = answer
                self._on_answer(answer)
        return told


def messages_in(event: SseEvent) -> list[Answer | Received]:
    """Return what one event says; events of other names, and those without data, say nothing. Raises ValueError."""
    return decode(event.data) if event.data and event.event == "message" else []


def _said_with(outcome: Outcome, status: int) -> Outcome:
    """Note on an error which HTTP status brought it."""
    if isinstance(outcome, MCPOrchestratorError):
        outcome.status = status
    return outcome
