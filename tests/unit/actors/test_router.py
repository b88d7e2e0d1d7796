"""One hop from a face to a server: whatever dies on the way, every call ends once, and truthfully."""

from collections.abc import Iterator
from functools import partial

import pytest

from actors.batches import BatchId
from actors.call import RequestId, ServerName
from actors.errors import (
    CallCancelledError,
    MCPConnectionError,
    ServerUnavailableError,
)
from actors.messages import CancelCall, Tick
from actors.router import BatchCallEnded, CancelBatch, RouterActor
from tests.fixtures.calls import make_call
from tests.fixtures.house import House, ends, error_of, item


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b")
    yield house
    house.end()


def test_a_call_goes_to_the_server_of_its_name(house: House) -> None:
    future, exchange = house.begin("b", "x")
    exchange.write()
    exchange.answer()
    house.runtime.run()

    assert future.result(timeout=0) == {"echo": "x"}
    assert house.wires["a"].executed == []


def test_a_router_has_nothing_in_the_world_outside(house: House) -> None:
    (router,) = (actor for actor in house.runtime.actors if isinstance(actor, RouterActor))

    assert router.is_gone()


def test_a_call_ends_unsent_when_the_router_dies_between_look_and_put(house: House) -> None:
    house.runtime.before_put = house.crash_router

    error = error_of(house.submit("a", "x"))

    assert isinstance(error, ServerUnavailableError)
    assert (error.executed, error.state, error.server) == ("no", "stopped", "a")


def test_a_call_that_the_router_has_not_read_when_it_dies_ends_unsent(house: House) -> None:
    house.board.router.tell("nonsense")
    future = house.submit("a", "x")
    house.runtime.run()

    error = error_of(future)
    assert isinstance(error, ServerUnavailableError)
    assert (error.executed, error.state) == ("no", "crashed")
    assert house.wires["a"].executed == []


def test_a_call_ends_unsent_when_its_server_dies_between_the_routers_look_and_put(house: House) -> None:
    future = house.submit("a", "x")
    house.runtime.before_put = partial(house.crash, "a")
    house.runtime.run()

    error = error_of(future)
    assert isinstance(error, ServerUnavailableError)
    assert (error.executed, error.state) == ("no", "restarting")
    assert house.wires["a"].exchanges == []


def test_a_call_passed_on_is_no_matter_of_the_routers_death(house: House) -> None:
    future, exchange = house.begin("a", "x")

    house.crash_router()
    assert exchange.write()
    exchange.answer()
    house.runtime.run()

    assert future.result(timeout=0) == {"echo": "x"}


def test_on_error_is_told_of_every_failure_whoever_ended_the_call(house: House) -> None:
    house.board.router.tell("nonsense")
    unread = house.submit("a", "unread")
    house.runtime.run()
    tried, exchange = house.begin("a", "tried")
    exchange.write()
    exchange.lose()
    house.runtime.run()
    refused = house.submit("removed", "refused")
    house.runtime.run()
    paid, _ = house.begin("a", "paid")
    house.crash("a")
    house.board.broken = "for good"
    late = house.submit("a", "late")
    house.runtime.run()

    told = [(failed.error, failed.attempt) for failed in house.failed]
    assert told == [(error_of(call), call is tried) for call in (unread, tried, refused, paid, late)]


def test_the_next_router_serves_on(house: House) -> None:
    house.crash_router()

    future, exchange = house.begin("a", "x")
    exchange.write()
    exchange.answer()
    house.runtime.run()

    assert future.result(timeout=0) == {"echo": "x"}


def test_a_cancel_follows_its_call_and_cannot_overtake_it(house: House) -> None:
    future = house.submit("a", "x")
    assert not future.cancel()
    house.runtime.run()

    assert type(error_of(future)) is CallCancelledError
    assert error_of(future).executed == "no"
    assert house.wires["a"].executed == []


def test_a_cancel_reaches_a_call_through_the_next_router(house: House) -> None:
    future, exchange = house.begin("a", "x")
    exchange.write()
    house.crash_router()

    future.cancel()
    house.runtime.run()

    assert type(error_of(future)) is CallCancelledError
    assert error_of(future).executed == "unknown"


@pytest.mark.parametrize(
    "message",
    [CancelCall(server=ServerName("nobody"), request_id=RequestId(1)), CancelBatch(batch_id=BatchId(0)), Tick()],
)
def test_what_concerns_nobody_is_ignored(house: House, message: object) -> None:
    router = house.board.router
    router.tell(message)
    house.runtime.run()

    assert router.is_alive()


def test_the_end_of_an_earlier_routers_call_is_ignored(house: House) -> None:
    router = house.board.router
    router.tell(BatchCallEnded(batch_id=BatchId(0), index=0, call=make_call()))
    house.runtime.run()

    assert router.is_alive()


def test_a_call_for_a_disabled_server_is_told_so() -> None:
    house = House("a", servers={"off": {"enabled": False}})

    future = house.submit("off", "x")
    house.runtime.run()

    assert type(error_of(future)) is MCPConnectionError
    house.end()


def test_a_call_for_a_name_that_nobody_serves_any_more_is_refused(house: House) -> None:
    future = house.submit("removed", "x")
    house.runtime.run()

    error = error_of(future)
    assert isinstance(error, ServerUnavailableError)
    assert error.state == "stopped"


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_the_end_of_the_router_pays_its_batches_by_what_it_knows(house: House, end: str) -> None:
    future = house.batch([item("a", name) for name in ("done", "out", "unsent", "never")], max_parallel=3)
    house.runtime.run()
    for name in ("done", "out"):
        assert house.exchange("a", name).write()
    house.exchange("a", "done").answer()
    while any(call.method == "done" for call in house.board.calls.values()):  # The router has not read of it.
        house.runtime.step()

    if end == "crash":
        house.board.router.tell("nonsense")
    else:
        house.engine.end(0.0)
    house.runtime.run()

    unsent = "ServerUnavailableError no"
    assert ends(future) == ["done", "OutcomeUnknownError unknown", unsent, unsent]
    assert not house.exchange("a", "unsent").write()
    assert {outcome.error.server for outcome in future.result() if outcome.error} == {"a"}


def test_a_batch_is_paid_when_the_router_dies_of_one_of_its_calls(house: House) -> None:
    future = house.batch([item("a", "x"), item("a", "y", timeout_s=10**400), item("b", "z")])  # No clock goes so far.
    house.runtime.run()

    assert ends(future) == ["ServerUnavailableError no"] * 3


def test_a_batch_that_the_router_has_not_read_when_it_dies_is_paid(house: House) -> None:
    house.board.router.tell("nonsense")
    future = house.batch([item("a", "x"), item("b", "y")])
    house.runtime.run()

    assert ends(future) == ["ServerUnavailableError no"] * 2


def test_a_batch_is_refused_when_the_router_dies_between_look_and_put(house: House) -> None:
    house.runtime.before_put = house.crash_router

    future = house.batch([item("a", "x"), item("b", "y")])

    assert ends(future) == ["ServerUnavailableError no"] * 2
    house.runtime.run()
    assert house.wires["a"].exchanges == house.wires["b"].exchanges == []
