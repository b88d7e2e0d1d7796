"""When a crashed actor is started again, and when it is parked."""

import pytest

from supervisors.restarts import Restarts

MIDDLE = 0.5  # Of the jitter: back-offs are what they are called.


def restarts(*, most: int = 5, window_s: float = 120.0) -> Restarts:
    return Restarts(most=most, window_s=window_s)


def test_the_back_off_doubles_from_crash_to_crash_up_to_its_cap() -> None:
    policy = restarts(most=100, window_s=1e6)

    delays = [policy.crashed(float(at), MIDDLE) for at in range(9)]

    assert delays == pytest.approx([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0])


def test_jitter_moves_the_back_off_by_a_fifth_at_most() -> None:
    assert restarts().crashed(0.0, 0.0) == pytest.approx(0.4)
    assert restarts().crashed(0.0, 0.999) == pytest.approx(0.6, abs=0.001)


@pytest.mark.parametrize(("lived_s", "delay_s"), [(59.9, 1.0), (60.0, 0.5)])
def test_a_minute_of_health_starts_the_back_off_anew(lived_s: float, delay_s: float) -> None:
    policy = restarts()
    policy.crashed(0.0, MIDDLE)

    assert policy.crashed(lived_s, MIDDLE) == pytest.approx(delay_s)


def test_one_crash_more_than_allowed_within_the_window_parks() -> None:
    policy = restarts(most=2, window_s=10.0)

    assert [policy.crashed(at, MIDDLE) is None for at in (0.0, 5.0, 10.0)] == [False, False, True]


def test_crashes_that_have_left_the_window_are_forgotten() -> None:
    policy = restarts(most=2, window_s=10.0)

    assert [policy.crashed(at, MIDDLE) is None for at in (0.0, 5.0, 10.1, 15.2)] == [False] * 4
