"""One for one: what becomes of a server whose actor crashed, hangs, or was away while nobody supervised."""

from collections.abc import Iterator

import pytest

from actors.call import CallFuture, ServerName
from actors.errors import OutcomeUnknownError, ServerUnavailableError
from actors.messages import ServerCrashed
from supervisors.messages import Drained
from tests.fixtures.house import House, error_of

A = ServerName("a")


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b", max_restarts=2, restart_window_s=60.0, parked_retry_s=100.0)
    yield house
    assert house.engine.leaks()["calls"] == 0
    house.end()


def generation(house: House, name: str = "a") -> int:
    return house.status(name).generation


def submitted(house: House, method: str) -> CallFuture:
    future = house.submit("a", method)
    house.runtime.run()
    return future


def park(house: House) -> None:
    for _ in range(3):
        house.crash("a")
    house.runtime.run()
    assert house.status("a").state == "parked"


def test_a_crash_is_paid_by_ticket_and_another_generation_takes_its_place(house: House) -> None:
    sent, exchange = house.begin("a", "x")
    exchange.write()
    unsent, _ = house.begin("a", "y")

    house.crash("a")

    assert type(error_of(sent)) is OutcomeUnknownError
    assert error_of(unsent).executed == "no"
    assert (generation(house), house.status("a").state) == (1, "reconnecting")
    assert house.unaccounted() == 0
    house.pass_time(0.5)
    assert house.status("a").ready
    assert [kind for kind in house.kinds("a") if kind in ("crashed", "connected")] == [
        "connected",
        "crashed",
        "connected",
    ]


def test_what_ails_one_server_concerns_no_other(house: House) -> None:
    future, exchange = house.begin("b", "x")

    house.crash("a")
    assert exchange.write()
    exchange.answer()
    house.runtime.run()

    assert future.result(timeout=0) == {"echo": "x"}
    assert generation(house, "b") == 0


def test_the_next_generation_waits_for_back_off_and_calls_wait_with_it(house: House) -> None:
    house.crash("a")
    future = house.submit("a", "x")

    house.pass_time(0.4)
    assert len(house.wires["a"].connections) == 1
    assert not future.done()
    house.pass_time(0.1)

    exchange = house.exchange("a", "x")
    exchange.write()
    exchange.answer()
    house.runtime.run()
    assert future.result(timeout=0) == {"echo": "x"}


def test_the_next_generation_waits_until_nothing_of_the_connection_before_is_left(house: House) -> None:
    house.wires["a"].releases = False
    house.crash("a")
    house.pass_time(10)
    assert len(house.wires["a"].connections) == 1
    assert house.engine.leaks()["connections"] == 1

    house.wires["a"].connections[0].release()
    house.runtime.run()

    assert len(house.wires["a"].connections) == 2
    assert house.status("a").ready
    assert house.engine.leaks()["connections"] == 0


def test_a_generation_that_crashes_while_held_keeps_no_later_one_waiting(house: House) -> None:
    house.wires["a"].releases = False
    house.crash("a")
    house.crash("a")

    house.wires["a"].connections[0].release()
    house.pass_time(1.5)

    assert (generation(house), house.status("a").ready) == (2, True)


def test_a_server_that_was_disconnected_stays_so_after_a_crash(house: House) -> None:
    assert house.reply(house.engine.disconnect, "a")

    house.crash("a")
    house.pass_time(5)

    assert house.status("a").state == "disconnected"
    assert len(house.wires["a"].connections) == 1


def test_more_crashes_than_allowed_park_the_server_with_the_reason(house: House) -> None:
    park(house)

    error = error_of(submitted(house, "x"))
    assert isinstance(error, ServerUnavailableError)
    assert error.state == "parked"
    assert error.reason.startswith("its actor ended too often; the last time it")
    assert "nonsense" in error.reason
    assert "parked" in house.kinds("a")
    assert house.unaccounted() == 0


def test_a_parked_server_is_tried_again_when_its_time_has_come(house: House) -> None:
    park(house)

    house.pass_time(99)
    assert house.status("a").state == "parked"
    house.pass_time(1.5)

    assert house.status("a").ready


def test_a_parked_server_is_tried_again_on_use_but_not_oftener_than_every_ten_seconds(house: House) -> None:
    park(house)
    submitted(house, "x")
    assert house.status("a").state == "parked"

    house.pass_time(10)
    submitted(house, "x")

    assert house.status("a").ready
    house.crash("a")
    assert house.status("a").state == "parked"


def test_to_connect_a_parked_server_starts_it_at_once(house: House) -> None:
    park(house)

    assert house.reply(house.engine.connect, "a")

    assert house.status("a").ready


def test_to_disconnect_or_to_check_a_parked_server_is_answered(house: House) -> None:
    park(house)

    assert house.reply(house.engine.check_health, "a") is False
    assert house.reply(house.engine.disconnect, "a") is False


def test_a_late_word_of_an_earlier_generation_changes_nothing(house: House) -> None:
    house.crash("a")
    house.board.supervisor.tell(ServerCrashed(server=A, generation=0, error="late", connection_left=False))
    house.board.supervisor.tell(Drained(server=A, generation=0))
    house.runtime.run()

    assert generation(house) == 1
    house.pass_time(0.5)
    assert house.status("a").ready


@pytest.mark.parametrize("name", ["nobody", "removed"])
def test_orders_for_servers_that_are_not_there_are_answered(house: House, name: str) -> None:
    assert house.reply(house.engine.connect, name) is False
    assert house.reply(house.engine.disconnect, name) is True
    assert house.reply(house.engine.check_health, name) is False
    house.submit(name, "x")
    house.runtime.run()
    assert house.board.supervisor.is_alive()


def test_restart_window_s_is_how_long_a_crash_is_held_against_a_server(house: House) -> None:
    for _ in range(4):
        house.crash("a")
        house.pass_time(31)  # Two within a minute: as many as are allowed.

    assert house.status("a").ready
    assert generation(house) == 4
