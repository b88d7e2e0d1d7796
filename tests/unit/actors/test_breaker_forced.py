"""A breaker that an operator forced, and one that goes on where another stopped."""

import math

import pytest

from actors.breaker import BreakerSnapshot, State, Verdict
from tests.unit.actors.test_breaker import Rig


def test_forced_open_it_refuses_until_then() -> None:
    rig = Rig()

    rig.breaker.force(State.OPEN, "maintenance", until=rig.now + 60.0)

    assert (rig.breaker.refuses, rig.breaker.retry_after_s()) == (True, 60.0)
    assert rig.breaker.next_due() == rig.now + 60.0
    rig.advance(60.0)
    assert rig.is_in(State.CLOSED)
    assert rig.breaker.next_due() == math.inf


def test_forced_open_without_an_end_nobody_knows_when_to_come_back() -> None:
    rig = Rig()

    rig.breaker.force(State.OPEN, "maintenance")

    assert (rig.breaker.refuses, rig.breaker.retry_after_s()) == (True, None)


def test_forced_closed_it_admits_and_the_state_beneath_moves_on() -> None:
    rig = Rig(success_threshold=1)
    rig.open()

    rig.breaker.force(State.CLOSED, "we know better")

    assert not rig.breaker.refuses
    assert rig.breaker.retry_after_s() is None
    rig.call(Verdict.FAILURE)
    rig.advance(5.0)
    assert rig.is_in(State.CLOSED)
    rig.breaker.force(None)
    assert rig.is_in(State.HALF_OPEN)


def test_forced_closed_more_than_one_call_goes_though_it_is_half_open_beneath() -> None:
    rig = Rig()
    rig.half_open()

    rig.breaker.force(State.CLOSED, "we know better")

    rig.admit()
    rig.admit()


def test_a_sign_of_life_does_not_move_one_that_is_only_forced_open() -> None:
    rig = Rig()
    rig.breaker.force(State.OPEN, "maintenance")

    rig.breaker.cool()

    assert rig.breaker.epoch == 0


def test_it_cannot_be_forced_half_open() -> None:
    with pytest.raises(ValueError, match="not half-open"):
        Rig().breaker.force(State.HALF_OPEN)


@pytest.mark.parametrize("until_s", [math.inf, 60.0])
@pytest.mark.parametrize("state", [State.OPEN, State.CLOSED])
@pytest.mark.parametrize("opened", [True, False])
def test_a_successor_is_forced_as_long_and_open_beneath_as_long(state: State, until_s: float, *, opened: bool) -> None:
    rig, successor = Rig(), Rig()
    if opened:
        rig.open()
    rig.breaker.force(state, "", until=rig.now + until_s)
    rig.advance(1.0)
    snapshot = rig.breaker.snapshot()

    successor.breaker.restore(snapshot)

    assert snapshot.forced == "no reason given"
    assert successor.breaker.snapshot() == snapshot
    successor.breaker.force(None)
    assert successor.breaker.state is (State.OPEN if opened else State.CLOSED)


def test_a_successor_goes_on_open() -> None:
    rig, successor = Rig(), Rig()
    rig.open()
    rig.advance(2.0)

    successor.breaker.restore(rig.breaker.snapshot())

    assert successor.breaker.retry_after_s() == 3.0
    successor.advance(3.0)
    successor.call(Verdict.FAILURE)
    assert successor.breaker.retry_after_s() == 10.0


def test_a_successor_takes_half_open_up_as_open_with_its_time_over() -> None:
    rig, successor = Rig(), Rig()
    rig.half_open()

    successor.breaker.restore(rig.breaker.snapshot())

    assert (successor.breaker.state, successor.breaker.next_due()) == (State.OPEN, successor.now)


@pytest.mark.parametrize(("failures", "kept"), [(3, 3), (9, 4)])
def test_a_successor_counts_on_but_does_not_open_by_what_it_has_not_seen(failures: int, kept: int) -> None:
    successor = Rig()

    successor.breaker.restore(BreakerSnapshot(failures=failures))

    assert successor.breaker.snapshot().failures == kept
    assert successor.breaker.state is State.CLOSED
