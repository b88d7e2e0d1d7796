"""The table of one connection, its back-off, and what a call meets in each state."""

import itertools
import math

import pytest

from actors.errors import MCPConnectionError, ServerUnavailableError
from actors.link import NEXT, WAITING, Event, Link, State


class Rig:
    """A link with a clock of its own. Jitter is in the middle."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.link = Link(base_s=0.5, cap_s=30.0, clock=lambda: self.now, jitter=lambda: 0.5)

    def fail(self) -> float:
        """Let a connect fail; return the seconds to the next."""
        self.link.fire(Event.ASKED)
        self.link.fire(Event.FAILED, "refused")
        return self.link.next_due() - self.now

    def open(self) -> None:
        self.link.fire(Event.ASKED)
        self.link.fire(Event.OPENED)


def test_every_state_can_be_reached_and_closed() -> None:
    assert {State.DISCONNECTED, *NEXT.values()} == set(State)
    assert {state for state, event in NEXT if event is Event.CLOSED} == set(State) - {State.DISCONNECTED}


@pytest.mark.parametrize("pair", [pair for pair in itertools.product(State, Event) if pair not in NEXT], ids=str)
def test_what_is_not_in_the_table_is_a_bug_and_changes_nothing(pair: tuple[State, Event]) -> None:
    rig = Rig()
    rig.link.state = pair[0]

    with pytest.raises(KeyError):
        rig.link.fire(pair[1])

    assert rig.link.state is pair[0]


def test_failed_connects_back_off_doubling_up_to_the_cap() -> None:
    rig = Rig()

    assert [rig.fail() for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert rig.link.failed_connects == 8
    assert rig.link.retry_after_s() == 30.0


def test_a_connection_that_served_nobody_does_not_reset_the_back_off() -> None:
    rig = Rig()
    rig.fail()
    rig.open()

    rig.link.fire(Event.LOST)

    assert rig.link.next_due() - rig.now == 1.0
    assert rig.link.failed_connects == 0


def test_a_connection_that_served_is_replaced_at_once_and_once() -> None:
    rig = Rig()
    rig.fail()
    rig.open()
    rig.link.proved()

    rig.link.fire(Event.LOST)
    assert rig.link.next_due() == rig.now
    rig.open()
    rig.link.fire(Event.LOST)

    assert rig.link.next_due() - rig.now == 0.5


def test_a_throttled_link_is_due_when_the_server_said() -> None:
    rig = Rig()
    rig.open()

    rig.link.fire(Event.THROTTLED, "too many", retry_after_s=7.0)
    rig.now += 2.0

    assert rig.link.retry_after_s() == 5.0
    rig.link.fire(Event.OPENED)
    assert rig.link.retry_after_s() is None


def test_one_that_is_held_waits_to_be_told() -> None:
    rig = Rig()

    rig.link.hold("restarting")

    assert (rig.link.state, rig.link.next_due(), rig.link.reason) == (State.RECONNECTING, math.inf, "restarting")


@pytest.mark.parametrize("state", [*WAITING, State.READY])
def test_a_call_may_wait_or_go(state: State) -> None:
    rig = Rig()
    rig.link.state = state

    assert rig.link.refusal() is None


def test_a_call_for_a_server_never_connected_is_refused() -> None:
    refusal = Rig().link.refusal()

    assert isinstance(refusal, MCPConnectionError)
    assert "never connected" in str(refusal)


@pytest.mark.parametrize(
    ("event", "state", "retry_after_s"),
    [
        (Event.THROTTLED, "throttled", 7.0),
        (Event.AUTH_REFUSED, "auth_required", None),
        (Event.CONFIG_REFUSED, "config", None),
    ],
)
def test_a_call_where_no_connect_helps_is_told_so(event: Event, state: str, retry_after_s: float | None) -> None:
    rig = Rig()
    rig.link.fire(Event.ASKED)
    rig.link.fire(event, "HTTP says no", retry_after_s=7.0)

    refusal = rig.link.refusal()

    assert isinstance(refusal, ServerUnavailableError)
    assert (refusal.state, refusal.reason, refusal.retry_after_s) == (state, "HTTP says no", retry_after_s)
