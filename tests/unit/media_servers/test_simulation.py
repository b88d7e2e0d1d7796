import threading

import pytest

from media_servers.plex.simulated import SimulatedPlex
from media_servers.simulation import Line, Transfer, chance, sped_up
from tests.fixtures.media import START, SettableClock


@pytest.fixture
def line() -> Line[Transfer]:
    return Line(0.0, rate_bytes_s=10)


def transfer(size_bytes: int, urgency: int = 0) -> Transfer:
    return Transfer(size_bytes=size_bytes, added_at=0, urgency=urgency)


def test_a_line_works_off_one_transfer_after_the_other(line: Line[Transfer]) -> None:
    first, second = transfer(100), transfer(50)
    line.add(first)
    line.add(second)

    assert line.advance(5) == []
    assert (first.progress, first.remaining_bytes, second.progress) == (50.0, 50, 0.0)
    assert line.advance(12) == [(10, first)]
    assert line.active() is second
    assert line.advance(1000) == [(15, second)]
    assert line.active() is None


def test_one_late_look_finds_the_same_as_many_early_ones() -> None:
    often, once = Line[Transfer](0.0, 10), Line[Transfer](0.0, 10)
    for line in (often, once):
        for size_bytes in (100, 50, 70):
            line.add(transfer(size_bytes))

    seen_often = [at for now in range(1, 30) for at, _ in often.advance(now)]
    seen_once = [at for at, _ in once.advance(29)]

    assert seen_often == pytest.approx(seen_once)
    assert seen_once == [10, 15, 22]


def test_the_more_urgent_transfer_overtakes_and_what_it_overtook_keeps_its_bytes(line: Line[Transfer]) -> None:
    slow, urgent = transfer(100), transfer(50, urgency=1)
    line.add(slow)
    line.advance(3)

    line.add(urgent)

    assert line.active() is urgent
    assert slow.got_bytes == 30
    assert line.advance(100) == [(8, urgent), (15, slow)]


def test_a_paused_line_stands_still_but_for_forced_transfers(line: Line[Transfer]) -> None:
    waiting, forced = transfer(100), transfer(50)
    forced.forced = True
    line.add(waiting)
    line.add(forced)
    line.paused = True

    assert line.eta_s(waiting) is None
    assert line.advance(100) == [(5, forced)]
    assert waiting.got_bytes == 0


def test_time_that_passed_in_a_pause_is_not_made_up_for(line: Line[Transfer]) -> None:
    only = transfer(100)
    only.paused = True
    line.add(only)
    line.advance(1000)

    only.paused = False

    assert line.advance(1009) == []
    assert line.advance(1010) == [(1010, only)]


def test_what_is_expected_counts_what_is_ahead_and_not_paused(line: Line[Transfer]) -> None:
    first, paused, last = transfer(100), transfer(1000), transfer(50)
    paused.paused = True
    for one in (first, paused, last):
        line.add(one)

    assert (line.eta_s(first), line.eta_s(paused), line.eta_s(last)) == (10, None, 15)


def test_a_clock_set_back_takes_nothing_back(line: Line[Transfer]) -> None:
    only = transfer(100)
    line.add(only)
    line.advance(5)

    line.advance(1)

    assert only.got_bytes == 50
    assert line.advance(10) == [(10, only)]


def test_a_sped_up_clock_starts_now_and_runs_faster() -> None:
    real = SettableClock(100)
    fast = sped_up(60, real)

    assert fast() == 100
    real.advance(2)
    assert fast() == 220


def test_chance_repeats_for_the_same_seed_only() -> None:
    once, again, other = ([chance(seed).random() for _ in range(3)] for seed in (1, 1, 2))

    assert once == again != other


def test_two_threads_are_never_inside_a_backend_at_once() -> None:
    """The SDK runs every tool on a worker thread, several at a time."""
    inside: list[int] = []
    most: list[int] = []
    company = threading.Event()

    def clock() -> float:
        inside.append(1)
        most.append(len(inside))
        if len(inside) == 2:
            company.set()
        company.wait(0.1 if watched else 0)  # Time for the other thread to come in, if it can.
        inside.pop()
        return START

    watched = False
    plex = SimulatedPlex(clock)
    watched = True
    threads = [threading.Thread(target=plex.libraries) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) == 1
