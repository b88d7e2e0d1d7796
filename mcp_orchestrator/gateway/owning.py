"""Which sessions have connections of their own, and what came of those that have ended. On the loop's thread."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from actors.call import ServerName
from actors.status import ServerStatus
from mcp_orchestrator.access.room import Room
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.gateway.own_connections import OwnConnections
from mcp_orchestrator.gateway.sessions import Session


class Owning:
    """Gives each session its own, and ends them with it. `status`: of the shared connections."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, status: Callable[[ServerName], ServerStatus]) -> None:
        self._orchestrator, self._status = orchestrator, status
        self.room = Room(lambda: orchestrator.config.daemon.max_session_connections)
        self._owned: dict[Session, OwnConnections] = {}
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._ended: Counter[str] = Counter()
        self._config = orchestrator.config

    def of(self, session: Session) -> OwnConnections:
        """Return those of a session: none, until it calls a server that has to have one."""
        if session not in self._owned:
            self._owned[session] = OwnConnections(self._orchestrator, self._status, session, self.room)
        return self._owned[session]

    def end(self, session: Session) -> None:
        """Begin to end those of a session that is over."""
        if (owned := self._owned.pop(session, None)) is not None:
            self._begin(self._close(owned))

    def follow(self) -> None:
        """Look whether the configuration is another, which some of them have to follow."""
        if self._config is not self._orchestrator.config:
            self._config = self._orchestrator.config
            for owned in self._owned.values():
                self._begin(owned.follow())

    async def close(self) -> None:
        """End all of them, and wait until they have ended."""
        for session in list(self._owned):
            self.end(session)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def numbers(self) -> dict[str, int]:
        """Return {connections, total_calls, failures, pending_calls, unaccounted_calls}. For any thread."""
        numbers = Counter(self._ended)
        for owned in self._owned.copy().values():
            numbers.update(owned.numbers())
        names = ("total_calls", "failures", "pending_calls", "unaccounted_calls")
        return {"connections": self.room.taken, **{name: numbers[name] for name in names}}

    async def _close(self, owned: OwnConnections) -> None:
        self._ended.update(await owned.close())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
