"""What one server has done so far, in numbers that cost next to nothing a call."""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

# Upper bounds of the latency buckets, seconds: a tenth of a millisecond to half an hour, four a doubling.
# A percentile read from them is at most 19 % too high.
BOUNDS_S = tuple(1e-4 * math.pow(2.0, step / 4) for step in range(98))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsSnapshot:
    """Counts since the server was first configured in this process, or since the state was first kept.

    * `notifications_dropped`: of its notifications, those that came faster than the caller's code took them.
    * `settled_elsewhere`: ended by a face or a supervisor in the place of a silent actor, or by an actor at its end.
    * `failed_with`: how many calls failed with which error, by the name of its class; together they are `failed`,
      but for those that were counted before this was.
    * `latencies`: how many calls were answered in each bucket of `BOUNDS_S`, the last for longer ones.
    * `latency_sum_s`: what these took, all together.
    """

    calls: int = 0
    succeeded: int = 0
    failed: int = 0
    settled_elsewhere: int = 0
    tool_errors: int = 0
    retries: int = 0
    pings: int = 0
    connects: int = 0
    notifications_dropped: int = 0
    failed_with: Mapping[str, int] = field(default_factory=dict[str, int])
    latencies: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)
    latency_sum_s: float = 0.0

    def percentile_s(self, percent: float) -> float | None:
        """Seconds within which `percent` of all answered calls ended; None if there was none."""
        wanted = sum(self.latencies) * percent / 100.0
        if not wanted:
            return None
        seen = 0
        for count, bound_s in zip(self.latencies, (*BOUNDS_S, 2 * BOUNDS_S[-1]), strict=True):
            seen += count
            if seen >= wanted:
                return bound_s
        return None


class Statistics:
    """Counters of one server. Written by its actor; `handed_on` from one generation to the next."""

    def __init__(self, snapshot: StatisticsSnapshot | None = None) -> None:
        start = snapshot or StatisticsSnapshot()
        self.calls, self.succeeded, self.failed = start.calls, start.succeeded, start.failed
        self.settled_elsewhere = start.settled_elsewhere
        self.tool_errors, self.retries = start.tool_errors, start.retries
        self.pings, self.connects = start.pings, start.connects
        self.notifications_dropped = start.notifications_dropped
        self._failed_with = start.failed_with
        self._latencies, self._latency_sum_s = list(start.latencies), start.latency_sum_s

    def answered(self, duration_s: float) -> None:
        """Count a call that got a result `duration_s` after it was submitted."""
        self._latencies[bisect_left(BOUNDS_S, duration_s)] += 1
        self._latency_sum_s += duration_s

    def failed_as(self, error: str) -> None:
        """Count a call that failed, by the name of its error's class."""
        self.failed += 1
        # Another dict: snapshots have this one, and there are more of them than failures.
        self._failed_with = {**self._failed_with, error: self._failed_with.get(error, 0) + 1}

    def handed_on(self) -> "Statistics":
        """Return the successor's: another object, for the actor that had this one may not be quite done with it.

        What has not ended by now was, or will be, paid by that actor's end.
        """
        after = Statistics(self.snapshot())
        after.settle_the_rest()
        return after

    def settle_the_rest(self) -> None:
        """Count every call that has not ended as settled elsewhere: the actor is ending."""
        self.settled_elsewhere = self.calls - self.succeeded - self.failed

    def snapshot(self) -> StatisticsSnapshot:
        """Return the numbers of this moment."""
        return StatisticsSnapshot(
            calls=self.calls,
            succeeded=self.succeeded,
            failed=self.failed,
            settled_elsewhere=self.settled_elsewhere,
            tool_errors=self.tool_errors,
            retries=self.retries,
            pings=self.pings,
            connects=self.connects,
            notifications_dropped=self.notifications_dropped,
            failed_with=self._failed_with,
            latencies=tuple(self._latencies),
            latency_sum_s=self._latency_sum_s,
        )
