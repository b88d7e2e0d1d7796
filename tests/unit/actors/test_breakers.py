"""A server's breaker beside those of its tools, and the ping that decides about a timeout."""

from collections.abc import Callable

import pytest

from actors.admission import Work
from actors.breaker import State, Verdict
from actors.breakers import Breakers, Suspicions
from actors.call import ToolName
from actors.config import BreakerPolicy
from actors.errors import CircuitBreakerOpenError, OutcomeUnknownError
from tests.fixtures.calls import make_call

SLOW, OTHER = ToolName("slow"), ToolName("other")


class Rig:
    """One server's breakers, that open at the second failure, with a clock of their own."""

    def __init__(self) -> None:
        self.now = 1000.0
        policy = BreakerPolicy(failure_threshold=2, success_threshold=1)
        self.breakers = Breakers(policy, lambda: self.now, lambda: 0.5)

    def server_is(self, state: State) -> bool:
        return self.breakers.server.state is state

    def begin(self, tool: ToolName | None = SLOW) -> Work:
        assert self.breakers.refusal(tool) is None
        work = Work(call=make_call(deadline=self.now + 99.0), tool=tool)
        self.breakers.admit(work)
        return work

    def time_out(self, times: int, tool: ToolName | None = SLOW) -> None:
        for work in [self.begin(tool) for _ in range(times)]:
            self.breakers.timed_out(work)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.breakers.tick()


def test_a_slow_tool_does_not_take_its_server_down() -> None:
    rig = Rig()

    rig.time_out(2)

    refusal = rig.breakers.refusal(SLOW)
    assert isinstance(refusal, CircuitBreakerOpenError)
    assert refusal.retry_after_s == 5.0
    assert rig.breakers.is_open(SLOW)
    assert not rig.breakers.is_open(OTHER)
    assert rig.breakers.refusal(OTHER) is rig.breakers.refusal(None) is None
    assert rig.breakers.tools_open() == (SLOW,)


def test_an_open_server_refuses_all_its_tools() -> None:
    rig = Rig()
    rig.breakers.server.force(State.OPEN, "maintenance")

    assert rig.breakers.is_open(SLOW)
    assert rig.breakers.refusal(SLOW) is not None


def test_a_timeout_of_a_request_without_a_tool_concerns_the_server_alone() -> None:
    rig = Rig()

    rig.breakers.timed_out(rig.begin(None))

    assert rig.breakers.tools_open() == ()


def test_half_open_a_tool_is_tried_by_one_call_at_a_time_and_closed_by_its_success() -> None:
    rig = Rig()
    rig.time_out(2)
    rig.advance(rig.breakers.next_due() - rig.now)

    trial = rig.begin()
    assert rig.breakers.refusal(SLOW) is not None
    rig.breakers.record(trial, Verdict.SUCCESS)

    assert rig.breakers.tools_open() == ()
    assert rig.breakers.refusal(SLOW) is None


def test_a_failure_of_the_server_is_none_of_the_tool() -> None:
    rig = Rig()
    rig.time_out(2)
    rig.advance(5.0)

    rig.breakers.record(rig.begin(), Verdict.FAILURE)

    assert rig.breakers.tools_open() == (SLOW,)
    assert rig.breakers.refusal(SLOW) is None


def test_a_timeout_of_a_call_older_than_the_tools_breaker_does_not_move_a_later_state() -> None:
    rig = Rig()
    old = rig.begin()
    rig.time_out(2)
    rig.advance(5.0)

    rig.breakers.timed_out(old)

    assert rig.breakers.refusal(SLOW) is None


def test_a_trial_that_times_out_opens_the_tools_breaker_again() -> None:
    rig = Rig()
    rig.time_out(2)
    rig.advance(5.0)

    rig.breakers.timed_out(rig.begin())

    assert rig.breakers.is_open(SLOW)


def test_a_tools_breaker_is_dropped_when_it_has_been_closed_for_long() -> None:
    rig = Rig()
    rig.time_out(1)

    rig.advance(119.0)
    assert vars(rig.breakers)["_tools"]
    rig.advance(1.0)

    assert not vars(rig.breakers)["_tools"]


def test_a_permit_comes_back_once_and_failures_without_one_count_too() -> None:
    rig = Rig()
    work = rig.begin()

    rig.breakers.record(work, Verdict.FAILURE)
    rig.breakers.record(work, Verdict.SUCCESS)
    assert rig.server_is(State.CLOSED)
    rig.breakers.record(work, Verdict.FAILURE)

    assert rig.server_is(State.OPEN)


def test_a_call_that_says_when_to_come_back_raises_the_open_period() -> None:
    rig = Rig()
    rig.breakers.server.observe_failure()
    work = rig.begin()
    work.ended(OutcomeUnknownError("HTTP 503", retry_after_s=60.0))

    rig.breakers.record(work, Verdict.FAILURE)

    assert rig.breakers.server.retry_after_s() == 60.0


def test_a_permit_is_of_the_state_that_is_or_none() -> None:
    rig = Rig()
    work = rig.begin()
    assert rig.breakers.permits(work)

    rig.time_out(1)
    rig.breakers.server.observe_failure()
    rig.breakers.server.observe_failure()

    assert not rig.breakers.permits(work)
    assert not rig.breakers.permits(Work(call=make_call(), tool=None))


class Pings:
    """Takes orders for pings; the test answers them."""

    def __init__(self) -> None:
        self.judges: list[Callable[[bool], None]] = []


@pytest.mark.parametrize(("alive", "state"), [(True, State.CLOSED), (False, State.OPEN)])
def test_the_ping_after_a_timeout_decides_about_the_server(state: State, *, alive: bool) -> None:
    rig, pings = Rig(), Pings()
    suspicions = Suspicions(rig.breakers.server, pings.judges.append)
    permits = [rig.breakers.timed_out(rig.begin(tool)) for tool in (SLOW, OTHER)]

    for permit in permits:
        suspicions.add(permit)
    assert len(pings.judges) == 1
    pings.judges.pop()(alive)
    pings.judges.pop()(alive)

    assert rig.breakers.server.state is state
    assert pings.judges == []


def test_a_timeout_during_a_ping_is_decided_by_the_next_one() -> None:
    rig, pings = Rig(), Pings()
    rig.breakers.server.observe_failure()
    suspicions = Suspicions(rig.breakers.server, pings.judges.append)
    before, during = rig.breakers.timed_out(rig.begin()), rig.breakers.timed_out(rig.begin())

    suspicions.add(before)
    suspicions.add(during)
    pings.judges[0](True)  # noqa: FBT003 -- alive
    assert rig.server_is(State.CLOSED)
    pings.judges[1](False)  # noqa: FBT003 -- not alive

    assert rig.server_is(State.OPEN)
