"""What `[orchestrator]` says of health checks and restarts: a reload puts it in force."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.call import ServerName
from actors.errors import MCPTimeoutError
from tests.fixtures.house import House

A = ServerName("a")


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a")
    yield house
    house.end()


def reload(house: House, **settings: Any) -> None:
    house.settings = settings
    reply = house.engine.reload(house.config())
    house.runtime.run()
    assert reply.result(timeout=0) == []


def pings(house: House) -> int:
    return house.wires["a"].said.count("ping")


def test_servers_are_pinged_as_often_as_the_new_configuration_says(house: House) -> None:
    reload(house, health_check_interval_s=4.0)
    house.pass_time(10)

    assert pings(house) == 2


def test_an_interval_that_was_set_by_hand_holds_until_the_configuration_has_another(house: House) -> None:
    house.engine.set_health_interval(5.0)

    reload(house)
    house.pass_time(11)
    assert pings(house) == 2
    reload(house, health_check_interval_s=1000.0)
    house.pass_time(11)

    assert pings(house) == 2


def test_a_server_is_down_after_as_many_misses_as_the_new_configuration_says(house: House) -> None:
    house.wires["a"].script("ping", MCPTimeoutError("no answer", executed="unknown"))

    reload(house, health_check_misses=1)
    house.pass_time(31)

    assert "down" in house.kinds("a")


def test_a_crash_parks_a_server_by_the_new_number(house: House) -> None:
    house.crash("a")

    reload(house, max_restarts=1)
    house.crash("a")

    assert house.status("a").state == "parked"


def test_crashes_are_counted_in_the_new_window(house: House) -> None:
    house.crash("a")
    house.pass_time(20)

    reload(house, max_restarts=1, restart_window_s=10.0)
    house.crash("a")

    assert house.status("a").state != "parked"


def test_a_parked_server_is_tried_again_at_the_new_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    house = House("a", max_restarts=1)
    house.crash("a")
    house.crash("a")
    assert house.status("a").state == "parked"

    reload(house, max_restarts=1, parked_retry_s=10.0)
    house.pass_time(12)

    assert house.status("a").ready
    house.end()


def test_a_silent_actor_is_replaced_after_the_new_time(house: House) -> None:
    house.hang("a")
    house.submit("a", "x")

    reload(house, hung_after_s=20.0)
    house.pass_time(20)
    assert house.status("a").generation == 0
    house.pass_time(3)

    assert house.status("a").generation == 1
