"""The stream by which the server of a session says what belongs to no request of ours. Revisions up to 2025-11-25.

Source: the Streamable HTTP pages of the revisions 2025-03-26 to 2025-11-25, listening for messages from the server.
"""

import logging
from collections.abc import Callable
from threading import Event

from urllib3.exceptions import HTTPError

from actors.errors import MCPOrchestratorError
from actors.mcp.event_cursor import EventCursor, Pace
from actors.mcp.http_answer import messages_in
from actors.mcp.http_connection import Pause
from actors.mcp.http_exchange import EVENT_STREAM, PIECE_BYTES, Exchange, content_type
from actors.mcp.http_headers import get_headers
from actors.mcp.http_round_trip import Arrival, Ask, RoundTrips
from actors.mcp.incoming import Incoming
from actors.mcp.legacy_session import LegacySession
from actors.mcp.sse import SseEvent, SseParser

logger = logging.getLogger(__name__)

# A stream that stood so long was a good one, though nothing came: proxies cut what is silent for a minute or two.
STOOD_S = 30.0
_GONE = (404, 405)  # The session, or the stream.


class SessionStream:
    """Keeps the stream open, for one worker thread of its own; tells the listener what comes, and nobody else anything.

    * A server that refuses the first GET has no such stream. One that refuses a later one is asked again, from the
      beginning, unless it says that session or stream are gone: a call will find that out, and has it mended.
    * Answers do not belong here. They are dropped: who waits for one holds a stream of its own.
    * What is too large, or no JSON-RPC, is skipped; no call is to suffer for it.
    """

    def __init__(  # noqa: PLR0913 -- the parts of one connection, put together in one place
        self,
        where: str,
        round_trips: RoundTrips,
        session: LegacySession,
        incoming: Incoming,
        *,
        max_event_bytes: int,
        clock: Callable[[], float],
        pause: Pause,
    ) -> None:
        self._where, self._round_trips, self._session, self._incoming = where, round_trips, session, incoming
        self._max_event_bytes, self._clock, self._pause = max_event_bytes, clock, pause
        self._cursor = EventCursor()
        self._opened = False
        self._answered = Event()

    def follow(self, exchange: Exchange) -> None:
        """Follow the stream until the server has none (any more). Raises AbortedError: this is how it ends else."""
        try:
            while self._read_once(exchange):
                self._answered.set()
                self._pause(exchange.grip, self._cursor.wait_s())
        finally:
            self._answered.set()

    def wait_for_the_server(self, limit_s: float) -> None:
        """Wait until the server has said whether there is a stream, or could not be asked; `limit_s` at the longest."""
        self._answered.wait(limit_s)

    def _read_once(self, exchange: Exchange) -> bool:
        """Read the stream until it ends. False: there is none."""
        self._cursor.connect()
        began_at = self._clock()
        ask = Ask("GET", get_headers(self._session.headers, self._cursor.last_id), fresh=True)
        try:
            is_there = self._round_trips.make(exchange, ask, self._read)
        except MCPOrchestratorError as error:  # The server, or what is between, is away for the moment.
            logger.debug("%s: no stream: %s", self._where, error)
            return True
        if self._clock() - began_at >= STOOD_S:
            self._cursor.barren = 0
        return is_there

    def _read(self, arrival: Arrival) -> bool:
        self._answered.set()
        response = arrival.response
        if response.status != 200 or content_type(response) != EVENT_STREAM:
            self._cursor.last_id = None  # If it is this what the server cannot do.
            return self._opened and response.status not in _GONE
        self._opened = True
        parser, pace = SseParser(self._max_event_bytes, skips=True), Pace(self._clock)
        try:
            while piece := response.read1(PIECE_BYTES):
                told = sum(map(self._tell, parser.feed(piece)))
                if rest_s := pace.rest_s(told):
                    self._pause(arrival.exchange.grip, rest_s)
        except HTTPError as error:
            arrival.connection.close()
            logger.debug("%s: the stream broke: %s", self._where, error)
        arrival.exchange.grip.check()
        return True

    def _tell(self, event: SseEvent) -> int:
        """Tell the listener what an event says, and return how many messages that was."""
        self._cursor.note(event)
        if event.oversized is not None:
            logger.warning("%s: an event of %d bytes is skipped", self._where, event.oversized.size)
        try:
            messages = messages_in(event)
        except ValueError as error:
            logger.debug("%s: an event that is no JSON-RPC: %s", self._where, error)
            return 1
        self._incoming.take(messages, None)
        return len(messages)
