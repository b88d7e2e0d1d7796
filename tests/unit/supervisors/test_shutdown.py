"""The end of all: in order, within its time, truthful about what is left behind."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from actors.call import ServerName
from actors.errors import OutcomeUnknownError, ServerUnavailableError
from tests.fixtures.house import House, error_of, item

A = ServerName("a")


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b", health_check_interval_s=10.0)
    yield house
    house.end()


def shut_down(house: House, *, finish_s: float = 5.0, gone_s: float = 5.0) -> "Future[list[str]]":
    reply = house.engine.shut_down(finish_s=finish_s, gone_s=gone_s)
    house.runtime.run()
    return reply


def states(house: House) -> list[str]:
    return [status.state for status in house.board.statuses.values()]


def test_with_nothing_to_do_it_is_over_at_once_and_leaves_nothing(house: House) -> None:
    assert shut_down(house).result(timeout=0) == []

    assert states(house) == ["stopped", "stopped"]
    assert [wire.connections[0].ended for wire in house.wires.values()] == ["closed", "closed"]
    assert not house.board.supervisor.is_alive()
    assert house.engine.end(0.0) == ["store"]  # Nobody has run it, on this runtime.
    house.runtime.run()
    assert house.engine.leaks() == {"connections": 0, "threads": 1, "children": 0, "calls": 0}


def test_calls_under_way_may_finish_and_new_ones_are_refused(house: House) -> None:
    future, exchange = house.begin("a", "x")
    exchange.write()
    reply = shut_down(house)

    late = error_of(house.submit("a", "y"))
    assert isinstance(late, ServerUnavailableError)
    assert late.state == "draining"
    assert not reply.done()
    exchange.answer()
    house.runtime.run()

    assert future.result(timeout=0) == {"echo": "x"}
    assert reply.result(timeout=0) == []


def test_the_rest_of_a_batch_is_refused(house: House) -> None:
    future = house.batch([item("a", "x"), item("a", "y")], max_parallel=1)
    house.runtime.run()
    shut_down(house)
    house.exchange("a", "x").write()
    house.exchange("a", "x").answer()
    house.runtime.run()

    first, second = future.result(timeout=0)
    assert first.success
    assert isinstance(second.error, ServerUnavailableError)
    assert second.executed == "no"


def test_calls_that_do_not_finish_in_time_end_by_ticket(house: House) -> None:
    sent, exchange = house.begin("a", "x")
    exchange.write()
    unsent, _ = house.begin("a", "y")
    reply = shut_down(house, finish_s=3.0)

    house.pass_time(3)

    assert type(error_of(sent)) is OutcomeUnknownError
    assert error_of(unsent).executed == "no"
    assert reply.result(timeout=0) == []
    assert house.wires["a"].connections[0].ended == "aborted"


def test_a_connection_that_does_not_go_is_broken_off_and_named(house: House) -> None:
    house.wires["a"].releases = False
    reply = shut_down(house, finish_s=1.0, gone_s=2.0)
    house.pass_time(2.5)
    assert not reply.done()

    house.pass_time(0.5)

    assert reply.result(timeout=0) == ["a"]
    assert house.engine.end(0.0)[0] == "a"
    assert house.engine.leaks()["connections"] == 1
    house.wires["a"].connections[0].release()
    assert house.engine.leaks()["connections"] == 0


def test_a_second_shutdown_hurries_the_first(house: House) -> None:
    future, exchange = house.begin("a", "x")
    exchange.write()
    first = shut_down(house, finish_s=100.0)

    second = shut_down(house, finish_s=0.0)

    assert first.done()
    assert second.result(timeout=0) == []
    assert type(error_of(future)) is OutcomeUnknownError


def test_a_hung_actor_holds_nothing_up_and_its_calls_are_paid(house: House) -> None:
    sent, exchange = house.begin("a", "x")
    exchange.write()
    house.hang("a")
    unread = house.submit("a", "y")
    house.runtime.run()
    reply = shut_down(house, finish_s=1.0, gone_s=2.0)

    house.pass_time(3)

    assert reply.result(timeout=0) == []
    assert type(error_of(sent)) is OutcomeUnknownError
    assert error_of(unread).executed == "no"
    assert states(house) == ["stopped", "stopped"]
    assert house.engine.leaks()["threads"] == 1


def test_an_actor_that_crashes_meanwhile_is_not_started_again(house: House) -> None:
    _, exchange = house.begin("b", "x")
    exchange.write()
    _, other = house.begin("a", "y")
    other.write()
    reply = shut_down(house)

    house.crash("a")
    assert not reply.done()
    exchange.answer()
    house.runtime.run()

    assert reply.result(timeout=0) == []
    assert states(house) == ["stopped", "stopped"]


def test_an_actor_that_hangs_meanwhile_is_not_replaced(house: House) -> None:
    house.hang("a")
    house.submit("a", "x")
    shut_down(house, finish_s=100.0)

    house.pass_time(20)

    assert house.status("a").generation == 0
    shut_down(house, finish_s=0.0, gone_s=0.0)


def test_nobody_is_pinged_connected_or_started_any_more(house: House) -> None:
    _, exchange = house.begin("a", "x")
    exchange.write()
    house.wires["a"].said.clear()
    shut_down(house, finish_s=100.0)

    house.pass_time(50)

    assert house.wires["a"].said == ["notifications/cancelled"]
    assert house.reply(house.engine.connect, "b") is False
    shut_down(house, finish_s=0.0)


def test_a_parked_and_a_disabled_server_hold_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    house = House("a", servers={"off": {"enabled": False}}, max_restarts=1)
    house.crash("a")
    house.crash("a")
    assert house.status("a").state == "parked"

    assert shut_down(house).result(timeout=0) == []
    house.end()


def test_a_dead_actor_that_nobody_has_found_yet_holds_nothing_up(house: House) -> None:
    house.server("a").stop(block=False)
    house.runtime.run()

    assert shut_down(house).result(timeout=0) == []


def test_a_supervisor_that_dies_meanwhile_says_who_is_left(house: House) -> None:
    _, exchange = house.begin("a", "x")
    exchange.write()
    reply = shut_down(house)
    house.crash_supervisor()

    assert reply.result(timeout=0) == ["a"]
    assert not house.board.supervisor.is_alive()
    assert house.reply(house.engine.connect, "a") is False


def test_a_shutdown_that_a_dying_supervisor_has_not_read_is_answered(house: House) -> None:
    house.board.supervisor.tell("nonsense")

    assert shut_down(house).result(timeout=0) == ["supervisor"]


@pytest.mark.parametrize("deaths", [1, 3])
def test_servers_that_no_supervisor_saw_end_are_not_left_behind(house: House, deaths: int) -> None:
    for _ in range(deaths - 1):
        house.crash_supervisor()
    house.board.supervisor.tell("nonsense")
    shut_down(house)

    house.engine.end(0.0)
    house.runtime.run()

    assert states(house) == ["stopped", "stopped"]
    assert house.engine.leaks()["connections"] == 0
