"""The real wires: a child's pipes or HTTP, as each server's configuration says."""

from collections.abc import Callable

from actors.call import ServerName
from actors.config import ServerConfig
from actors.mcp.pipes import SelectorThread
from actors.mcp.sse_connection import LegacySseConnection
from actors.mcp.stdio import StdioConnection
from actors.mcp.streamable_http import StreamableHttpConnection
from actors.transport import Connection, Listener
from supervisors.reaper import Reaper


class Wires:
    """The TransportFactory of a real orchestrator, with the two threads that all children share."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._reaper = Reaper(clock=clock)
        self._pipes = SelectorThread("pipes", clock=clock)
        self._stdio: dict[ServerName, StdioConnection] = {}  # The last one of each server, for its last words.

    def __call__(self, config: ServerConfig, listener: Listener) -> Connection:
        """See TransportFactory. Called on the servers' actors' threads."""
        if config.url is not None and config.transport == "sse":
            return LegacySseConnection(config, listener, clock=self._clock)
        if config.url is not None:
            return StreamableHttpConnection(config, listener, clock=self._clock)
        connection = StdioConnection(config, listener, clock=self._clock, spawner=self._reaper, pipes=self._pipes)
        self._stdio[config.name] = connection
        return connection

    @property
    def children(self) -> int:
        """How many child processes there are."""
        return self._reaper.children

    def stderr(self, server: ServerName) -> list[str]:
        """Return the last lines of stderr of a server's last child; [] if it never had one. For any thread."""
        connection = self._stdio.get(server)
        return [] if connection is None else connection.stderr_tail()

    def close(self, timeout_s: float) -> list[str]:
        """End both threads, and the children that are left. Return what is left behind."""
        return self._reaper.close(timeout_s) + self._pipes.close(timeout_s)
