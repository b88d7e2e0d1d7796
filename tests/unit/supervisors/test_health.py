"""What pings, and their absence, say about one server."""

import math

import pytest

from supervisors.health import Health

MIDDLE = 0.5


def health(*, interval_s: float | None = 30.0, misses_allowed: int = 3) -> Health:
    return Health(interval_s=interval_s, misses_allowed=misses_allowed)


def test_nothing_is_known_before_the_first_check() -> None:
    assert health().status.state == "unknown"
    assert health().due == math.inf


@pytest.mark.parametrize(("jitter", "due"), [(0.0, 127.0), (MIDDLE, 130.0), (0.999, 132.994)])
def test_rounds_are_a_tenth_apart_from_their_interval_at_most(jitter: float, due: float) -> None:
    checked = health()
    checked.schedule(100.0, jitter)

    assert checked.due == pytest.approx(due)


def test_without_an_interval_there_is_no_round() -> None:
    checked = health(interval_s=None)
    checked.schedule(100.0, MIDDLE)

    assert checked.due == math.inf


def test_a_round_asks_for_a_ping_and_sets_the_next() -> None:
    checked = health()

    assert checked.round(100.0, MIDDLE, last_answer_at=None)
    assert checked.due == pytest.approx(130.0)


def test_a_call_answered_since_the_last_round_says_it_all() -> None:
    checked = health()
    checked.round(100.0, MIDDLE, last_answer_at=None)

    assert not checked.round(130.0, MIDDLE, last_answer_at=100.0)
    assert (checked.status.state, checked.status.checks, checked.status.response_time_s) == ("up", 1, None)
    assert checked.round(160.0, MIDDLE, last_answer_at=129.9)


def test_there_is_one_ping_at_a_time() -> None:
    checked = health()
    assert checked.round(100.0, MIDDLE, last_answer_at=None)
    checked.asked()

    assert not checked.round(130.0, MIDDLE, last_answer_at=None)
    checked.ended(131.0, alive=True, duration_s=31.0)
    assert checked.round(160.0, MIDDLE, last_answer_at=None)


def test_a_ping_that_went_down_with_its_actor_is_not_waited_for() -> None:
    checked = health()
    checked.asked()
    checked.forget_ping()

    assert checked.round(130.0, MIDDLE, last_answer_at=None)


def test_so_many_misses_in_a_row_are_down_once() -> None:
    checked = health(misses_allowed=3)

    went_down = [checked.ended(float(at), alive=False, duration_s=1.0) for at in range(5)]

    assert went_down == [False, False, True, False, False]
    assert (checked.status.state, checked.status.misses) == ("down", 5)


def test_an_answer_makes_it_up_and_forgives_all_misses() -> None:
    checked = health(misses_allowed=2)
    checked.ended(0.0, alive=False, duration_s=1.0)
    assert checked.status.state == "unknown"

    checked.ended(1.0, alive=True, duration_s=0.2)
    assert (checked.status.state, checked.status.misses, checked.status.response_time_s) == ("up", 0, 0.2)

    assert not checked.ended(2.0, alive=False, duration_s=1.0)
    assert checked.status.state == "up"
    assert (checked.status.last_check_at, checked.status.checks) == (2.0, 3)
