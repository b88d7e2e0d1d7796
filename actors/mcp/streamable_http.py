"""Streamable HTTP as the revisions 2025-03-26 to 2025-11-25 have it: each message a POST, its answer JSON or events."""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Lock

from actors.call import Outcome, SendTicket
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, MCPOrchestratorError, NotExecutedError
from actors.mcp.http_connection import AbortedError, WithdrawnError
from actors.mcp.http_exchange import Exchange
from actors.mcp.http_origin import HttpOrigin
from actors.mcp.http_post import HttpPost
from actors.mcp.legacy_session import LegacySession
from actors.mcp.workers import Tell, Workers
from actors.transport import Handle, Listener, OnDone, Released, Reply, Request

logger = logging.getLogger(__name__)


class StreamableHttpConnection:
    """One session with one server. See `actors.transport.Connection` for what it promises.

    * Every exchange has a thread and a socket of its own from the pools of this object; `start` only hands it over.
    * `close` lets the exchanges end, then sends DELETE; `abort` breaks them off. After either, `start` reports
      MCPConnectionError and writes nothing.
    """

    def __init__(
        self, config: ServerConfig, listener: Listener, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if config.url is None:
            raise ValueError(f"{config.name} has no url: it is no HTTP server")
        self._config, self._listener, self._clock = config, listener, clock
        self._origin = HttpOrigin(
            config.url, keepalive_reuse_s=config.keepalive_reuse_s, most_idle=config.max_concurrent + 1, clock=clock
        )
        self._session = LegacySession(config.headers)
        self._post = HttpPost(config, self._origin, self._session, listener, clock)
        self._workers = Workers(f"http {config.name}")
        self._lock = Lock()
        self._under_way: dict[Exchange, None] = {}
        self._closing = self._aborted = self._said_goodbye = self._wound_up = False

    @property
    def threads_written_off(self) -> int:
        """How many threads were given up in name resolution so far."""
        return self._workers.written_off

    def start(self, message: Request | Reply, deadline: float, ticket: SendTicket, on_done: OnDone) -> Handle:
        """See Connection."""
        exchange = Exchange(message, deadline, ticket, on_done, self._give_up)
        with self._lock:
            refused = self._closing
            if not refused:
                self._under_way[exchange] = None
        if refused:
            on_done(MCPConnectionError(f"{self._origin}: the connection is closed"))
        else:
            self._begin(exchange)
        return exchange

    def close(self) -> None:
        """See Connection."""
        with self._lock:
            self._closing = True
        self._wind_up()

    def abort(self) -> None:
        """See Connection."""
        with self._lock:
            self._closing = self._aborted = True
            exchanges = list(self._under_way)
        for exchange in exchanges:
            exchange.abort()
        self._wind_up()

    def _begin(self, exchange: Exchange) -> None:
        try:
            self._workers.run(partial(self._run, exchange))
        except RuntimeError as error:
            self._end(exchange, MCPConnectionError(f"{self._origin}: no thread to send from: {error}"))

    def _run(self, exchange: Exchange) -> Tell | None:
        """Do an exchange on this thread, and return how it is reported; None: that was done by `abort`."""
        outcome: Outcome
        try:
            if exchange.message is None:
                outcome = self._post.end_session(exchange)
            else:
                outcome = self._post.carry(exchange, exchange.message)
        except MCPOrchestratorError as error:
            outcome = error
        except AbortedError:
            outcome = exchange.unfinished("broken off")
        except WithdrawnError:
            outcome = NotExecutedError("ended before it was sent")
        except BaseException as error:  # A bug of ours; it must not leave a call without an outcome.
            logger.exception("%s: an exchange failed", self._config.name)
            outcome = exchange.unfinished(f"internal error: {error!r}")
        return None if exchange.grip.abandoned else partial(self._end, exchange, outcome)

    def _give_up(self, exchange: Exchange) -> None:
        self._workers.write_off()
        self._end(exchange, NotExecutedError("broken off while its server's name was looked up"))

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
                deadline = self._clock() + self._config.connect_timeout_s
                farewell = Exchange(None, deadline, SendTicket(), lambda _: None, self._give_up)
                self._under_way[farewell] = None
            else:
                self._wound_up = True
        if farewell is not None:
            self._begin(farewell)
        else:
            self._origin.close()
            self._workers.end(lambda: self._listener(Released()))
