"""The metrics of servers: a pure function of what each said of itself last. Needs `prometheus_client`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from actors.breaker import State as BreakerState
from actors.call import ServerName
from actors.link import State as LinkState
from actors.statistics import BOUNDS_S
from actors.status import HealthStatus, ServerStatus

PREFIX = "mcp_orchestrator_"
STATES = (*(state.value for state in LinkState), "draining", "crash_loop", "stopped", "disabled", "parked")
BREAKER_STATES = tuple(state.value for state in BreakerState)
# Seconds. Each is one of those that calls are counted by, so that no bucket is a guess: 1.6 ms to 52 s, by doubling.
BUCKETS_S = tuple(BOUNDS_S[step] for step in range(16, 77, 4))


@dataclass(frozen=True, slots=True)
class _Number:
    """One number of every server."""

    name: str
    text: str
    of: Callable[[ServerStatus], float]


_GAUGES = (
    _Number("server_up", "Whether calls can go to the server now", lambda s: s.ready),
    _Number("server_failed_connects", "Connects that failed in a row", lambda s: s.failed_connects),
    _Number("server_tools", "Tools in its last list", lambda s: len(s.catalogue.tools)),
    _Number("server_tool_breakers_open", "Tools whose own breaker is not closed", lambda s: len(s.tools_open)),
    _Number("calls_in_flight", "Calls under way at the server", lambda s: s.in_flight),
    _Number("calls_waiting", "Calls that wait for a slot, or for their next attempt", lambda s: s.waiting),
)
_COUNTERS = (
    _Number(
        "server_restarts",
        "New actors after the first: after a crash or a hang, or when it was enabled again",
        lambda s: s.generation,
    ),
    _Number("server_connects", "Connections that were made", lambda s: s.statistics.connects),
    _Number("server_pings", "Health checks that were begun", lambda s: s.statistics.pings),
    _Number(
        "server_notifications_dropped",
        "Notifications that came faster than they were taken",
        lambda s: s.statistics.notifications_dropped,
    ),
    _Number("call_retries", "Attempts after the first", lambda s: s.statistics.retries),
)


def of_servers(statuses: Sequence[ServerStatus], health: Mapping[ServerName, HealthStatus]) -> Iterator[Metric]:
    """Yield every metric that is labelled by server."""
    for family, numbers in ((GaugeMetricFamily, _GAUGES), (CounterMetricFamily, _COUNTERS)):
        for number in numbers:
            metric = family(PREFIX + number.name, number.text, labels=["server"])
            for status in statuses:
                metric.add_metric([status.server], float(number.of(status)))
            yield metric
    yield _one_of("server_state", "Its state: 1 for the one it is in", STATES, [(s.server, s.state) for s in statuses])
    breakers = [(status.server, status.breaker.state.value) for status in statuses]
    yield _one_of("server_breaker_state", "Of its circuit breaker: 1 for the one it is in", BREAKER_STATES, breakers)
    yield _info(statuses)
    yield from _pings(statuses, health)
    yield _calls(statuses)
    yield _failures(statuses)
    yield _durations(statuses)


def unaccounted(statuses: Iterable[ServerStatus]) -> int:
    """Return how many calls have been lost."""
    numbers = [(status.statistics, status.owed) for status in statuses]
    return sum(n.calls - n.succeeded - n.failed - n.settled_elsewhere - owed for n, owed in numbers)


def _one_of(name: str, text: str, states: tuple[str, ...], now: Sequence[tuple[str, str]]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=["server", "state"])
    for server, current in now:
        for state in states:
            family.add_metric([server, state], float(state == current))
    return family


def _info(statuses: Sequence[ServerStatus]) -> Metric:
    labels = ["server", "transport", "era", "protocol"]
    family = GaugeMetricFamily(PREFIX + "server_info", "How the server is spoken with; always 1", labels=labels)
    for status in statuses:
        family.add_metric([status.server, status.transport, status.era, status.protocol], 1.0)
    return family


def _pings(statuses: Sequence[ServerStatus], health: Mapping[ServerName, HealthStatus]) -> Iterator[Metric]:
    took = GaugeMetricFamily(
        PREFIX + "server_ping_duration_seconds",
        "What the last health check took",
        labels=["server"],
    )
    missed = GaugeMetricFamily(PREFIX + "server_ping_misses", "Health checks missed in a row", labels=["server"])
    for status in statuses:
        checked = health.get(status.server) or HealthStatus()
        missed.add_metric([status.server], checked.misses)
        if checked.response_time_s is not None:
            took.add_metric([status.server], checked.response_time_s)
    yield took
    yield missed


def _calls(statuses: Sequence[ServerStatus]) -> Metric:
    family = CounterMetricFamily(PREFIX + "calls", "Calls that have ended, by how", labels=["server", "outcome"])
    for status in statuses:
        numbers = status.statistics
        ended = {
            "succeeded": numbers.succeeded,
            "tool_error": numbers.tool_errors,
            "failed": numbers.failed - numbers.tool_errors,
            "settled_elsewhere": numbers.settled_elsewhere,
        }
        for outcome, count in ended.items():
            family.add_metric([status.server, outcome], count)
    return family


def _failures(statuses: Sequence[ServerStatus]) -> Metric:
    family = CounterMetricFamily(PREFIX + "call_failures", "Calls that failed, by error", labels=["server", "error"])
    for status in statuses:
        for error, count in status.statistics.failed_with.items():
            family.add_metric([status.server, error], count)
    return family


def _durations(statuses: Sequence[ServerStatus]) -> Metric:
    family = HistogramMetricFamily(
        PREFIX + "call_duration_seconds",
        "From the submit of a call to its answer",
        labels=["server"],
    )
    for status in statuses:
        numbers = status.statistics
        family.add_metric([status.server], list(buckets(numbers.latencies)), numbers.latency_sum_s)
    return family


def buckets(latencies: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """Yield upper bound and how many calls took no longer, from counts by `BOUNDS_S`."""
    seen, counted = 0, 0
    for bound_s in BUCKETS_S:
        upto = BOUNDS_S.index(bound_s) + 1
        seen += sum(latencies[counted:upto])
        counted = upto
        yield repr(bound_s), seen
    yield "+Inf", sum(latencies)
