"""What every connection over HTTP has: a server, requests to it, threads to make them on, and an end."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from actors.call import Outcome
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, MCPOrchestratorError, NotExecutedError
from actors.mcp.http_connection import AbortedError, WithdrawnError
from actors.mcp.http_exchange import Exchange
from actors.mcp.http_origin import HttpOrigin
from actors.mcp.http_round_trip import RoundTrips
from actors.mcp.workers import Tell, Workers
from actors.transport import Listener, Released

logger = logging.getLogger(__name__)

Other = TypeVar("Other")  # What work on an exchange may come to, besides its outcome.


class HttpClient:
    """Sockets and threads of one connection. `kind`: of transport, for the names of its threads.

    Which exchanges are under way, and when the connection is at its end, its owner knows.
    """

    def __init__(self, config: ServerConfig, listener: Listener, *, kind: str, clock: Callable[[], float]) -> None:
        if config.url is None:
            raise ValueError(f"{config.name} has no url: it is no HTTP server")
        self._name, self._listener = config.name, listener
        self.origin = HttpOrigin(
            config.url, keepalive_reuse_s=config.keepalive_reuse_s, most_idle=config.max_concurrent + 1, clock=clock
        )
        self.where = str(self.origin)
        self.round_trips = RoundTrips(config, self.origin, clock)
        self._workers = Workers(f"{kind} {config.name}")

    @property
    def threads_written_off(self) -> int:
        """How many threads were given up in name resolution so far."""
        return self._workers.written_off

    def begin(
        self, exchange: Exchange, work: Callable[[], Outcome | Other], on_end: Callable[[Outcome | Other], None]
    ) -> bool:
        """Have a thread do `work` for an exchange; `on_end` hears of its end there, unless `give_up` came first.

        False: there is no thread, and `on_end` has heard so here.
        """
        try:
            self._workers.run(partial(self._do, exchange, work, on_end))
        except RuntimeError as error:
            on_end(MCPConnectionError(f"{self.where}: no thread to run on: {error}"))
            return False
        return True

    def give_up(self) -> None:
        """Write off the thread of an exchange that no socket can end. Its owner tells how that has ended."""
        self._workers.write_off()

    def release(self) -> None:
        """Close what is open and end all threads; the last one tells the listener. Once, with nothing under way."""
        self.origin.close()
        self._workers.end(lambda: self._listener(Released()))

    def _do(
        self, exchange: Exchange, work: Callable[[], Outcome | Other], on_end: Callable[[Outcome | Other], None]
    ) -> Tell | None:
        """Work on this thread, and return how its end is told; None: that was done by whoever gave it up."""
        end: Outcome | Other
        try:
            end = work()
        except MCPOrchestratorError as error:
            end = error
        except AbortedError:
            end = exchange.unfinished("broken off")
        except WithdrawnError:
            end = NotExecutedError("ended before it was sent")
        except BaseException as error:  # A bug of ours; it must not leave a call without an outcome.
            logger.exception("%s: an exchange failed", self._name)
            end = exchange.unfinished(f"internal error: {error!r}")
        return None if exchange.grip.abandoned else partial(on_end, end)
