"""One server's circuit breakers: its own, and one for each tool that has timed out. Pure."""

import math
from collections.abc import Callable

from actors.admission import Work
from actors.breaker import Breaker, Permit, State, Verdict
from actors.call import ToolName
from actors.config import BreakerPolicy
from actors.errors import CircuitBreakerOpenError


class Breakers:
    """Who may go, and what the ends of calls say about server and tools.

    * A slow tool must not take its server down: a timeout is recorded in the tool's breaker, which exists from the
      first timeout until it has been closed for `forgive_after_s`. The server's own permit is kept back as a
      suspicion: the ping that follows decides.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._policy, self._clock, self._jitter = policy, clock, jitter
        self.server = Breaker(policy, clock, jitter)
        self._tools: dict[ToolName, Breaker] = {}
        self._suspicions: list[Permit] = []

    def refusal(self, tool: ToolName | None) -> CircuitBreakerOpenError | None:
        """Return why a call must end now, or None."""
        if (left_s := self.server.retry_after_s()) is not None:
            return CircuitBreakerOpenError("circuit breaker open", retry_after_s=left_s)
        if tool in self._tools and (left_s := self._tools[tool].retry_after_s()) is not None:
            return CircuitBreakerOpenError(f"circuit breaker of tool {tool} open", retry_after_s=left_s)
        return None

    def is_open(self, tool: ToolName | None) -> bool:
        """Whether the server's breaker or the tool's own is open: nothing is to be tried again now."""
        if self.server.state is State.OPEN:
            return True
        return tool in self._tools and self._tools[tool].state is State.OPEN

    def admit(self, work: Work) -> None:
        """Give a call its permits, after `refusal` said None; one that repeats keeps those it has."""
        if work.permit is None:
            work.permit = self.server.admit(work.call.deadline)
            if work.tool in self._tools:
                work.tool_permit = self._tools[work.tool].admit(work.call.deadline)

    def record(self, work: Work, verdict: Verdict) -> None:
        """Take the permits back at the end of a call."""
        permit, work.permit = work.permit, None
        if permit is not None:
            self.server.record(permit, verdict, retry_after_s=(work.error and work.error.retry_after_s) or 0.0)
        tool_permit, work.tool_permit = work.tool_permit, None
        if tool_permit is not None and work.tool in self._tools:
            self._tools[work.tool].record(tool_permit, verdict if verdict is Verdict.SUCCESS else Verdict.IGNORED)

    def timed_out(self, work: Work) -> bool:
        """Take the permits back at the end of a call that was sent and not answered; True: ping, to know more."""
        permit, work.permit = work.permit, None
        if permit is not None:
            self._suspicions.append(permit)
        if work.tool is not None:
            tool = self._tools.setdefault(work.tool, Breaker(self._policy, self._clock, self._jitter))
            tool_permit, work.tool_permit = work.tool_permit, None
            tool.record(tool_permit, Verdict.FAILURE) if tool_permit else tool.observe_failure()
        return permit is not None

    def judge(self, *, alive: bool) -> None:
        """Decide all suspicions by a ping that was sent after they arose."""
        suspicions, self._suspicions = self._suspicions, []
        for permit in suspicions:
            self.server.record(permit, Verdict.IGNORED if alive else Verdict.FAILURE)

    def tools_open(self) -> tuple[ToolName, ...]:
        """Return the tools whose own breaker is not closed."""
        return tuple(name for name, breaker in self._tools.items() if breaker.state is not State.CLOSED)

    def next_due(self) -> float:
        """When `tick` has something to do."""
        tools = min((tool.next_due() for tool in self._tools.values()), default=math.inf) if self._tools else math.inf
        return min(self.server.next_due(), tools)

    def tick(self) -> None:
        """Let time pass for all of them."""
        self.server.tick()
        for name, tool in list(self._tools.items()):
            tool.tick()
            if tool.closed_for_s >= self._policy.forgive_after_s:
                del self._tools[name]
