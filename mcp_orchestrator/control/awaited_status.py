"""Until what was ordered shows: actors are told, and say so in their next status."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from actors.status import Incident, ServerStatus
from mcp_orchestrator.aio import AsyncMCPOrchestrator

_LIMIT_S = 1.0  # An actor that takes longer hangs, or has much to do: then the answer shows how it is before.


class AwaitedStatus:
    """Hears the statuses of one server from before the order is given. To be used as a context manager around it.

    `shows`: says of a status if it is the one.
    """

    def __init__(self, orchestrator: AsyncMCPOrchestrator, server: str, shows: Callable[[ServerStatus], bool]) -> None:
        self._orchestrator, self._server, self._shows = orchestrator, server, shows
        self._loop, self._has_come = asyncio.get_running_loop(), asyncio.Event()
        self._is_ordered = False

    def __enter__(self) -> Self:
        """Begin to hear. What is so already does not count."""
        self._unwatch = self._orchestrator.watch(self)
        self._is_ordered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hear no more."""
        self._unwatch()

    async def come(self) -> None:
        """Wait for the status, for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LIMIT_S):
                await self._has_come.wait()

    def on_status(self, status: ServerStatus) -> None:
        """See Watcher."""
        if self._is_ordered and status.server == self._server and self._shows(status):
            with suppress(RuntimeError):  # The loop is closed by now.
                self._loop.call_soon_threadsafe(self._has_come.set)

    def on_incident(self, incident: Incident) -> None:
        """Incidents tell what was, not what is."""
