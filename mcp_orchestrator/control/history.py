"""The last minutes in numbers: what the charts of a dashboard are drawn from. Pure."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from actors.call import ServerName
from actors.statistics import StatisticsSnapshot
from actors.status import ServerStatus

INTERVAL_S = 2.0
LENGTH = 150  # Samples: five minutes.
_NOTHING = StatisticsSnapshot()


class History:
    """Turns counts that only grow into what was within each interval, and keeps the last `LENGTH` of them."""

    def __init__(self) -> None:
        self._before: dict[ServerName, StatisticsSnapshot] = {}
        self._samples: deque[dict[str, Any]] = deque(maxlen=LENGTH)

    def take(self, at: float, statuses: Mapping[ServerName, ServerStatus]) -> dict[str, Any]:
        """Add the sample that ends at `at`, seconds since 1970, and return it.

        A server that is new, or whose counts began anew, has had no calls in it: nobody knows when its counts are from.
        """
        servers = {name: self._server(status) for name, status in statuses.items()}
        self._before = {name: status.statistics for name, status in statuses.items()}
        sample: dict[str, Any] = {
            "at": at,
            "calls": sum(one["calls"] for one in servers.values()),
            "failures": sum(one["failures"] for one in servers.values()),
            "servers": servers,
        }
        self._samples.append(sample)
        return sample

    def whole(self) -> dict[str, Any]:
        """Return all samples that are kept, oldest first."""
        return {"interval_s": INTERVAL_S, "samples": list(self._samples)}

    def _server(self, status: ServerStatus) -> dict[str, Any]:
        within = _between(self._before.get(status.server), status.statistics)
        return {
            "calls": within.calls,
            "failures": within.failed,
            "in_flight": status.in_flight,
            "p50": within.percentile_s(50),
            "p95": within.percentile_s(95),
        }


def _between(before: StatisticsSnapshot | None, now: StatisticsSnapshot) -> StatisticsSnapshot:
    if before is None or before is now:
        return _NOTHING
    latencies = tuple(b - a for a, b in zip(before.latencies, now.latencies, strict=True))
    calls, failed = now.calls - before.calls, now.failed - before.failed
    if min(calls, failed, *latencies) < 0:
        return _NOTHING
    return StatisticsSnapshot(calls=calls, failed=failed, latencies=latencies)
