"""What is owed, and how a death pays."""

import math
import weakref

import pytest

from actors.call import Call, CallFuture
from actors.errors import MCPOrchestratorError, OutcomeUnknownError, ServerUnavailableError
from actors.ledger import Ledger, epitaph
from tests.fixtures.calls import make_call


def owed(ledger: Ledger, number: int, *, deadline: float = 30.0) -> Call:
    call = make_call(number, deadline=deadline)
    ledger.accept(call)
    return call


def test_a_settled_call_leaves_nothing_behind() -> None:
    ledger = Ledger()
    owed(ledger, 0, deadline=1e9)
    futures: list[weakref.ref[CallFuture]] = []

    for number in range(1, 1000):
        call = owed(ledger, number, deadline=1e9 - number)
        futures.append(weakref.ref(call.future))
        assert ledger.pay(call, {})
        del call

    assert not [future for future in futures if future() is not None]
    assert (len(ledger), ledger.next_due()) == (1, 1e9)


def test_what_is_not_owed_is_not_paid() -> None:
    ledger = Ledger()
    call = owed(ledger, 1)

    assert [ledger.pay(call, {"first": True}), ledger.pay(call, {"second": True})] == [True, False]
    assert call.future.result(timeout=0) == {"first": True}


def test_what_somebody_else_has_settled_is_owed_no_longer_and_not_won() -> None:
    ledger = Ledger()
    call = owed(ledger, 1)
    call.future.set_result({"somebody": "else"})

    assert not ledger.pay(call, {})
    assert len(ledger) == 0


def test_the_overdue_come_oldest_first_and_once() -> None:
    ledger = Ledger()
    late, early, later = owed(ledger, 1, deadline=2.0), owed(ledger, 2, deadline=1.0), owed(ledger, 3, deadline=3.0)

    assert list(ledger.overdue(2.0)) == [early, late]
    assert list(ledger.overdue(2.0)) == []
    assert ledger.next_due() == 3.0
    assert ledger.get(later.request_id) is later


@pytest.mark.parametrize("end", ["pay_all", "settle_all"])
def test_death_pays_by_ticket(end: str) -> None:
    ledger = Ledger()
    unsent, sent = owed(ledger, 1), owed(ledger, 2)
    sent.ticket.claim()

    getattr(ledger, end)("the actor crashed", "crashed")

    refused, unknown = unsent.future.exception(timeout=0), sent.future.exception(timeout=0)
    assert isinstance(refused, ServerUnavailableError)
    assert (refused.executed, refused.state) == ("no", "crashed")
    assert isinstance(unknown, OutcomeUnknownError)
    assert not unsent.ticket.claim()


def test_who_pays_for_a_hung_actor_takes_nothing_from_its_ledger() -> None:
    ledger = Ledger()
    call = owed(ledger, 1)

    ledger.settle_all("hung", "crashed")

    assert ledger.get(call.request_id) is call
    ledger.pay_all("hung, and was replaced", "crashed")
    assert len(ledger) == 0


def test_an_epitaph_closes_the_ticket() -> None:
    call = owed(Ledger(), 1)

    error: MCPOrchestratorError = epitaph(call, "stopped", "stopped")

    assert error.executed == "no"
    assert not call.ticket.claim()


def test_what_another_actor_owes_by_now_is_forgotten() -> None:
    ledger, other = Ledger(), Ledger()
    call = owed(ledger, 1)
    other.accept(call)

    ledger.pass_on(call)
    ledger.pass_on(call)

    assert (len(ledger), ledger.next_due(), len(other)) == (0, math.inf, 1)
    assert not call.future.done()
