"""One message on its way over HTTP+SSE: out by a POST of its own, its answer in on the stream of all."""

from collections.abc import Callable, Mapping
from threading import Lock

from actors.call import Outcome, SendTicket
from actors.errors import NotExecutedError, OutcomeUnknownError
from actors.mcp.http_answer import LINGER_S
from actors.mcp.http_exchange import Exchange, read_aside
from actors.mcp.http_round_trip import Arrival, Ask, RoundTrips
from actors.mcp.http_status import outcome_of_status
from actors.mcp.jsonrpc import encode
from actors.mcp.legacy_session import is_initialize
from actors.transport import OnDone, Reply, Request


class Posting(Exchange):
    """An exchange that several threads may end: whoever comes first reports it, and nothing is sent after that.

    The thread of the POST ends it when that fails, the stream's when the answer or the stream's end comes, the
    actor's when it breaks it off. `on_end` hears of it once, after the report.
    """

    __slots__ = ("_ended", "_ending", "_on_end")

    def __init__(  # noqa: PLR0913 -- the four of `Connection.start`, and two to hear of it
        self,
        message: Request | Reply,
        deadline: float,
        ticket: SendTicket,
        on_done: OnDone,
        *,
        on_stuck: Callable[[Exchange], None],
        on_end: Callable[["Posting"], None],
    ) -> None:
        super().__init__(message, deadline, ticket, on_done, on_stuck)
        self._on_end = on_end
        self._ending = Lock()
        self._ended = False

    def claim(self) -> bool:
        """Whether a byte may go out: not once the exchange has ended, which may have been as "not executed"."""
        with self._ending:
            return not self._ended and super().claim()

    @property
    def begun(self) -> bool:
        """Whether the server can have seen it."""
        return self.claimed

    def end(self, outcome: Outcome) -> bool:
        """Report the outcome, unless there is one; False: there was."""
        with self._ending:
            first, self._ended = not self._ended, True
        if first:
            self.report(outcome)
            self._on_end(self)
        return first

    def fail(self, reason: str, unsent: NotExecutedError) -> None:
        """Report that no answer will come: `unsent` if the server cannot have seen the message."""
        with self._ending:
            first, self._ended = not self._ended, True
            outcome = OutcomeUnknownError(reason) if self.claimed else unsent
        if first:
            self.report(outcome)
            self._on_end(self)

    def abort(self) -> None:
        """See Handle."""
        self.fail("broken off", NotExecutedError("broken off before it was sent"))
        super().abort()


class EndpointPosts:
    """Posts messages to the endpoint of a session. Blocks; for worker threads, one for each message."""

    def __init__(self, where: str, round_trips: RoundTrips, headers: Mapping[str, str]) -> None:
        self._where, self._round_trips, self._headers = where, round_trips, headers

    def carry(self, posting: Posting, message: Request | Reply, path: str) -> Outcome | None:
        """Post the message. Return its outcome; None: the stream will tell. Raises as RoundTrips does.

        What is answered here, but for a refusal, is of no interest: revision 2024-11-05 says nothing of it. An answer
        that comes late, when the tool is done, changes nothing either. But what fails after the first byte ends the
        exchange as unknown, 5xx included, though its answer may yet come on the stream: it may also never come.
        """

        def read(arrival: Arrival) -> Outcome | None:
            return self._read(posting, arrival)

        return self._round_trips.make(posting, Ask("POST", self._headers, encode(message), path), read)

    def _read(self, posting: Posting, arrival: Arrival) -> Outcome | None:
        response = arrival.response
        if 200 <= response.status < 300:
            if posting.request is None:
                posting.end({})
            arrival.connection.timeout_reads(LINGER_S)  # For the sake of the socket, and no longer.
            read_aside(posting, arrival.connection, response)
            return None
        aside = read_aside(posting, arrival.connection, response)
        where = f"{self._where}{arrival.path.partition('?')[0]}"  # The session's id is in the query.
        is_first = posting.message is not None and is_initialize(posting.message)
        return outcome_of_status(response.status, response.headers, aside, where=where, had_session=not is_first)
