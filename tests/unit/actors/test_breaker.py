"""One breaker, moved by hand."""

import itertools
import math

import pytest

from actors.breaker import NEXT, Breaker, Event, Permit, State, Verdict
from actors.config import BreakerPolicy


class Rig:
    """A breaker with a clock of its own. Jitter is in the middle."""

    def __init__(self, jitter: float = 0.5, **policy: float) -> None:
        self.now = 1000.0
        self.policy = BreakerPolicy.model_validate(policy)
        self.breaker = Breaker(self.policy, lambda: self.now, lambda: jitter)

    def is_in(self, state: State) -> bool:
        return self.breaker.state is state

    def admit(self, *, deadline_s: float = 99.0) -> Permit:
        permit = self.breaker.admit(self.now + deadline_s)
        assert permit is not None
        return permit

    def call(self, verdict: Verdict, *, times: int = 1, retry_after_s: float = 0.0) -> None:
        for _ in range(times):
            self.breaker.record(self.admit(), verdict, retry_after_s=retry_after_s)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.breaker.tick()

    def open(self) -> None:
        self.call(Verdict.FAILURE, times=self.policy.failure_threshold)

    def half_open(self) -> None:
        self.open()
        self.advance(self.breaker.next_due() - self.now)
        assert self.breaker.state is State.HALF_OPEN


def test_only_the_legal_transitions_exist() -> None:
    legal = {pair for pair in itertools.product(State, Event) if pair in NEXT}

    assert len(legal) == 4
    assert {state for state, _ in legal} == set(NEXT.values()) == set(State)


@pytest.mark.parametrize("pair", [pair for pair in itertools.product(State, Event) if pair not in NEXT], ids=str)
def test_any_other_transition_is_a_bug(pair: tuple[State, Event]) -> None:
    with pytest.raises(KeyError):
        NEXT[pair]


def test_it_opens_at_the_threshold_and_refuses() -> None:
    rig = Rig(failure_threshold=3)
    rig.call(Verdict.FAILURE, times=2)
    assert rig.is_in(State.CLOSED)

    rig.call(Verdict.FAILURE)

    assert rig.is_in(State.OPEN)
    assert rig.breaker.admit(rig.now + 99.0) is None
    assert rig.breaker.retry_after_s() == 5.0


@pytest.mark.parametrize(("verdict", "opens"), [(Verdict.SUCCESS, False), (Verdict.IGNORED, True)])
def test_only_a_success_breaks_a_row_of_failures(verdict: Verdict, *, opens: bool) -> None:
    rig = Rig(failure_threshold=2)
    rig.call(Verdict.FAILURE)

    rig.call(verdict)
    rig.call(Verdict.FAILURE)

    assert (rig.breaker.state is State.OPEN) is opens


def test_a_failure_without_a_permit_counts_too() -> None:
    rig = Rig(failure_threshold=1)

    rig.breaker.observe_failure()

    assert rig.is_in(State.OPEN)
    rig.breaker.observe_failure()
    assert rig.breaker.snapshot().trips == 1


def test_time_moves_it_in_tick_alone() -> None:
    rig = Rig()
    rig.open()
    rig.now += 5.0

    assert rig.is_in(State.OPEN)
    assert rig.breaker.retry_after_s() == 0.0

    rig.breaker.tick()
    assert rig.is_in(State.HALF_OPEN)
    rig.breaker.tick()
    assert rig.is_in(State.HALF_OPEN)


def test_it_does_not_cool_before_its_time() -> None:
    rig = Rig()
    rig.open()

    rig.advance(4.9)

    assert rig.is_in(State.OPEN)


def test_a_late_result_does_not_move_a_newer_state() -> None:
    rig = Rig(failure_threshold=1, success_threshold=1)
    early, late = rig.admit(), rig.admit()
    rig.breaker.record(early, Verdict.FAILURE)
    rig.advance(5.0)

    rig.breaker.record(late, Verdict.SUCCESS)

    assert rig.is_in(State.HALF_OPEN)


def test_half_open_one_call_at_a_time_tries_and_a_slow_one_hands_its_lease_on() -> None:
    rig = Rig(success_threshold=2)
    rig.half_open()

    slow = rig.admit()
    assert rig.breaker.admit(rig.now + 99.0) is None
    assert rig.breaker.retry_after_s() == 1.0
    rig.advance(9.5)
    assert rig.breaker.retry_after_s() == 0.5
    rig.advance(0.5)
    quick = rig.admit()
    rig.breaker.record(quick, Verdict.SUCCESS)
    rig.breaker.record(slow, Verdict.SUCCESS)

    assert rig.is_in(State.CLOSED)


