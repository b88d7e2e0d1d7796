"""What both faces show: read off the board, without asking an actor."""

from collections.abc import Callable
from typing import Any

from actors.board import Board
from actors.call import ServerName
from actors.catalogue import Repeatable
from actors.errors import ServerUnavailableError
from actors.status import HealthStatus, Incident, ServerStatus
from mcp_orchestrator import views
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.engine import Engine
from mcp_orchestrator.watching import Watcher, Watchers, guarded


class Reading:
    """The half of a face that changes nothing. Whoever makes the engine puts it up."""

    _engine_of_the_time: Engine
    _watchers: Watchers

    @property
    def config(self) -> OrchestratorConfig:
        """The configuration in force."""
        return self._engine.config

    @property
    def broken(self) -> str:
        """Why every call is refused, for good: supervisor or router have died too often. "" while all is well."""
        return self._board.broken

    def refusal(self) -> ServerUnavailableError | None:
        """Return why no call is taken at all: broken, or shutting down; None if calls are taken."""
        return self._board.refusal()

    def is_connected(self, server: str) -> bool:
        """Say whether a server is ready."""
        return views.status_of(self._board, self._known(server)).ready

    def get_connected_servers(self) -> list[str]:
        """Return the servers that are ready."""
        return [name for name in self._enabled() if self.is_connected(name)]

    def get_circuit_breaker_state(self, server: str) -> dict[str, Any]:
        """Return {state, failure_count, success_count, last_failure_time, threshold, timeout, …, tools_open}."""
        return views.breaker(self._board, self._engine.runtime, self._engine.config, self._known(server))

    def get_server_status(self, server: str) -> dict[str, Any]:
        """Return everything known of one server."""
        return views.server(self._board, self._engine.runtime, self._engine.config, self._known(server))

    def get_statuses(self) -> list[ServerStatus]:
        """Return what every server of the configuration said of itself last, in its order."""
        return [views.status_of(self._board, name) for name in self._engine.config.servers]

    def get_health(self) -> dict[ServerName, HealthStatus]:
        """Return what the pings of each server said, of those that were pinged."""
        return self._board.health.copy()

    def get_stats(self) -> dict[str, Any]:
        """Return total_calls, total_health_checks, calls_per_server, failures, retries, store, children, and others."""
        numbers = views.statistics(self._board, self._engine.config, self._engine.keeping.status())
        return numbers | {"children": self._engine.children}

    def get_connection_pool_state(self) -> dict[str, dict[str, int]]:
        """Return per server {max_concurrent, in_flight, waiting, connections}."""
        return views.pools(self._board, self._engine.config)

    def get_pending_calls(self) -> int:
        """Return how many calls are owed an outcome: accepted, and not ended."""
        return len(self._board.calls)

    def get_incidents(self) -> list[Incident]:
        """Return the last thousand things that happened to servers, oldest first, those of earlier runs included."""
        return list(self._board.incidents.copy())

    def get_stderr(self, server: str) -> list[str]:
        """Return the last 200 lines on stderr of a server's child process; of its last one if there is none now."""
        name, wires = self._known(server), self._engine.wires
        return [] if wires is None else wires.stderr(name)

    def check_for_leaks(self) -> dict[str, int]:
        """Return {connections, threads, children, calls}: how many are there though none should be.

        * Before a shutdown: connections of actors that have ended, actors' threads that hang, children that belong
          to no connection, calls without an outcome a second after their deadline.
        * After one: everything that is still there.
        """
        return self._engine.leaks()

    def explain(self, server: str) -> list[str]:
        """Return in sentences what the state of a server is, why, and what happens next."""
        return views.explain(self._board, self._engine.runtime, self._engine.config, self._known(server))

    def get_repeatability(self, server: str) -> dict[str, Repeatable]:
        """Return for every tool of a server whether its calls may be repeated, and by whose word, as things stand."""
        name = self._known(server)
        return {
            tool["name"]: views.repeatability(self._board, self._engine.config, name, tool)
            for tool in views.tools(self._board, name)
        }

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` every status and incident, on the threads that make them; return what ends that.

        For what shows servers. How things are now is told at once, on this thread.
        """
        board, remove = self._board, self._watchers.add(watcher)
        for server in board.statuses.copy():
            told = None  # Until the last one told is the one that holds: another thread may tell a newer one before.
            while (status := board.statuses.get(server)) is not told and status is not None:
                guarded(watcher.on_status, status)
                told = status
        return remove

    def restore_state(self) -> dict[str, Any]:
        """Return what was known from earlier runs when this one began: taken into use at the start."""
        return self._engine.keeping.restored()

    # -- for the faces --------------------------------------------------------------------------------------------

    @property
    def _engine(self) -> Engine:
        self._engine_of_the_time.check_usable()
        return self._engine_of_the_time

    @property
    def _board(self) -> Board:
        return self._engine.board

    def _known(self, server: str) -> ServerName:
        return self._engine.names.server(server)

    def _enabled(self) -> list[ServerName]:
        return [name for name, server in self._engine.config.servers.items() if server.enabled]
