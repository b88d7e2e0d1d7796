"""The one stream of a session over HTTP+SSE, read from its GET to its end. Blocks; for a worker thread.

Source: the HTTP with SSE section of the transports page, revision 2024-11-05.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from urllib3.exceptions import HTTPError

from actors.errors import MCPConnectionError, MCPOrchestratorError, NotExecutedError, ServerUnavailableError
from actors.mcp.event_cursor import Pace
from actors.mcp.http_connection import Pause
from actors.mcp.http_exchange import EVENT_STREAM, PIECE_BYTES, Exchange, content_type
from actors.mcp.http_headers import get_headers
from actors.mcp.http_origin import HttpOrigin
from actors.mcp.http_round_trip import Arrival, Ask, RoundTrips
from actors.mcp.http_status import outcome_of_status
from actors.mcp.sse import SseEvent, SseParser

_LONGEST_SHOWN = 200  # Letters of what a server sent, in an error text.
CHECK = 'check the url; whether its server speaks HTTP+SSE at all, transport = "auto" finds out'


class SseStream:
    """Opens the stream, finds the endpoint in its first event, and tells the others as they come.

    * An event of more than `max_event_bytes` is told as what is left of it: the stream belongs to other calls too.
    * It is read no faster than `event_cursor.MOST_MESSAGES_PER_S`, so that whoever listens keeps up.
    """

    def __init__(  # noqa: PLR0913 -- the parts of one connection, put together in one place
        self,
        origin: HttpOrigin,
        round_trips: RoundTrips,
        headers: Mapping[str, str],
        *,
        max_event_bytes: int,
        clock: Callable[[], float],
        pause: Pause,
    ) -> None:
        self._origin, self._round_trips, self._headers = origin, round_trips, get_headers(headers)
        self._max_event_bytes, self._clock, self._pause = max_event_bytes, clock, pause

    def follow(
        self, exchange: Exchange, on_endpoint: Callable[[str], None], on_event: Callable[[SseEvent], int]
    ) -> NotExecutedError:
        """Read the stream to its end, and return why it ended, or never began. Raises AbortedError.

        `on_endpoint` hears the path to POST to, once, before `on_event` hears anything, which returns how many messages
        that was. Neither may raise or block.
        """
        read = partial(self._read, on_endpoint, on_event)
        try:
            return self._round_trips.make(exchange, Ask("GET", self._headers), read)
        except NotExecutedError as error:
            return error
        except MCPOrchestratorError as error:
            return MCPConnectionError(f"{self._origin}: no stream: {error.message}")

    def _read(
        self, on_endpoint: Callable[[str], None], on_event: Callable[[SseEvent], int], arrival: Arrival
    ) -> NotExecutedError:
        if arrival.response.status != 200:
            return _refusal(arrival, str(self._origin))
        kind = content_type(arrival.response)
        if kind != EVENT_STREAM:
            return self._unusable(f"HTTP 200 ({kind or 'no content type'}) instead of an event stream")
        opened, pace = False, Pace(self._clock)
        try:
            for events in self._pieces(arrival):
                told = 0
                for event in events:
                    if opened:
                        told += on_event(event)
                    elif event.data or event.oversized is not None:  # Else but an id or a retry time.
                        endpoint = self._endpoint_in(event, arrival.path)
                        if not isinstance(endpoint, str):
                            return endpoint
                        opened = True
                        on_endpoint(endpoint)
                if rest_s := pace.rest_s(told):
                    self._pause(arrival.exchange.grip, rest_s)
        except HTTPError as error:
            arrival.exchange.grip.check()
            return MCPConnectionError(f"{self._origin}: the stream broke: {error}")
        arrival.exchange.grip.check()
        return MCPConnectionError(f"{self._origin}: the server ended the stream")

    def _pieces(self, arrival: Arrival) -> Iterator[Iterator[SseEvent]]:
        """Yield the events of each piece that is read. Raises HTTPError."""
        parser = SseParser(self._max_event_bytes, skips=True)
        while piece := arrival.response.read1(PIECE_BYTES):
            yield parser.feed(piece)

    def _endpoint_in(self, event: SseEvent, path: str) -> str | MCPConnectionError:
        """Return the path to POST to, or why the stream is of no use."""
        if event.event != "endpoint" or event.oversized is not None:
            return self._unusable(f"the first event is {event.event[:_LONGEST_SHOWN]!r} instead of the endpoint")
        said = event.data.decode(errors="replace")
        endpoint = self._origin.redirected(path, said)
        if endpoint is None:
            shown = said.partition("?")[0][:_LONGEST_SHOWN]  # A query may hold a secret.
            return self._unusable(f"the endpoint {shown!r} is not on the server's own origin")
        return endpoint

    def _unusable(self, what: str) -> MCPConnectionError:
        error = MCPConnectionError(f"{self._origin}: {what}: {CHECK}")
        error.status = 200
        return error


def _refusal(arrival: Arrival, origin: str) -> NotExecutedError:
    """Translate an answer to the GET that is no stream: whatever it says, nothing was executed."""
    status, headers = arrival.response.status, arrival.response.headers
    where = f"{origin}{arrival.path.partition('?')[0]}"
    outcome = outcome_of_status(status, headers, b"", where=where, had_session=False)
    if isinstance(outcome, ServerUnavailableError):
        return outcome
    moved = f", redirected to {headers.get('Location')!r}" if 300 <= status < 400 else ""
    error = MCPConnectionError(f"{where}: HTTP {status} to GET{moved}: {CHECK}", retry_after_s=outcome.retry_after_s)
    error.status = status
    return error
