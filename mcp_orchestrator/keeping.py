"""What is kept of the servers: incidents at hand, and the store's memory from one run to the next."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pykka

from actors.board import Board
from actors.call import ServerName
from actors.incidents import between
from actors.mailbox import tell
from actors.remembered import Remembered, fingerprint
from actors.runtime import Runtime
from actors.statistics import Statistics
from actors.status import Incident, ServerStatus
from actors.store import StoreActor
from actors.store_messages import Flush, KeepIncident, KeepStatus, Recall, StoreStatus
from mcp_orchestrator.blocking import reply_of
from mcp_orchestrator.config import OrchestratorConfig
from supervisors.children import Memory

_KEEP_EVERY_S = 5.0  # A busy server's numbers; changes of its state are kept at once. Arbitrary.
_RECALL_S = 5.0


class Keeping:
    """Between the actors, which publish, and the store, which writes. Its methods are for any thread."""

    def __init__(
        self,
        config: OrchestratorConfig,
        runtime: Runtime,
        board: Board,
        on_incident: Callable[[Incident], object],
    ) -> None:
        self._runtime, self._board, self._on_incident = runtime, board, on_incident
        self._store_status: StoreStatus | None = None
        self._fingerprints = {name: fingerprint(server) for name, server in config.servers.items()}
        self._kept_at: dict[ServerName, float] = {}
        folder = config.state_folder()
        self._store = runtime.start(StoreActor, state_dir=folder, publish=self._set_status)
        self.remembered = Remembered() if folder is None else self._recall()
        board.incidents.extend(self.remembered.incidents)

    def memory(self, server: ServerName) -> Memory:
        """Return what the first actor of a server is to know."""
        known = self.remembered.of(server, self._fingerprints[server])
        return Memory(
            breaker=known.breaker,
            catalogue=known.catalogue,
            belief=known.belief,
            statistics=Statistics(known.statistics),
        )

    def reconfigured(self, config: OrchestratorConfig) -> None:
        """Keep the servers of this configuration from now on."""
        self._fingerprints = {name: fingerprint(server) for name, server in config.servers.items()}

    def published(self, old: ServerStatus | None, new: ServerStatus) -> None:
        """Note what happened between two statuses. On the server's actor's thread."""
        happened = between(old, new)
        for kind, text in happened:
            self.happened(Incident(at=self._runtime.wall_clock(), server=new.server, kind=kind, text=text))
        now = self._runtime.clock()
        listed = old is None or old.catalogue is not new.catalogue
        if happened or listed or now - self._kept_at.get(new.server, 0.0) >= _KEEP_EVERY_S:
            self._kept_at[new.server] = now
            self._keep(new)

    def happened(self, incident: Incident) -> None:
        """Keep an incident."""
        self._board.incidents.append(incident)
        tell(self._store, KeepIncident(incident=incident))
        self._on_incident(incident)

    def save(self) -> Future[bool]:
        """Have everything written now; the reply is whether it is on disk."""
        for status in self._board.statuses.copy().values():
            self._keep(status)
        reply: Future[bool] = Future()
        tell(self._store, Flush(reply=reply))
        if not self._store.is_alive() and not reply.done():
            reply.set_result(False)
        return reply

    def status(self) -> dict[str, Any]:
        """Return where state is kept: {path, mode, reason, since}."""
        if (status := self._store_status) is None:
            return {}
        return {**asdict(status), "path": None if status.path is None else str(status.path)}

    def restored(self) -> dict[str, Any]:
        """Return what was known at the start, in short: per server era, protocol, tools, calls, breaker."""
        return {
            name: {
                "era": memory.era,
                "protocol": memory.protocol,
                "tools": len(memory.catalogue.tools),
                "calls": memory.statistics.calls,
                "circuit_breaker": memory.breaker.state.value,
            }
            for name, memory in self.remembered.servers.items()
        }

    def close(self, timeout_s: float) -> list[str]:
        """Write everything, end the store. Return its name if it is left behind."""
        reply_of(self.save(), timeout_s, otherwise=False)
        with suppress(pykka.ActorDeadError, pykka.Timeout):
            self._store.stop(block=True, timeout=timeout_s)
        return ["store"] if self._store.is_alive() else []

    def _recall(self) -> Remembered:
        recalled: Future[Remembered] = Future()
        tell(self._store, Recall(reply=recalled))
        return reply_of(recalled, _RECALL_S, otherwise=Remembered())

    def _keep(self, status: ServerStatus) -> None:
        known = self._fingerprints.get(status.server)
        if known is not None:
            tell(self._store, KeepStatus(status=status, fingerprint=known))

    def _set_status(self, status: StoreStatus) -> None:
        self._store_status = status
