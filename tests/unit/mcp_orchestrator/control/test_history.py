"""The samples that charts are drawn from: what was within each interval, and nothing else."""

from dataclasses import replace

from actors.call import ServerName
from actors.statistics import Statistics, StatisticsSnapshot
from actors.status import ServerStatus
from mcp_orchestrator.control.history import LENGTH, History

A = ServerName("a")


def status(statistics: StatisticsSnapshot, in_flight: int = 0) -> dict[ServerName, ServerStatus]:
    return {A: ServerStatus(server=A, statistics=statistics, in_flight=in_flight)}


def counted(*durations_s: float, failed: int = 0, before: StatisticsSnapshot | None = None) -> StatisticsSnapshot:
    statistics = Statistics(before)
    statistics.calls += len(durations_s) + failed
    statistics.failed += failed
    for duration_s in durations_s:
        statistics.answered(duration_s)
    return statistics.snapshot()


def test_a_sample_has_what_was_within_its_interval_and_who_was_under_way_at_its_end() -> None:
    history = History()
    first = counted(0.1, 0.1, failed=1)
    history.take(10.0, status(first))

    sample = history.take(12.0, status(counted(0.1, failed=2, before=first), in_flight=4))

    assert (sample["at"], sample["calls"], sample["failures"]) == (12.0, 3, 2)
    assert sample["servers"]["a"]["in_flight"] == 4


def test_percentiles_are_those_of_the_calls_that_were_answered_in_the_interval() -> None:
    history = History()
    slow = counted(*[8.0] * 100)
    history.take(10.0, status(slow))

    sample = history.take(12.0, status(counted(*[0.01] * 10, before=slow)))

    assert sample["servers"]["a"]["p50"] < 0.0125
    assert sample["servers"]["a"]["p95"] < 0.0125


def test_without_calls_there_are_no_percentiles() -> None:
    history = History()
    same = counted(0.1)
    history.take(10.0, status(same))

    assert history.take(12.0, status(same))["servers"]["a"] == {
        "calls": 0, "failures": 0, "in_flight": 0, "p50": None, "p95": None,
    }  # fmt: skip


def test_a_server_that_is_seen_for_the_first_time_has_had_no_calls_within_the_interval() -> None:
    sample = History().take(10.0, status(counted(0.1, 0.1, failed=1)))

    assert (sample["calls"], sample["failures"], sample["servers"]["a"]["p50"]) == (0, 0, None)


def test_counts_that_began_anew_make_no_negative_numbers_and_count_from_there() -> None:
    history = History()
    history.take(10.0, status(counted(*[0.1] * 50, failed=5)))
    anew = counted(0.2)

    began = history.take(12.0, status(anew))
    went_on = history.take(14.0, status(counted(0.2, before=anew)))

    assert (began["calls"], began["failures"]) == (0, 0)
    assert went_on["calls"] == 1


def test_counts_that_began_anew_are_found_by_any_of_them() -> None:
    history = History()
    before = counted(0.001, 0.001)
    history.take(10.0, status(before))

    sample = history.take(12.0, status(replace(counted(8.0, 8.0), calls=9)))

    assert sample["calls"] == 0


def test_a_server_that_went_and_came_back_begins_anew() -> None:
    history = History()
    history.take(10.0, status(counted(0.1)))
    history.take(12.0, {})

    assert history.take(14.0, status(counted(0.1, 0.1)))["calls"] == 0


def test_the_last_samples_are_kept() -> None:
    history = History()
    for number in range(LENGTH + 3):
        history.take(float(number), {})

    whole = history.whole()

    assert whole["interval_s"] == 2.0
    assert [sample["at"] for sample in whole["samples"]] == [float(number) for number in range(3, LENGTH + 3)]
