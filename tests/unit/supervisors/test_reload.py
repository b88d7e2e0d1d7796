"""A new configuration: only what it says differently is touched."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.breaker import State
from actors.errors import OutcomeUnknownError
from actors.messages import ForceBreaker
from tests.fixtures.house import House, error_of


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b")
    yield house
    house.end()


def reload(house: House, **sections: Any) -> list[str]:
    reply = house.engine.reload(house.config(**sections))
    house.runtime.run()
    return reply.result(timeout=0)


def test_the_same_configuration_touches_nothing(house: House) -> None:
    assert reload(house) == []
    assert [len(wire.connections) for wire in house.wires.values()] == [1, 1]


def test_a_new_server_is_added_and_connected(house: House) -> None:
    assert reload(house, c={}) == ["c"]

    assert house.status("c").ready
    assert len(house.wires["a"].connections) == 1


def test_a_server_that_is_gone_finishes_what_it_owes_and_is_forgotten(house: House) -> None:
    future, exchange = house.begin("a", "x")
    exchange.write()

    assert reload(house, a=None) == ["a"]
    assert error_of(_submitted(house, "a")).executed == "no"
    exchange.answer()
    house.pass_time(2)

    assert future.result(timeout=0) == {"echo": "x"}
    assert "a" not in house.board.statuses
    assert house.wires["a"].connections[0].ended == "closed"


def _submitted(house: House, name: str) -> Any:
    future = house.submit(name, "late")
    house.runtime.run()
    return future


def test_what_a_removed_server_owes_is_ended_after_a_while(house: House) -> None:
    future, exchange = house.begin("a", "x", timeout_s=1000)
    exchange.write()
    reload(house, a=None)

    house.pass_time(5)

    assert type(error_of(future)) is OutcomeUnknownError


def test_a_changed_server_is_started_anew_when_its_connection_is_gone_and_the_other_keeps_its_own(house: House) -> None:
    future, exchange = house.begin("a", "x")
    exchange.write()
    assert reload(house, a={"timeout_s": 7}) == ["a"]
    waiting = _submitted(house, "a")
    house.pass_time(1)
    assert len(house.wires["a"].connections) == 1
    assert not waiting.done()

    exchange.answer()
    house.pass_time(2)

    assert future.result(timeout=0) == {"echo": "x"}
    assert (house.status("a").generation, house.status("a").ready) == (1, True)
    assert house.exchange("a", "late").write()
    assert len(house.wires["b"].connections) == 1


def test_a_changed_server_that_was_disconnected_stays_so(house: House) -> None:
    house.reply(house.engine.disconnect, "a")

    reload(house, a={"timeout_s": 7})
    house.pass_time(2)

    assert house.status("a").state == "disconnected"


def test_a_server_can_be_disabled_and_enabled_again(house: House) -> None:
    assert reload(house, a={"enabled": False}) == ["a"]
    house.pass_time(1)
    assert (house.status("a").state, house.status("a").reason) == ("disabled", "enabled = false")
    assert error_of(_submitted(house, "a")).executed == "no"

    assert reload(house) == ["a"]
    house.pass_time(2)
    assert house.status("a").ready


def test_a_server_removed_and_added_again_waits_for_its_old_connection(house: House) -> None:
    house.wires["a"].releases = False
    reload(house, a=None)

    assert reload(house) == ["a"]
    house.pass_time(3)
    assert len(house.wires["a"].connections) == 1
    house.wires["a"].connections[0].release()
    house.pass_time(2)

    assert house.status("a").ready


def test_a_removed_server_that_does_not_go_is_left_behind_by_the_shutdown(house: House) -> None:
    house.wires["a"].releases = False
    reload(house, a=None)

    reply = house.engine.shut_down(finish_s=1.0, gone_s=1.0)
    house.pass_time(3)

    assert reply.result(timeout=0) == ["a"]


def test_the_breaker_of_a_server_outlives_a_change_of_its_section_but_not_another_server(house: House) -> None:
    force = ForceBreaker(state=State.OPEN, reason="maintenance", until=float("inf"))
    for name in ("a", "b"):
        house.server(name).tell(force)
    house.runtime.run()

    reload(house, a={"timeout_s": 7}, b={"command": ["another"]})

    assert house.status("a").breaker.forced == "maintenance"
    assert house.status("b").breaker.forced == ""


def test_a_parked_server_that_is_changed_is_started(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    house = House("a", max_restarts=1)
    house.crash("a")
    house.crash("a")
    assert house.status("a").state == "parked"

    reload(house, a={"timeout_s": 7})
    house.pass_time(1)

    assert house.status("a").ready
    house.end()


def test_the_end_also_ends_a_removed_server_that_waits_for_its_connection_to_go(house: House) -> None:
    house.wires["a"].releases = False
    reload(house, a=None)

    house.engine.end(0.0)
    house.runtime.run()

    assert house.runtime.actors == []
