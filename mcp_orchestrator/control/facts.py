"""What the control API shows, in JSON's types. Nothing here asks an actor."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from actors.call import ServerName
from actors.errors import UnknownServerError
from actors.mcp.envelope import CLIENT_INFO
from actors.names import Names
from actors.status import Incident
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.configuration_source import ConfigurationSource

Json: TypeAlias = dict[str, Any]
State: TypeAlias = Literal["serving", "draining", "broken"]

INCIDENTS = 100  # In an overview.


class Facts:
    """Reads one orchestrator. `configuration`: of a daemon; `endpoint`: the path of its gateway. For any thread."""

    def __init__(
        self, orchestrator: AsyncMCPOrchestrator, configuration: ConfigurationSource | None, endpoint: str | None
    ) -> None:
        self._orchestrator, self._source, self._endpoint = orchestrator, configuration, endpoint
        self._started_at = time.time()
        self.is_draining = False

    def overview(self) -> Json:
        """Return all that is to be seen at one glance."""
        state, reason = self.state()
        return {
            "version": CLIENT_INFO["version"],
            "pid": os.getpid(),
            "started_at": self._started_at,
            "now": time.time(),
            "state": state,
            "reason": reason,
            "endpoint": self._endpoint,
            "configuration": self.configuration(),
            "servers": self.servers(),
            "statistics": self.statistics(),
            "incidents": self.incidents(limit=INCIDENTS),
        }

    def state(self) -> tuple[State, str]:
        """Return whether calls are taken, and why not."""
        if self._orchestrator.broken:
            return "broken", self._orchestrator.broken
        if self.is_draining:
            return "draining", "shutting down: calls under way may finish, no new ones are taken"
        return "serving", ""

    def servers(self) -> list[Json]:
        """Return every server of the configuration, in its order."""
        shown = list[Json]()
        for name in self._orchestrator.config.servers:
            with suppress(
                UnknownServerError, KeyError
            ):  # The supervisor's thread has just put another configuration in force.
                shown.append(self.server(name))
        return shown

    def name(self, server: str) -> ServerName:
        """Return the name in the configuration of what is perhaps an alias. UnknownServerError."""
        return Names(self._orchestrator.config.servers).server(server)

    def server(self, name: str) -> Json:
        """Return everything known of one server. UnknownServerError."""
        seen = self._orchestrator.get_server_status(name)
        config = self._orchestrator.config.servers[seen["server"]]
        explain = self._orchestrator.explain(name)
        told = {"enabled": config.enabled, "priority": config.priority, "max_concurrent": config.max_concurrent}
        return seen | told | {"explain": explain}

    def statistics(self) -> Json:
        """Return the numbers of all servers together."""
        return self._orchestrator.get_stats()

    def configuration(self) -> Json:
        """Return where the configuration in force is from; never what stands in it."""
        source = self._source
        if source is None:
            return {"path": None, "loaded_at": self._started_at, "error": ""}
        return {"path": source.path, "loaded_at": source.loaded_at, "error": source.error}

    def incidents(self, *, server: str | None = None, limit: int) -> list[Json]:
        """Return the last incidents, oldest first; `server`: of this one alone, by name or alias."""
        incidents: Sequence[Incident] = self._orchestrator.get_incidents()
        if server is not None:
            name = self.name(server)
            incidents = [incident for incident in incidents if incident.server == name]
        return [asdict(incident) for incident in incidents[-limit:]]
