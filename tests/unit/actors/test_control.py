"""Conversations in the one slot that no call can take."""

import math
from collections.abc import Generator
from typing import Any

from actors.call import Outcome
from actors.control import ControlSlot, Errand
from actors.errors import MCPConnectionError, MCPOrchestratorError, MCPTimeoutError, NotExecutedError
from actors.transport import Reply, Request
from tests.fixtures.exchanges import Exchanges


class Rig(Exchanges):
    """A control slot and its exchanges."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[Any] = []
        self.overdue: list[int] = []
        self.slot = ControlSlot(self.begin, self.clock, self.overdue.append)

    def run(self, *methods: str, limit_s: float = 5.0) -> None:
        """Run an errand with an exchange for each method; it ends with the list of outcomes."""
        errand = Errand(conversation=_say(methods), limit_s=limit_s, on_end=self.ends.append)
        self.slot.run(errand)

    @property
    def said(self) -> list[str]:
        return [exchange.message.method for exchange in self.begun if isinstance(exchange.message, Request)]


def _say(methods: tuple[str, ...]) -> Generator[Request | Reply, Outcome, Any]:
    outcomes: list[Outcome] = []
    for method in methods:
        outcome = yield Request(id=0, method=method)
        outcomes.append(outcome)
        if isinstance(outcome, MCPOrchestratorError):
            return outcome
    return outcomes


def test_a_conversation_runs_one_exchange_after_the_other() -> None:
    rig = Rig()

    rig.run("initialize", "notifications/initialized")
    assert rig.said == ["initialize"]
    rig.slot.finish(0, {"a": 1})
    rig.slot.finish(1, {})

    assert rig.ends == [[{"a": 1}, {}]]
    assert len(rig.slot) == 0


def test_errands_run_in_order() -> None:
    rig = Rig()

    for method in ("first", "second", "third"):
        rig.run(method)
    for exchange in range(3):
        rig.slot.finish(exchange, {})

    assert rig.said == ["first", "second", "third"]


def test_an_errand_with_nothing_to_say_ends_at_once() -> None:
    rig = Rig()

    rig.run()

    assert rig.ends == [[]]


def test_an_errand_may_begin_another_when_it_ends() -> None:
    rig = Rig()
    errand = Errand(conversation=_say(("first",)), limit_s=5.0, on_end=lambda _: rig.run("next"))
    rig.slot.run(errand)
    rig.run("waiting")

    rig.slot.finish(0, {})
    assert rig.said == ["first", "waiting"]
    rig.slot.finish(1, {})
    rig.slot.finish(2, {})

    assert rig.said == ["first", "waiting", "next"]
    assert len(rig.slot) == 0


def test_the_last_errand_may_begin_another_when_it_ends() -> None:
    rig = Rig()
    rig.slot.run(Errand(conversation=_say(("first",)), limit_s=5.0, on_end=lambda _: rig.run("next")))

    rig.slot.finish(0, {})

    assert rig.said == ["first", "next"]
    assert len(rig.slot) == 1


def test_the_limit_is_for_the_whole_conversation_from_its_first_exchange() -> None:
    rig = Rig()
    rig.run("before", limit_s=60.0)
    rig.run("initialize", "notifications/initialized", limit_s=5.0)
    rig.now += 10.0
    rig.slot.finish(0, {})
    rig.now += 3.0

    rig.slot.finish(1, {})

    assert [exchange.deadline for exchange in rig.begun[1:]] == [1015.0, 1015.0]
    assert rig.slot.next_due() == 1015.0


def test_what_is_overdue_is_withdrawn_and_broken_off_once_and_ends_when_that_is_reported() -> None:
    rig = Rig()
    rig.run("ping")
    rig.slot.tick()
    assert rig.begun[0].aborted == 0

    rig.now += 5.0
    rig.slot.tick()
    rig.slot.tick()

    assert (rig.begun[0].aborted, rig.begun[0].ticket.claim(), rig.slot.next_due()) == (1, False, math.inf)
    assert (rig.ends, rig.overdue) == ([], [])
    rig.slot.finish(0, NotExecutedError("broken off"))
    assert [type(end) for end in rig.ends] == [MCPTimeoutError]
    assert rig.ends[0].executed == "no"


def test_that_what_was_sent_is_overdue_is_told_once() -> None:
    rig = Rig()
    rig.run("before")
    rig.slot.finish(0, {})
    rig.run("ping")
    assert rig.begun[1].ticket.claim()

    rig.now += 5.0
    rig.slot.tick()
    rig.slot.tick()

    assert rig.overdue == [1]


def test_an_answer_that_crosses_the_abort_is_an_answer() -> None:
    rig = Rig()
    rig.run("ping")
    rig.now += 5.0
    rig.slot.tick()

    rig.slot.finish(0, {})

    assert rig.ends == [[{}]]


def test_an_error_in_time_is_what_it_is() -> None:
    rig = Rig()
    rig.run("ping")
    error = MCPConnectionError("refused")

    rig.slot.finish(0, error)

    assert rig.ends == [error]


def test_clear_ends_all_and_late_reports_are_nobodys() -> None:
    rig = Rig()
    rig.run("ping")
    rig.run("waiting")
    error = MCPConnectionError("connection lost")

    rig.slot.clear(error)
    rig.run("new")

    assert rig.ends == [error, error]
    assert rig.slot.owns(0)
    rig.slot.finish(0, {"late": True})
    assert not rig.slot.owns(0)
    assert rig.ends == [error, error]
    rig.slot.finish(1, {})
    assert rig.ends == [error, error, [{}]]
    assert rig.said == ["ping", "new"]


def test_what_was_under_way_at_a_clear_keeps_its_own_deadline() -> None:
    rig = Rig()
    rig.run("ping", limit_s=5.0)

    rig.slot.clear(MCPConnectionError("connection lost"))
    rig.run("new", limit_s=50.0)
    assert rig.slot.next_due() == 1005.0
    rig.now = 1005.0
    rig.slot.tick()

    assert [exchange.aborted for exchange in rig.begun] == [1, 0]
    assert not rig.begun[0].ticket.claim()
    assert rig.slot.next_due() == 1050.0
    rig.slot.finish(0, NotExecutedError("withdrawn"))
    assert not rig.slot.owns(0)


def test_clear_with_nothing_under_way_changes_nothing() -> None:
    rig = Rig()

    rig.slot.clear(MCPConnectionError("connection lost"))

    assert not rig.slot.owns(0)
    assert rig.slot.next_due() == math.inf


def test_an_exchange_that_has_reported_is_the_slots_no_longer() -> None:
    rig = Rig()
    rig.run("ping")
    assert rig.slot.owns(0)

    rig.slot.finish(0, {})

    assert not rig.slot.owns(0)
