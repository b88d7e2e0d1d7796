"""Whether a daemon lives, and whether it is ready: for load balancers, container runtimes, and people.

Neither answer names anything but servers, nor costs much however often it is asked for: the one is made once a second
at most, the other only reads.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from actors.status import ServerStatus
from mcp_orchestrator.aio import AsyncMCPOrchestrator

Phase: TypeAlias = Literal["starting", "serving", "draining"]

KEEP_S = 1.0
TURN_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a probe: an HTTP status, and its JSON."""

    status: int
    body: Mapping[str, Any]


class Probe:
    """Asks once for all who want to know at the same time, and within a second after. On the loop's thread."""

    def __init__(self, ask: Callable[[], Awaitable[Answer]], clock: Callable[[], float] | None = None) -> None:
        self._ask, self._clock = ask, clock or _loop_time
        self._asking: asyncio.Task[Answer] | None = None
        self._fresh_until = 0.0

    async def answer(self) -> Answer:
        """Return the answer, at most a second old."""
        now = self._clock()
        if self._asking is None or (self._asking.done() and now >= self._fresh_until):
            self._asking = asyncio.ensure_future(self._asked())
        return await asyncio.shield(self._asking)  # One who goes away takes it from nobody.

    async def _asked(self) -> Answer:
        answer = await self._ask()
        self._fresh_until = self._clock() + KEEP_S
        return answer


async def liveness(orchestrator: AsyncMCPOrchestrator) -> Answer:
    """Say if calls can have outcomes here: the loop answers, and supervisor and router take a turn within 5 s.

    No server matters: that one is down is no reason to restart the daemon, which would not mend it.
    """
    if await orchestrator.check_alive(TURN_S):
        return Answer(200, {"status": "ok"})
    return Answer(503, {"status": "failed", "reason": orchestrator.broken or "supervisor or router takes no turn"})


def readiness(orchestrator: AsyncMCPOrchestrator, phase: Phase) -> Answer:
    """Say if calls are to be sent here: it has started, does not drain, and every required server can be called."""
    if (refusal := orchestrator.refusal()) is not None:
        return Answer(503, {"status": refusal.state})
    if phase != "serving":
        return Answer(503, {"status": phase})
    waited_for = waiting_for(orchestrator)
    if waited_for:
        return Answer(503, {"status": "waiting for servers", "servers": waited_for})
    return Answer(200, {"status": "ready"})


def waiting_for(orchestrator: AsyncMCPOrchestrator) -> dict[str, str]:
    """Return the required servers that cannot be called, with what they are; who disabled one does not wait for it."""
    servers = orchestrator.config.servers
    statuses = [status for status in orchestrator.get_statuses() if status.server in servers]  # As of the same moment.
    required = [s for s in statuses if servers[s.server].required and servers[s.server].enabled]
    return {status.server: _why(status) for status in required if _why(status)}


def _why(status: ServerStatus) -> str:
    if not status.ready:
        return status.state
    return f"circuit breaker {status.breaker.state.value}" if status.refuses else ""


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
