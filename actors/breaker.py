"""Leaves a failing server alone for a while. Pure: no thread, no lock, no clock, no chance of its own."""

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from actors.backoff import backoff_s
from actors.config import BreakerPolicy

_ON_TRIAL_S = 1.0  # When to ask again while a call, or a probe, tries the server: mostly it is done long before.


class State(enum.Enum):
    """The names that circuit breakers have had since Nygard's "Release It!"."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Event(enum.Enum):
    """What can happen to a breaker."""

    TRIPPED = enum.auto()
    COOLED = enum.auto()
    RECOVERED = enum.auto()
    RELAPSED = enum.auto()


class Verdict(enum.Enum):
    """What one call says about its server. IGNORED (cancelled, timed out, never sent) only returns the permit."""

    SUCCESS = enum.auto()
    FAILURE = enum.auto()
    IGNORED = enum.auto()


NEXT: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.CLOSED, Event.TRIPPED): State.OPEN,
        (State.OPEN, Event.COOLED): State.HALF_OPEN,
        (State.HALF_OPEN, Event.RECOVERED): State.CLOSED,
        (State.HALF_OPEN, Event.RELAPSED): State.OPEN,
    }
)  # Any other pair is a bug: the KeyError crashes the actor.


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """Leave to send one call, given in the state that `epoch` numbers."""

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSnapshot:
    """A breaker at one moment.

    * `failures`: in a row; of one that is not closed, those that opened it. `successes`: in a row, half-open.
    * `open_for_s`: seconds until half-open, 0 unless open.
    * `forced`: why, "" if it is not; `forced_for_s`: seconds until that ends, None for not by itself.
    """

    state: State = State.CLOSED
    failures: int = 0
    successes: int = 0
    trips: int = 0
    open_for_s: float = 0.0
    forced: str = ""
    forced_for_s: float | None = None


class Breaker:
    """Trips after so many failures in a row, then lets one call at a time try the server.

    * A permit counts only in the state it was given in: a late result never moves a newer state.
    * Every permit comes back through `record`, once. Half-open, there is one at a time, on a lease: a call
      that keeps it longer goes on, and its result still counts, but the next call need not wait for it.
    * Time moves the state in `tick` alone, so reading a breaker never changes it.
    * Forced, it says what it was told to say; what happens meanwhile moves the state beneath as ever.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._policy, self._clock, self._jitter = policy, clock, jitter
        self._state, self._epoch, self._since = State.CLOSED, 0, clock()
        self._streak = 0  # Failures in a row when closed, successes when half-open.
        self._trips = 0
        self._open_until = math.inf
        self._lease: Permit | None = None
        self._lease_until = -math.inf
        self._forced: State | None = None
        self._forced_until, self._forced_why = math.inf, ""

    @property
    def state(self) -> State:
        """As of the last `record` or `tick`; what it is forced to be, if it is."""
        return self._forced or self._state

    @property
    def epoch(self) -> int:
        """Number of the state: two looks that find the same epoch have missed no change."""
        return self._epoch

    @property
    def closed_for_s(self) -> float:
        """Seconds since it closed; 0 if it is not closed."""
        return self._clock() - self._since if self._state is State.CLOSED else 0.0

    @property
    def refuses(self) -> bool:
        """Whether `admit` would say no."""
        if self._forced is None and self._state is State.HALF_OPEN:
            return self._lease is not None and self._clock() < self._lease_until
        return self.state is State.OPEN

    def retry_after_s(self) -> float | None:
        """Seconds until another try makes sense; None if `admit` would say yes now, or if nobody knows."""
        if not self.refuses:
            return None
        on_trial_until = min(self._lease_until, self._clock() + _ON_TRIAL_S)
        of_its_own = self._open_until if self._state is State.OPEN else on_trial_until
        until = of_its_own if self._forced is None else self._forced_until
        return None if until == math.inf else max(until - self._clock(), 0.0)

    def next_due(self) -> float:
        """When `tick` has something to do, on the clock; infinity if nothing."""
        return min(self._open_until if self._state is State.OPEN else math.inf, self._forced_until)

    def admit(self, deadline: float) -> Permit | None:
        """Return the permit for one call, or None: then the call must not be sent, nor wait."""
        if self.refuses:
            return None
        permit = Permit(self._epoch)
        if self._state is State.HALF_OPEN:
            self._lease, self._lease_until = permit, min(deadline, self._clock() + self._policy.lease_s)
        return permit

    def record(self, permit: Permit, verdict: Verdict, *, retry_after_s: float = 0.0) -> None:
        """Take `permit` back with what its call, which ended just now, says about the server.

        `retry_after_s`: how long the server asks to be left alone, at least, if this opens the breaker.
        """
        if permit.epoch != self._epoch:
            return  # It tells of a server that was.
        if permit is self._lease:
            self._lease = None
        match self._state, verdict:
            case State.CLOSED, Verdict.SUCCESS:
                self._streak = 0
            case State.CLOSED, Verdict.FAILURE:
                self._count(self._policy.failure_threshold, Event.TRIPPED, retry_after_s)
            case State.HALF_OPEN, Verdict.SUCCESS:
                self._count(self._policy.success_threshold, Event.RECOVERED)
            case State.HALF_OPEN, Verdict.FAILURE:
                self._fire(Event.RELAPSED, retry_after_s)
            case _:
                pass

    def observe_failure(self) -> None:
        """Count a failure that no call holds a permit for: a failed connect, a lost connection."""
        self.record(Permit(self._epoch), Verdict.FAILURE)

    def tick(self) -> None:
        """Half-open once the time is up. For the actor's timer."""
        if self._clock() >= self._forced_until:
            self.force(None)
        if self._state is State.OPEN and self._clock() >= self._open_until:
            self._fire(Event.COOLED)

    def force(self, state: State | None, why: str = "", until: float = math.inf) -> None:
        """Say OPEN or CLOSED until then, whatever happens; None ends it. HALF_OPEN cannot be forced."""
        if state is State.HALF_OPEN:
            raise ValueError("a breaker can be forced open or closed, not half-open")
        self._forced, self._forced_why = state, why or "no reason given"
        self._forced_until = math.inf if state is None else until

    def cool(self) -> None:
        """Half-open before its time, if it is open: the server has shown a sign of life."""
        if self._state is State.OPEN:
            self._fire(Event.COOLED)

    def snapshot(self) -> BreakerSnapshot:
        """Return what a status shows, and what `restore` needs."""
        ends = self._forced is not None and self._forced_until < math.inf
        return BreakerSnapshot(
            state=self.state,
            failures=self._streak if self._state is State.CLOSED else self._policy.failure_threshold,
            successes=self._streak if self._state is State.HALF_OPEN else 0,
            trips=self._trips,
            open_for_s=max(self._open_until - self._clock(), 0.0) if self._state is State.OPEN else 0.0,
            forced=self._forced_why if self._forced else "",
            forced_for_s=max(self._forced_until - self._clock(), 0.0) if ends else None,
        )

    def restore(self, snapshot: BreakerSnapshot) -> None:
        """Go on where a breaker of the same server stopped. Half-open is taken up as open with its time over."""
        self._trips = snapshot.trips
        now = self._clock()
        if snapshot.forced:
            until = math.inf if snapshot.forced_for_s is None else now + snapshot.forced_for_s
            self.force(snapshot.state, snapshot.forced, until)
        if snapshot.open_for_s > 0.0 or (snapshot.state is not State.CLOSED and not snapshot.forced):
            self._state, self._epoch = State.OPEN, self._epoch + 1
            self._open_until = now + snapshot.open_for_s
        else:
            self._streak = min(snapshot.failures, self._policy.failure_threshold - 1)

    def _count(self, threshold: int, event: Event, retry_after_s: float = 0.0) -> None:
        self._streak += 1
        if self._streak >= threshold:
            self._fire(event, retry_after_s)

    def _fire(self, event: Event, retry_after_s: float = 0.0) -> None:
        before, now = self._state, self._clock()
        self._state, self._epoch = NEXT[before, event], self._epoch + 1
        self._streak, self._lease = 0, None
        if self._state is State.OPEN:
            forgiven = before is State.CLOSED and now - self._since >= self._policy.forgive_after_s
            self._trips = 0 if forgiven else self._trips
            policy = self._policy
            pause_s = backoff_s(self._trips, base_s=policy.open_s, cap_s=policy.open_cap_s, jitter=self._jitter())
            self._open_until = now + max(pause_s, retry_after_s)
            self._trips += 1
        self._since = now
