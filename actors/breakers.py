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
      first timeout until it has been closed for `forgive_after_s`. What it says of the server, `Suspicions` finds out.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._policy, self._clock, self._jitter = policy, clock, jitter
        self.server = Breaker(policy, clock, jitter)
        self._tools: dict[ToolName, Breaker] = {}

    def refusal(self, tool: ToolName | None, why: str = "") -> CircuitBreakerOpenError | None:
        """Return why a call must end now, or None. `why`: what is wrong with the server, as far as that is known."""
        if self.server.refuses:
            told = self.server.snapshot().forced or why
            text = f"circuit breaker open: {told}" if told else "circuit breaker open"
            return CircuitBreakerOpenError(text, retry_after_s=self.server.retry_after_s())
        own = self._of(tool)
        if own is not None and own.refuses:
            return CircuitBreakerOpenError(f"circuit breaker of tool {tool} open", retry_after_s=own.retry_after_s())
        return None

    def is_open(self, tool: ToolName | None) -> bool:
        """Whether the server's breaker or the tool's own is open: nothing is to be tried again now."""
        own = self._of(tool)
        return self.server.state is State.OPEN or (own is not None and own.state is State.OPEN)

    def permits(self, work: Work) -> bool:
        """Whether a call has its permit already, of the state that is: one that repeats keeps what it got."""
        return work.permit is not None and work.permit.epoch == self.server.epoch

    def admit(self, work: Work) -> None:
        """Give a call its permits, after `refusal` said None."""
        work.permit = self.server.admit(work.call.deadline)
        own = self._of(work.tool)
        work.tool_permit = None if own is None else own.admit(work.call.deadline)

    def record(self, work: Work, verdict: Verdict) -> None:
        """Take the permits back at the end of a call. A failure counts of one, too, that never got so far."""
        permit, work.permit = work.permit, None
        if permit is not None:
            self.server.record(permit, verdict, retry_after_s=(work.error and work.error.retry_after_s) or 0.0)
        elif verdict is Verdict.FAILURE:
            self.server.observe_failure()
        tool_permit, work.tool_permit = work.tool_permit, None
        own = self._of(work.tool)
        if tool_permit is not None and own is not None:
            own.record(tool_permit, verdict if verdict is Verdict.SUCCESS else Verdict.IGNORED)

    def timed_out(self, work: Work) -> Permit:
        """Take the tool's permit back at the end of a call that was sent and not answered; return the server's."""
        if work.tool is not None:
            own = self._tools.setdefault(work.tool, Breaker(self._policy, self._clock, self._jitter))
            tool_permit, work.tool_permit = work.tool_permit, None
            # Without a permit it began before there was this breaker, so closed: it moves no later state.
            own.record(tool_permit or Permit(epoch=0), Verdict.FAILURE)
        permit, work.permit = work.permit, None
        assert permit is not None  # noqa: S101 -- what was sent had been admitted
        return permit

    def tools_open(self) -> tuple[ToolName, ...]:
        """Return the tools whose own breaker is not closed."""
        return tuple(name for name, breaker in self._tools.items() if breaker.state is not State.CLOSED)

    def tools_refused(self) -> tuple[ToolName, ...]:
        """Return those whose own breaker would refuse a call now."""
        return tuple(name for name, breaker in self._tools.items() if breaker.refuses)

    @property
    def all_closed(self) -> bool:
        """Whether nobody is on trial, nor refused."""
        return self.server.state is State.CLOSED and not self.tools_open()

    def next_due(self) -> float:
        """When `tick` has something to do."""
        tools = min((own.next_due() for own in self._tools.values()), default=math.inf)
        return min(self.server.next_due(), tools)

    def tick(self) -> None:
        """Let time pass for all of them."""
        self.server.tick()
        for name, own in list(self._tools.items()):
            own.tick()
            if own.closed_for_s >= self._policy.forgive_after_s:
                del self._tools[name]

    def _of(self, tool: ToolName | None) -> Breaker | None:
        return None if tool is None else self._tools.get(tool)


class Suspicions:
    """Decides by a ping, sent after a call has timed out, whether its server is at fault or the tool alone."""

    def __init__(self, breaker: Breaker, ping: Callable[[Callable[[bool], None]], None]) -> None:
        self._breaker, self._ping = breaker, ping
        self._open: list[Permit] = []  # No ping was sent for these yet.
        self._pinging = False

    def add(self, permit: Permit) -> None:
        """Hold the permit of a call that timed out until a ping says more."""
        self._open.append(permit)
        self._ask()

    def _ask(self) -> None:
        if self._pinging or not self._open:
            return
        self._pinging = True
        permits, self._open = self._open, []

        def judge(alive: bool) -> None:  # noqa: FBT001 -- the one thing a ping says
            self._pinging = False
            for permit in permits:
                self._breaker.record(permit, Verdict.IGNORED if alive else Verdict.FAILURE)
            self._ask()

        self._ping(judge)
