"""Where we are in a stream of events that may go on over another connection, and how long to leave it alone. Pure.

Source: the Streamable HTTP pages of the revisions 2025-03-26 to 2025-11-25, resumability; the event stream format of
the WHATWG HTML standard.
"""

from collections.abc import Callable

from actors.mcp.sse import SseEvent

RETRY_S = 1.0  # Until the server names another time.
RETRY_CAP_S = 30.0
# However little a server asks for, it is not asked again without a break. Within what conformance tests let pass.
LEAST_RETRY_S = 0.05
# A longer id would not get past the limits that servers have for a header line.
LONGEST_ID = 4096
# From here on the socket is read more slowly: what is told to an actor waits in a mailbox that has no end of its own.
# Ten times what a chatty server sends, and less than an actor takes. A guess.
MOST_MESSAGES_PER_S = 10_000

_MOST_DOUBLINGS = 16


class EventCursor:
    """Follows one stream over all its connections. For one thread at a time.

    * `last_id`: what the next connection begins after; None: the stream cannot be resumed.
    * `barren`: connections in a row, the current one included, that have brought no event.
    """

    def __init__(self) -> None:
        self.last_id: str | None = None
        self.barren = 0
        self._retry_s = RETRY_S

    def connect(self) -> None:
        """Take note that another connection begins."""
        self.barren += 1

    def note(self, event: SseEvent) -> None:
        """Take note of an event."""
        self.barren = 0
        if event.id is not None:
            self.last_id = event.id if 0 < len(event.id) <= LONGEST_ID else None
        if event.retry_ms is not None:
            self._retry_s = max(LEAST_RETRY_S, event.retry_ms / 1000)

    def wait_s(self) -> float:
        """Return the seconds until the next connection: what the server asked for, doubled while nothing comes."""
        doubled = self._retry_s * 2.0 ** min(self.barren, _MOST_DOUBLINGS)
        return max(self._retry_s, min(doubled, RETRY_CAP_S))


class Pace:
    """Says how long not to read on, so that a stream tells no more than `MOST_MESSAGES_PER_S`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since, self._count = clock(), 0

    def rest_s(self, messages: int) -> float:
        """Return the seconds to rest after so many more messages; mostly 0."""
        self._count += messages
        if self._count < MOST_MESSAGES_PER_S:
            return 0.0
        now = self._clock()
        rest_s = max(0.0, self._since + self._count / MOST_MESSAGES_PER_S - now)
        self._since, self._count = now + rest_s, 0
        return rest_s
