"""The ticket, the future, and the one way to settle."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from actors.call import CallFuture, RequestId, SendTicket, settle
from actors.errors import MCPConnectionError, MCPToolError
from actors.ledger import Ledger
from tests.fixtures.calls import make_call

Done = Future[Any]


def test_a_ticket_is_claimed_once() -> None:
    ticket = SendTicket()

    assert [ticket.claim(), ticket.claim()] == [True, False]
    assert ticket.is_claimed


def test_a_withdrawal_says_the_same_to_all_who_ask_and_nothing_is_sent_after_it() -> None:
    ticket = SendTicket()

    assert [ticket.withdraw(), ticket.withdraw()] == ["no", "no"]
    assert not ticket.claim()
    assert not ticket.is_claimed


def test_what_was_claimed_is_unknown_to_all_who_withdraw() -> None:
    ticket = SendTicket()
    ticket.claim()

    assert [ticket.withdraw(), ticket.withdraw()] == ["unknown", "unknown"]


def test_a_withdrawal_through_the_first_ticket_reaches_the_last() -> None:
    first = SendTicket()
    first.claim()
    second = first.renew("no")
    assert second is not None
    third = second.renew("no")
    assert third is not None

    assert first.withdraw() == "no"
    assert not third.claim()


def test_a_ticket_that_was_withdrawn_is_not_renewed() -> None:
    ticket = SendTicket()
    ticket.withdraw()

    assert ticket.renew("no") is None


@pytest.mark.parametrize("later", ["no", "unknown"])
def test_a_later_attempt_remembers_that_an_earlier_one_may_have_run(later: str) -> None:
    first = SendTicket()
    second = first.renew("unknown")
    assert second is not None
    third = second.renew("unknown" if later == "unknown" else "no")
    assert third is not None

    assert third.withdraw() == "unknown"


def test_each_attempt_has_a_ticket_of_its_own() -> None:
    first = SendTicket()
    first.claim()
    second = first.renew("no")
    assert second is not None

    assert not second.is_claimed
    assert second.claim()


def test_the_first_to_settle_wins_and_knows_it() -> None:
    call = make_call()

    assert [settle(call, {"first": True}), settle(call, MCPConnectionError("second"))] == [True, False]
    assert call.future.result(timeout=0) == {"first": True}


def test_an_error_says_which_call_it_ended() -> None:
    call = make_call(7, method="tools/call", params={"name": "forecast"})

    settle(call, MCPToolError("no such city", executed="yes"))

    error = call.future.exception(timeout=0)
    assert isinstance(error, MCPToolError)
    assert (error.server, error.tool, error.request_id) == ("weather", "forecast", 7)
    assert str(error) == "weather.forecast: no such city (executed: yes)"


def test_a_call_refused_by_its_sender_ends_with_the_refusal() -> None:
    call = make_call()

    assert call.refuse(MCPConnectionError("nobody there"))
    assert isinstance(call.future.exception(timeout=0), MCPConnectionError)


def test_only_a_call_of_a_tool_has_one() -> None:
    assert make_call(method="resources/read", params={"name": "forecast"}).tool is None


def test_cancel_only_tells_and_only_as_long_as_there_is_something_to_cancel() -> None:
    told: list[RequestId] = []
    future = CallFuture(RequestId(3), tell_cancel=told.append, run_later=lambda _: None)

    assert not future.cancel()
    future.set_result({})
    assert not future.cancel()

    assert told == [3]
    assert not future.cancelled()


def test_a_callback_runs_later_with_the_future_and_never_on_the_settling_thread() -> None:
    later: list[Callable[[], object]] = []
    future = CallFuture(RequestId(1), tell_cancel=lambda _: None, run_later=later.append)
    seen: list[Done] = []
    future.add_done_callback(seen.append)

    future.set_result({})

    assert seen == []
    later[0]()
    assert seen == [future]


def test_code_of_ours_is_told_at_once() -> None:
    future = CallFuture(RequestId(1), tell_cancel=lambda _: None, run_later=lambda _: None)
    seen: list[Done] = []
    future.tell_when_done(seen.append)

    future.set_result({})

    assert seen == [future]


def test_not_even_the_cancel_of_its_base_class_settles_the_future() -> None:
    future = CallFuture(RequestId(1), tell_cancel=lambda _: None, run_later=lambda _: None)

    assert not super(CallFuture, future).cancel()
    assert not future.done()


def test_asyncio_cannot_cancel_the_future_behind_our_back() -> None:
    told: list[RequestId] = []
    future = CallFuture(RequestId(1), tell_cancel=told.append, run_later=lambda _: None)

    async def give_up() -> None:
        task = asyncio.wrap_future(future)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())

    assert told == [1]
    assert not future.done()


def test_who_owes_a_call_is_written_on_it() -> None:
    call, ledger = make_call(), Ledger()

    ledger.accept(call)

    assert call.owner is ledger
