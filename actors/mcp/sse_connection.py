"""HTTP+SSE, the transport of revision 2024-11-05: one stream for all that the server says, a POST for each of ours.

Source: the HTTP with SSE section of the transports page, revision 2024-11-05. Deprecated since, still common; over it
a server may speak any legacy revision.
"""

import copy
import logging
import math
import time
from collections.abc import Callable
from functools import partial
from threading import Event, Lock

from actors.call import Outcome, SendTicket
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, MCPTimeoutError, NotExecutedError
from actors.mcp.awaited import Awaited
from actors.mcp.http_client import HttpClient
from actors.mcp.http_connection import LONGEST_WAIT_S, AbortedError, Grip, Pause
from actors.mcp.http_exchange import Exchange
from actors.mcp.http_headers import post_headers
from actors.mcp.sse_answers import SseAnswers
from actors.mcp.sse_posting import EndpointPosts, Posting
from actors.mcp.sse_stream import CHECK, SseStream
from actors.transport import ConnectionLost, Handle, Listener, OnDone, Reply, Request

logger = logging.getLogger(__name__)


class LegacySseConnection:
    """One session with one server: the stream is the session. See `actors.transport.Connection` for what it promises.

    * The first `start` opens the stream. Until its endpoint is known each exchange waits on a thread of its own, to
      its deadline. Then it has one as long as its POST takes: nobody but a table of ids waits for the answer.
    * The stream's end is the connection's: ConnectionLost is told, then all under way is reported, as unknown if it
      was sent, and what is started later is refused for the same reason. Nothing is resumed.
    * Servers may answer a POST long after the stream has answered the request. No more than `max_concurrent` such
      POSTs are waited for, so that a server that leaves all of them open costs no more threads than that.
    * `close` lets the exchanges end, then closes the stream; `abort` breaks all off.
    """

    def __init__(
        self,
        config: ServerConfig,
        listener: Listener,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Pause = Grip.pause,
    ) -> None:
        self._config, self._listener, self._clock = config, listener, clock
        self._client = client = HttpClient(config, listener, kind="sse", clock=clock)
        self._where, headers, most = client.where, post_headers(config.headers), config.max_response_bytes
        self._posts = EndpointPosts(self._where, client.round_trips, headers)
        self._awaited = Awaited[Posting](most)
        self._answers = SseAnswers(self._where, self._awaited, listener)
        self._reader = SseStream(
            client.origin, client.round_trips, headers, max_event_bytes=most, clock=clock, pause=pause
        )
        self._lock = Lock()
        self._under_way: dict[Posting, None] = {}  # Not yet reported.
        self._posting: dict[Exchange, None] = {}  # On a thread, reported or not.
        self._stream: Exchange | None = None
        self._endpoint: str | None = None
        self._opening_over = Event()
        self._refusal: NotExecutedError | None = None  # The outcome of whatever is started from now on.
        self._begun = self._closing = self._wound_up = False

    @property
    def threads_written_off(self) -> int:
        """How many threads were given up in name resolution so far."""
        return self._client.threads_written_off

    @property
    def dropped_answers(self) -> int:
        """How many of the server's answers nobody waited for: late, twice, or with an id that is none of ours."""
        return self._awaited.dropped

    @property
    def skipped_events(self) -> int:
        """How many messages were no JSON-RPC, or too large and no answer."""
        return self._answers.skipped

    def start(self, message: Request | Reply, deadline: float, ticket: SendTicket, on_done: OnDone) -> Handle:
        """See Connection."""
        posting = Posting(message, deadline, ticket, on_done, on_stuck=self._give_up_post, on_end=self._forget)
        stream: Exchange | None = None
        with self._lock:
            refusal = self._refusal
            if refusal is None:
                self._under_way[posting] = self._posting[posting] = None
                if not self._begun:
                    self._begun = True
                    stream = Exchange(None, math.inf, SendTicket(), lambda _: None, self._give_up_stream)
                    self._stream = stream
        if refusal is not None:
            posting.end(copy.copy(refusal))
            return posting
        if posting.request is not None:
            self._awaited.expect(posting.request.id, posting)
        if stream is not None:
            self._client.begin(stream, partial(self._follow, stream), self._end_stream)
        self._client.begin(posting, partial(self._carry, posting, message), partial(self._end_post, posting))
        return posting

    def close(self) -> None:
        """See Connection."""
        with self._lock:
            self._refuse_from_now_on()
        self._wind_up()

    def abort(self) -> None:
        """See Connection."""
        with self._lock:
            self._refuse_from_now_on()
            postings = list(self._under_way)
        for posting in postings:
            posting.abort()
        self._wind_up()

    def _refuse_from_now_on(self) -> None:
        self._closing = True
        if self._refusal is None:
            self._refusal = MCPConnectionError(f"{self._where}: the connection is closed")

    # -- the stream -----------------------------------------------------------------------------------------------

    def _follow(self, stream: Exchange) -> Outcome:
        """Read the stream on this thread, and return why it ended."""
        try:
            return self._reader.follow(stream, self._open, self._answers.hear)
        except AbortedError:
            return MCPConnectionError(f"{self._where}: the connection was broken off")

    def _open(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._opening_over.set()

    def _give_up_stream(self, _: Exchange) -> None:
        self._client.give_up()
        self._end_stream(MCPConnectionError(f"{self._where}: broken off while the server's name was looked up"))

    def _end_stream(self, end: Outcome) -> None:
        reason = end if isinstance(end, NotExecutedError) else MCPConnectionError(f"the stream failed: {end}")
        with self._lock:
            self._stream = None
            if self._refusal is None:
                self._refusal = reason
                # First of all, so that nobody tries again over this connection; never after `close`, which waits.
                self._listener(ConnectionLost(error=copy.copy(reason)))
            postings = list(self._under_way)
        self._opening_over.set()
        for posting in postings:
            posting.fail(reason.message, copy.copy(reason))
        self._wind_up()

    # -- the posts ------------------------------------------------------------------------------------------------

    def _carry(self, posting: Posting, message: Request | Reply) -> Outcome | None:
        """Return the outcome; None: it comes on the stream, or has come."""
        if self._clock() >= posting.deadline:
            return MCPTimeoutError("the deadline passed before it was sent", executed="no")
        if not self._opening_over.wait(min(self._client.round_trips.remaining_s(posting), LONGEST_WAIT_S)):
            return MCPConnectionError(f"{self._where}: no endpoint event by the deadline: {CHECK}")
        if self._endpoint is None:
            return None
        return self._posts.carry(posting, message, self._endpoint)

    def _end_post(self, posting: Posting, outcome: Outcome | None) -> None:
        if outcome is not None:
            posting.end(outcome)
        self._leave(posting)

    def _give_up_post(self, posting: Exchange) -> None:
        self._client.give_up()
        self._leave(posting)

    def _leave(self, posting: Exchange) -> None:
        with self._lock:
            del self._posting[posting]
        self._wind_up()

    def _forget(self, posting: Posting) -> None:
        """Take note that an exchange was reported."""
        if posting.request is not None:
            self._awaited.forget(posting.request.id)
        with self._lock:
            self._under_way.pop(posting, None)
            late = [one for one in self._posting if one not in self._under_way]
        for one in late[: -self._config.max_concurrent]:
            one.abort()
        self._wind_up()

    def _wind_up(self) -> None:
        """Go on towards Released, if we are to and all is reported: first the posts' threads and the stream's."""
        with self._lock:
            if not self._closing or self._under_way or self._wound_up:
                return
            late, stream = list(self._posting), self._stream
            self._wound_up = not late and stream is None
        for posting in late:
            posting.abort()
        if stream is not None:
            stream.abort()
        if not late and stream is None:
            self._client.release()
