"""Pings: when they are sent, when they are not, and what their answers do."""

from collections.abc import Iterator

import pytest

from actors.call import ServerName
from actors.errors import MCPTimeoutError, MCPToolError, ServerUnavailableError
from tests.fixtures.house import House

A = ServerName("a")


@pytest.fixture
def house() -> Iterator[House]:
    house = House("a", health_check_interval_s=30.0, health_check_misses=2)
    yield house
    house.end()


def pings(house: House) -> int:
    return house.wires["a"].said.count("ping")


def miss(house: House, times: int) -> None:
    house.wires["a"].script("ping", *[MCPTimeoutError("no answer", executed="unknown")] * times)


def test_a_server_is_pinged_every_interval(house: House) -> None:
    house.pass_time(29)
    assert pings(house) == 0
    house.pass_time(62)

    assert pings(house) == 3
    assert house.board.health[A].state == "up"
    assert house.board.health[A].response_time_s is not None


def test_a_call_answered_since_the_last_round_saves_the_ping(house: House) -> None:
    house.pass_time(29)
    _, exchange = house.begin("a", "x")
    exchange.write()
    exchange.answer()
    house.pass_time(2)

    assert pings(house) == 0
    assert house.board.health[A].state == "up"


def test_misses_in_a_row_are_down_and_the_connection_is_replaced(house: House) -> None:
    miss(house, 2)
    house.pass_time(31)
    assert house.board.health[A].misses == 1
    assert len(house.wires["a"].connections) == 1

    house.pass_time(31)

    assert house.board.health[A].state == "down"
    assert [incident.kind for incident in house.board.incidents].count("down") == 1
    assert len(house.wires["a"].connections) == 2
    house.pass_time(31)
    assert house.board.health[A].state == "up"


@pytest.mark.parametrize(
    "refusal",
    [
        MCPToolError("method not found", executed="no", code=-32601),
        ServerUnavailableError("too many requests", state="throttled", retry_after_s=40.0),
    ],
)
def test_a_refused_ping_is_no_miss(house: House, refusal: MCPToolError | ServerUnavailableError) -> None:
    house.wires["a"].script("ping", refusal)
    house.pass_time(31)

    assert (house.board.health[A].state, house.board.health[A].misses) == ("up", 0)
    house.pass_time(31)
    assert house.board.health[A].misses == 0


def test_a_ping_that_went_down_with_its_actor_is_not_the_last_one(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    house.wires["a"].script("ping", None)
    house.pass_time(30)
    assert pings(house) == 1
    house.crash("a")

    house.pass_time(32)

    assert pings(house) == 2
    assert house.board.health[A].state == "up"


def test_a_disconnected_server_is_not_pinged(house: House) -> None:
    house.reply(house.engine.disconnect, "a")

    house.pass_time(100)

    assert pings(house) == 0
    assert house.board.health[A].checks == 0


def test_a_server_that_is_away_misses(house: House) -> None:
    house.wires["a"].script("initialize", *[None] * 9)
    house.wires["a"].connections[0].die()
    house.runtime.run()

    house.pass_time(62)

    assert house.board.health[A].state == "down"


def test_the_interval_can_be_changed_and_the_rounds_stopped(house: House) -> None:
    house.engine.set_health_interval(5.0)
    house.pass_time(12)
    assert pings(house) == 2

    house.engine.set_health_interval(None)
    house.pass_time(100)
    assert pings(house) == 2


def test_servers_that_come_later_are_pinged_as_often(house: House) -> None:
    house.engine.set_health_interval(5.0)
    house.engine.reload(house.config(c={}))
    house.runtime.run()
    house.pass_time(6)

    assert house.wires["c"].said.count("ping") == 1


def test_a_check_that_was_asked_for_counts_like_any_other(house: House) -> None:
    assert house.reply(house.engine.check_health, "a") is True
    assert house.board.health[A].checks == 1

    miss(house, 1)
    assert house.reply(house.engine.check_health, "a") is False
    assert house.board.health[A].misses == 1
