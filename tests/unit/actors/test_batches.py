"""Many calls, one list: complete, in order, truthful about each, whatever ends it."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.batches import BatchItem, CallOutcome
from actors.errors import MCPTimeoutError, UnknownServerError
from actors.results import CallMetadata, ToolResult
from actors.router import RunBatch
from tests.fixtures.house import House, ends, item
from tests.fixtures.scripted_wire import ScriptedExchange

CANCELLED, TIMEOUT = "CallCancelledError no", "MCPTimeoutError no"


@pytest.fixture
def house() -> Iterator[House]:
    house = House("a", "b", servers={"wide": {"max_concurrent": 1000}})
    yield house
    house.end()


def mistaken(*, critical: bool = False) -> BatchItem:
    return BatchItem(server="?", tool="?", plan=None, mistake=UnknownServerError("Invalid server"), critical=critical)


def answer(house: House, *labels: str, server: str = "a") -> None:
    for label in labels:
        exchange = house.exchange(server, label)
        assert exchange.write()
        exchange.answer()
        house.runtime.run()


def begun(house: House, server: str = "a") -> list[str]:
    return [exchange.label for exchange in house.wires[server].exchanges]


def at_once(exchange: ScriptedExchange) -> None:
    exchange.write()
    exchange.answer()


def test_the_list_is_in_the_order_asked_for_not_in_the_order_of_the_ends(house: House) -> None:
    future = house.batch([item("a", "x"), item("b", "y"), item("a", "z")])
    house.runtime.run()

    answer(house, "z")
    answer(house, "y", server="b")
    assert not future.done()
    answer(house, "x")

    assert ends(future) == ["x", "y", "z"]
    assert [outcome.index for outcome in future.result()] == [0, 1, 2]


def test_no_more_are_under_way_than_wished(house: House) -> None:
    future = house.batch([item("a", name) for name in "uvwxy"], max_parallel=2)
    house.runtime.run()
    assert begun(house) == ["u", "v"]

    answer(house, "v")
    assert begun(house) == ["u", "v", "w"]
    answer(house, "u", "w", "x", "y")

    assert ends(future) == list("uvwxy")


def test_a_calls_own_time_begins_when_it_is_released(house: House) -> None:
    future = house.batch([item("a", "x", timeout_s=20), item("a", "y", timeout_s=20)], max_parallel=1, within_s=100)
    house.pass_time(15)
    answer(house, "x")

    house.pass_time(19)
    assert not future.done()
    answer(house, "y")

    assert ends(future) == ["x", "y"]


def test_a_calls_deadline_is_the_batchs_at_the_latest(house: House) -> None:
    future = house.batch([item("a", "x", timeout_s=20), item("a", "y", timeout_s=2)], within_s=5)

    house.pass_time(2)
    assert not future.done()
    house.pass_time(3)

    assert ends(future) == [TIMEOUT, TIMEOUT]


def test_what_was_not_released_by_the_deadline_of_the_batch_was_never_executed(house: House) -> None:
    future = house.batch([item("a", name) for name in "xyz"], max_parallel=1, within_s=5)
    house.runtime.run()
    assert house.exchange("a", "x").write()

    house.pass_time(5)

    assert ends(future) == ["MCPTimeoutError unknown", TIMEOUT, TIMEOUT]
    assert house.wires["a"].executed == ["x"]
    assert [str(outcome.error) for outcome in future.result()][1:] == [
        f"a.{name}: never begun: the batch's time was over (executed: no)" for name in "yz"
    ]


def test_a_critical_failure_cancels_the_others_if_that_was_wished(house: House) -> None:
    future = house.batch(
        [item("a", "x"), item("a", "y", critical=True), item("a", "z")],
        max_parallel=2,
        cancel_on_critical_failure=True,
    )
    house.runtime.run()
    house.exchange("a", "y").write()
    house.exchange("a", "y").lose()
    house.runtime.run()

    assert ends(future) == [CANCELLED, "OutcomeUnknownError unknown", CANCELLED]


@pytest.mark.parametrize(("critical", "wished"), [(True, False), (False, True)])
def test_a_failure_cancels_nothing_else(house: House, *, critical: bool, wished: bool) -> None:
    future = house.batch(
        [item("a", "y", critical=critical), item("a", "x")], max_parallel=1, cancel_on_critical_failure=wished
    )
    house.runtime.run()
    house.exchange("a", "y").write()
    house.exchange("a", "y").lose()
    house.runtime.run()
    answer(house, "x")

    assert ends(future) == ["OutcomeUnknownError unknown", "x"]


def test_a_mistake_is_the_outcome_of_one_call(house: House) -> None:
    future = house.batch([mistaken(), item("a", "x")])
    house.runtime.run()
    answer(house, "x")

    assert ends(future) == ["UnknownServerError no", "x"]


def test_a_critical_mistake_cancels_what_comes_after_it_and_a_later_mistake_stays_one(house: House) -> None:
    future = house.batch(
        [mistaken(critical=True), item("a", "x"), mistaken(critical=True)], cancel_on_critical_failure=True
    )
    house.runtime.run()

    assert ends(future) == ["UnknownServerError no", CANCELLED, "UnknownServerError no"]
    assert begun(house) == []


def test_callbacks_hear_of_every_end_and_of_the_whole_last(house: House) -> None:
    progress, results = list[tuple[int, int]](), list[CallOutcome]()

    def note(completed: int, total: int) -> None:
        progress.append((completed, total))

    future = house.batch(
        [item("a", "x"), mistaken(), item("a", "y")],
        progress_callback=note,
        on_result=results.append,
    )
    house.runtime.run()
    answer(house, "y", "x")

    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert [outcome.index for outcome in results] == [1, 2, 0]
    assert sorted(results, key=lambda outcome: outcome.index) == future.result(timeout=0)


def test_a_cancelled_batch_still_gives_its_list(house: House) -> None:
    future = house.batch([item("a", name) for name in ("done", "out", "unsent", "never")], max_parallel=3)
    house.runtime.run()
    answer(house, "done")
    house.exchange("a", "out").write()

    assert not future.cancel()
    house.runtime.run()
    future.cancel()

    assert ends(future) == ["done", "CallCancelledError unknown", CANCELLED, CANCELLED]


def test_an_empty_batch_is_done_at_once(house: House) -> None:
    assert house.batch([]).result(timeout=0) == []
    house.runtime.run()


def test_a_batch_of_a_thousand_comes_back_whole(house: House) -> None:
    house.wires["wide"].on_begin = at_once

    future = house.batch([item("wide", str(number)) for number in range(1000)])
    house.runtime.run()

    assert ends(future) == [str(number) for number in range(1000)]
    assert house.board.calls == {}


def test_a_thousand_critical_calls_are_cancelled_once_each(house: House) -> None:
    future = house.batch(
        [item("a", str(number), critical=True) for number in range(1000)], cancel_on_critical_failure=True
    )
    house.runtime.run()
    house.exchange("a", "0").write()
    house.exchange("a", "0").lose()
    house.runtime.run()

    assert ends(future) == ["OutcomeUnknownError unknown"] + [CANCELLED] * 999


class Unread:
    """The mailbox of a router that reads nothing, or whatever the test lets it read."""

    def __init__(self, house: House) -> None:
        self.router, self.messages = house.board.router, list[Any]()
        house.board.router = self

    def tell(self, message: object) -> None:
        self.messages.append(message)

    def is_alive(self) -> bool:
        return True


def test_the_list_of_a_silent_router_is_settled_by_ticket_and_what_was_unsent_stays_so(house: House) -> None:
    names = ["known", "ended", "out", "unsent", "never"]
    items = [*(item("a", name) for name in names), mistaken()]
    silent = Unread(house)
    future = house.batch(items, max_parallel=4)
    message = silent.messages.pop()
    assert isinstance(message, RunBatch)
    silent.router.tell(message)
    house.runtime.run()
    answer(house, "known")
    silent.router.tell(silent.messages.pop())
    house.runtime.run()
    answer(house, "ended")
    house.exchange("a", "out").write()

    message.batch.settle_all("silent")

    expected = ["known", "ended", "MCPTimeoutError unknown", TIMEOUT, TIMEOUT, "UnknownServerError no"]
    assert ends(future) == expected
    assert not house.exchange("a", "unsent").write()
    silent.router.tell(silent.messages.pop())  # The router has woken up, and releases the last.
    house.runtime.run()
    assert not house.exchange("a", "never").write()
    assert ends(future) == expected


def test_an_outcome_says_what_it_is() -> None:
    metadata = CallMetadata(
        server="a", tool="t", request_id=1, attempts=1, queued_s=0.0, duration_s=0.0, protocol="2025-11-25"
    )
    result = ToolResult(raw={"content": [], "structuredContent": {"n": 1}}, metadata=metadata)

    good = CallOutcome(index=0, server="a", tool="t", result=result)
    bad = CallOutcome(index=0, server="a", tool="t", error=MCPTimeoutError("late", executed="unknown"))

    assert (good.success, good.data, good.executed, good.error) == (True, {"n": 1}, "yes", None)
    assert (bad.success, bad.data, bad.executed) == (False, None, "unknown")
