"""Counters and latencies of one server."""

import pytest

from actors.statistics import BOUNDS_S, Statistics


def test_without_answers_there_is_no_percentile() -> None:
    assert Statistics().snapshot().percentile_s(50) is None


@pytest.mark.parametrize("duration_s", [0.0002, 0.0371, 1.0, 29.9, 1500.0])
@pytest.mark.parametrize("percent", [1, 50, 99, 100])
def test_a_percentile_is_at_most_a_fifth_too_high_and_never_too_low(duration_s: float, percent: float) -> None:
    statistics = Statistics()
    for _ in range(10):
        statistics.answered(duration_s)

    seen_s = statistics.snapshot().percentile_s(percent)

    assert seen_s is not None
    assert duration_s <= seen_s <= duration_s * 1.19


def test_percentiles_divide_the_calls() -> None:
    statistics = Statistics()
    for duration_s in [0.01] * 90 + [1.0] * 9 + [10.0]:
        statistics.answered(duration_s)
    snapshot = statistics.snapshot()

    assert [snapshot.percentile_s(percent) for percent in (50, 90, 99, 100)] == [
        pytest.approx(0.01, rel=0.19),
        pytest.approx(0.01, rel=0.19),
        pytest.approx(1.0, rel=0.19),
        pytest.approx(10.0, rel=0.19),
    ]


def test_what_takes_longer_than_all_buckets_is_counted_too() -> None:
    statistics = Statistics()

    statistics.answered(1e6)

    assert statistics.snapshot().percentile_s(50) == 2 * BOUNDS_S[-1]


def test_the_time_of_all_answers_is_summed_up() -> None:
    statistics = Statistics()

    statistics.answered(0.25)
    statistics.answered(1.5)

    assert statistics.snapshot().latency_sum_s == 1.75


def test_failures_are_told_apart_and_a_snapshot_keeps_what_it_had() -> None:
    statistics = Statistics()
    statistics.failed_as("MCPTimeoutError")
    before = statistics.snapshot()

    statistics.failed_as("OverloadedError")
    statistics.failed_as("MCPTimeoutError")

    assert (before.failed, before.failed_with) == (1, {"MCPTimeoutError": 1})
    assert statistics.snapshot().failed == 3
    assert statistics.snapshot().failed_with == {"MCPTimeoutError": 2, "OverloadedError": 1}


def test_a_successor_counts_on() -> None:
    statistics = Statistics()
    statistics.calls, statistics.succeeded, statistics.failed, statistics.tool_errors = 10, 6, 4, 1
    statistics.retries, statistics.pings, statistics.connects = 3, 2, 1
    statistics.answered(0.5)
    statistics.failed_as("MCPToolError")

    assert Statistics(statistics.snapshot()).snapshot() == statistics.snapshot()


def test_what_has_not_ended_is_settled_elsewhere_for_the_successor() -> None:
    statistics = Statistics()
    statistics.calls, statistics.succeeded, statistics.failed = 10, 6, 1

    after = statistics.handed_on()

    assert (after.settled_elsewhere, after.calls, statistics.settled_elsewhere) == (3, 10, 0)
