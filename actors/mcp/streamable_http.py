"""Streamable HTTP: each message a POST, its answer JSON or events. In the legacy era, a session and its stream too.

Source: the Streamable HTTP pages of the revisions 2025-03-26 to 2026-07-28. Of which era a message is, it says itself.
"""

import logging
import math
import time
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TypeAlias

from actors.call import Outcome, SendTicket
from actors.config import ServerConfig
from actors.errors import MCPConnectionError
from actors.mcp.http_answer import AnswerReader
from actors.mcp.http_client import HttpClient
from actors.mcp.http_connection import Grip, Pause
from actors.mcp.http_exchange import Exchange
from actors.mcp.http_headers import ModernHeaders
from actors.mcp.http_post import HttpPost
from actors.mcp.incoming import Incoming
from actors.mcp.legacy_session import LegacySession
from actors.mcp.session_stream import SessionStream
from actors.transport import Handle, Listener, OnDone, Reply, Request

logger = logging.getLogger(__name__)

# A server may hold the head of a stream back until there is something to say on it. Arbitrary.
ANSWER_S = 1.0

_Work: TypeAlias = Callable[[Exchange], Outcome]


class StreamableHttpConnection:
    """One session with one server, or none in the modern era. See `actors.transport.Connection` for what it promises.

    * Every exchange has a thread and a socket of its own from the pools of this object; `start` only hands it over.
    * A legacy session has its own stream, on a thread and a socket of its own, from when `notifications/initialized`
      was taken. That exchange ends when the server has answered the GET, or after `ANSWER_S`. Apart from that,
      nothing of the stream delays or fails an exchange.
    * `close` breaks that stream off, lets the exchanges end, then sends DELETE; `abort` breaks all off. After either,
      `start` reports MCPConnectionError and writes nothing.
    * Memory: a body or an event has at most `max_response_bytes`; a stream is read no faster than
      `event_cursor.MOST_MESSAGES_PER_S`, so that whoever listens keeps up.
    """

    def __init__(
        self,
        config: ServerConfig,
        listener: Listener,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Pause = Grip.pause,
    ) -> None:
        self._config, self._clock = config, clock
        self._client = client = HttpClient(config, listener, kind="http", clock=clock)
        where, most = client.where, config.max_response_bytes
        self._session, self._incoming = LegacySession(config.headers), Incoming(listener)
        answers = AnswerReader(where, self._incoming, max_bytes=most, clock=clock, pause=pause)
        modern = ModernHeaders(config.headers)
        self._post = HttpPost(where, client.round_trips, self._session, modern, answers, clock=clock, pause=pause)
        self._session_stream = SessionStream(
            where, client.round_trips, self._session, self._incoming, max_event_bytes=most, clock=clock, pause=pause
        )
        self._lock = Lock()
        self._under_way: dict[Exchange, None] = {}
        self._stream: Exchange | None = None
        self._closing = self._aborted = self._said_goodbye = self._wound_up = False

    @property
    def threads_written_off(self) -> int:
        """How many threads were given up in name resolution so far."""
        return self._client.threads_written_off

    @property
    def dropped_answers(self) -> int:
        """How many of the server's answers nobody waited for: late, twice, or with an id that is none of ours."""
        return self._incoming.dropped_answers

    def start(self, message: Request | Reply, deadline: float, ticket: SendTicket, on_done: OnDone) -> Handle:
        """See Connection."""
        exchange = Exchange(message, deadline, ticket, on_done, self._give_up)
        with self._lock:
            refused = self._closing
            if not refused:
                self._under_way[exchange] = None
        if refused:
            on_done(MCPConnectionError(f"{self._client.where}: the connection is closed"))
        else:
            self._begin(exchange, self._carry)
        return exchange

    def close(self) -> None:
        """See Connection."""
        with self._lock:
            self._closing = True
            stream = self._stream
        if stream is not None:
            stream.abort()
        self._wind_up()

    def abort(self) -> None:
        """See Connection."""
        with self._lock:
            self._closing = self._aborted = True
            exchanges = list(self._under_way)
        for exchange in exchanges:
            exchange.abort()
        self._wind_up()

    def _begin(self, exchange: Exchange, work: _Work) -> bool:
        """Have a thread do an exchange. False: there is no thread, and it is over."""
        return self._client.begin(exchange, partial(work, exchange), partial(self._end, exchange))

    def _carry(self, exchange: Exchange) -> Outcome:
        message = exchange.message
        assert message is not None, "started with one"  # noqa: S101 -- for the type checkers
        outcome = self._post.carry(exchange, message)
        if isinstance(outcome, dict) and _opens_session_stream(message):
            self._open_stream(exchange.deadline)
        return outcome

    def _open_stream(self, deadline: float) -> None:
        """Open the session's stream, and wait for it a little, but not beyond `deadline`.

        What a server asks during the first call may come there, and is lost if the stream is not open yet: with the
        SDK for TypeScript (1.x) that call hangs.
        """
        with self._lock:
            if self._closing or self._stream is not None:
                return
            self._stream = stream = self._own_exchange(math.inf)
        if self._begin(stream, self._follow):
            self._session_stream.wait_for_the_server(min(ANSWER_S, deadline - self._clock()))

    def _follow(self, exchange: Exchange) -> Outcome:
        self._session_stream.follow(exchange)
        return {}

    def _say_goodbye(self, exchange: Exchange) -> Outcome:
        path = self._session.path or self._client.origin.path
        self._client.round_trips.say(exchange, "DELETE", path, self._session.headers)
        return {}

    def _own_exchange(self, deadline: float) -> Exchange:
        """Make an exchange for which nobody waits, and note it. Under the lock."""
        exchange = Exchange(None, deadline, SendTicket(), lambda _: None, self._give_up)
        self._under_way[exchange] = None
        return exchange

    def _give_up(self, exchange: Exchange) -> None:
        self._client.give_up()
        self._end(exchange, exchange.unfinished("broken off while its server's name was looked up"))

    def _end(self, exchange: Exchange, outcome: Outcome) -> None:
        """Report an exchange, unless that was done earlier, and forget it."""
        exchange.report(outcome)
        with self._lock:
            del self._under_way[exchange]
        if self._closing:
            self._wind_up()

    def _wind_up(self) -> None:
        """Go on towards Released, if nothing is under way: first DELETE, then sockets and threads."""
        farewell: Exchange | None = None
        with self._lock:
            if self._under_way or self._wound_up:
                return
            if self._session.has_id and not self._aborted and not self._said_goodbye:
                self._said_goodbye = True
                farewell = self._own_exchange(self._clock() + self._config.connect_timeout_s)
            else:
                self._wound_up = True
        if farewell is not None:
            self._begin(farewell, self._say_goodbye)
        else:
            self._client.release()


def _opens_session_stream(message: Request | Reply) -> bool:
    """Whether the server may begin to speak of its own accord once it took this message."""
    return isinstance(message, Request) and message.method == "notifications/initialized"
