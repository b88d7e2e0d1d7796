"""An actor that takes no turn: who notices, who pays, and what becomes of it when it wakes up."""

from collections.abc import Iterator

import pytest

from actors.call import ServerName
from actors.errors import OutcomeUnknownError
from tests.fixtures.house import House, error_of

A = ServerName("a")


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b")
    yield house
    house.end()


def generation(house: House) -> int:
    return house.status("a").generation


def test_a_hung_actor_is_replaced_and_its_calls_and_unread_calls_are_paid(house: House) -> None:
    sent, exchange = house.begin("a", "x")
    exchange.write()
    unsent, paused = house.begin("a", "y")
    house.hang("a")
    unread = house.submit("a", "z")
    ping = house.engine.check_health(A)

    house.pass_time(8)

    assert type(error_of(sent)) is OutcomeUnknownError
    assert [error_of(future).executed for future in (unsent, unread)] == ["no", "no"]
    assert ping.result(timeout=0) is False
    assert not paused.write()
    assert (generation(house), house.status("a").ready) == (1, True)
    assert "hung" in house.kinds("a")
    assert house.unaccounted() == 0
    assert house.engine.leaks()["threads"] == 1


def test_a_zombie_that_wakes_up_sends_nothing_says_nothing_and_ends(house: House) -> None:
    wake = house.hang("a")
    house.submit("a", "x")
    house.pass_time(8)
    sent = len(house.wires["a"].sent)

    wake()

    assert len(house.wires["a"].sent) == sent
    assert (generation(house), house.status("a").ready) == (1, True)
    assert house.engine.leaks()["threads"] == 0
    assert house.unaccounted() == 0


def test_the_successor_of_a_hung_actor_waits_until_its_connection_is_gone(house: House) -> None:
    house.wires["a"].releases = False
    house.hang("a")
    house.submit("a", "x")
    house.pass_time(20)
    assert len(house.wires["a"].connections) == 1

    house.wires["a"].connections[0].release()
    house.pass_time(1)

    assert house.status("a").ready


def test_an_idle_actor_that_just_got_a_message_does_not_hang(house: House) -> None:
    house.pass_time(20)
    wake = house.hang("a")
    house.submit("a", "x")  # It has not come round to it: that is no news of the twenty seconds before.

    house.pass_time(4)
    assert generation(house) == 0
    wake()

    assert house.exchange("a", "x")


def test_an_actor_that_hangs_while_nobody_waits_hangs_unnoticed(house: House) -> None:
    house.hang("a")
    house.pass_time(20)

    assert generation(house) == 0


def test_a_process_that_was_stopped_condemns_nobody(house: House) -> None:
    wake = house.hang("a")
    house.submit("a", "x", timeout_s=1000)
    house.pass_time(2)

    house.jump(600)  # SIGSTOP, or a lid that was closed: nobody had a turn.
    house.pass_time(4)
    assert generation(house) == 0
    wake()

    assert generation(house) == 0


def test_hung_after_s_is_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    house = House("a", hung_after_s=20.0)
    house.hang("a")
    house.submit("a", "x")

    house.pass_time(20)
    assert generation(house) == 0
    house.pass_time(3)
    assert generation(house) == 1

    house.end()