def test_a_slow_call_that_hands_its_lease_on_does_not_return_that_of_another() -> None:
    rig = Rig(success_threshold=2)
    rig.half_open()
    slow = rig.admit()
    rig.advance(10.0)
    rig.admit()

    rig.breaker.record(slow, Verdict.IGNORED)

    assert rig.breaker.refuses


def test_a_lease_ends_with_the_deadline_of_its_call() -> None:
    rig = Rig()
    rig.half_open()

    rig.admit(deadline_s=0.5)

    assert rig.breaker.retry_after_s() == 0.5


def test_a_lease_that_comes_back_without_news_lets_the_next_one_try() -> None:
    rig = Rig()
    rig.half_open()
    rig.call(Verdict.IGNORED)

    assert not rig.breaker.refuses
    assert rig.is_in(State.HALF_OPEN)


def test_half_open_it_takes_so_many_successes_to_close_and_one_failure_to_open() -> None:
    rig = Rig(success_threshold=2)
    rig.half_open()
    rig.call(Verdict.SUCCESS)
    assert rig.breaker.snapshot().successes == 1

    rig.call(Verdict.FAILURE)
    assert rig.is_in(State.OPEN)

    rig.advance(10.0)
    rig.call(Verdict.SUCCESS, times=2)
    assert rig.is_in(State.CLOSED)


def test_open_periods_double_up_to_the_cap() -> None:
    rig = Rig()
    rig.half_open()
    periods_s: list[float | None] = []
    for _ in range(4):
        rig.call(Verdict.FAILURE)
        periods_s.append(rig.breaker.retry_after_s())
        rig.advance(periods_s[-1] or 0.0)

    assert periods_s == [10.0, 20.0, 30.0, 30.0]


@pytest.mark.parametrize(("closed_s", "period_s"), [(119.0, 10.0), (120.0, 5.0)])
def test_a_long_time_closed_forgives_earlier_trips(closed_s: float, period_s: float) -> None:
    rig = Rig(success_threshold=1)
    rig.half_open()
    rig.call(Verdict.SUCCESS)
    rig.advance(closed_s)

    rig.open()

    assert rig.breaker.retry_after_s() == period_s


def test_time_half_open_forgives_nothing() -> None:
    rig = Rig()
    rig.half_open()
    rig.advance(500.0)

    rig.call(Verdict.FAILURE)

    assert rig.breaker.retry_after_s() == 10.0


@pytest.mark.parametrize(("jitter", "period_s"), [(0.0, 4.0), (0.999, 5.998)])
def test_an_open_period_varies_by_a_fifth(jitter: float, period_s: float) -> None:
    rig = Rig(jitter=jitter)

    rig.open()

    assert rig.breaker.retry_after_s() == pytest.approx(period_s)


@pytest.mark.parametrize(("asked_s", "period_s"), [(1.0, 5.0), (60.0, 60.0)])
def test_what_the_server_asks_for_raises_the_open_period(asked_s: float, period_s: float) -> None:
    rig = Rig(failure_threshold=1)

    rig.call(Verdict.FAILURE, retry_after_s=asked_s)

    assert rig.breaker.retry_after_s() == period_s


def test_what_the_server_asks_for_raises_the_period_of_a_relapse_too() -> None:
    rig = Rig()
    rig.half_open()

    rig.call(Verdict.FAILURE, retry_after_s=60.0)

    assert rig.breaker.retry_after_s() == 60.0


def test_a_sign_of_life_opens_the_door_before_its_time_and_only_then() -> None:
    rig = Rig()
    rig.breaker.cool()
    assert rig.is_in(State.CLOSED)
    rig.open()

    rig.breaker.cool()

    assert rig.is_in(State.HALF_OPEN)


def test_each_change_of_state_has_a_number() -> None:
    rig = Rig(success_threshold=1)
    seen = [rig.breaker.epoch]
    rig.half_open()
    seen.append(rig.breaker.epoch)
    rig.call(Verdict.SUCCESS)
    seen.append(rig.breaker.epoch)

    assert seen == [0, 2, 3]


def test_how_long_it_has_been_closed() -> None:
    rig = Rig()
    rig.advance(7.0)
    assert rig.breaker.closed_for_s == 7.0

    rig.open()

    assert rig.breaker.closed_for_s == 0.0
    assert rig.breaker.next_due() < math.inf
