"""The supervisor and the router die like anybody else: the next one goes on, until that happens too often."""

from collections.abc import Iterator

import pytest

from actors.call import ServerName
from actors.errors import ServerUnavailableError
from tests.fixtures.house import House, error_of, plan

A = ServerName("a")


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b")
    yield house
    house.end()


def generation(house: House, name: str = "a") -> int:
    return house.status(name).generation


def test_the_next_supervisor_adopts_all_and_finds_who_died_meanwhile(house: House) -> None:
    future, exchange = house.begin("b", "x")
    house.board.supervisor.tell("nonsense")
    house.server("a").stop(block=False)  # Its end is told to nobody.
    house.runtime.run()

    assert exchange.write()
    exchange.answer()
    house.pass_time(1)

    assert future.result(timeout=0) == {"echo": "x"}
    assert (generation(house), house.status("a").ready) == (1, True)
    assert generation(house, "b") == 0


def test_a_dying_supervisor_answers_who_asked_it(house: House) -> None:
    house.board.supervisor.tell("nonsense")
    replies = [house.engine.connect(A), house.engine.disconnect(A), house.engine.check_health(A)]
    house.runtime.run()

    assert [reply.result(timeout=0) for reply in replies] == [False] * 3


def test_a_supervisor_that_dies_between_look_and_put_answers_too(house: House) -> None:
    house.runtime.before_put = house.crash_supervisor

    assert house.engine.connect(A).result(timeout=0) is False


def test_a_reload_that_a_dying_supervisor_has_not_read_is_the_next_ones(house: House) -> None:
    house.board.supervisor.tell("nonsense")
    reply = house.engine.reload(house.config(a={"timeout_s": 7}))
    house.runtime.run()

    assert reply.result(timeout=0) == ["a"]
    assert generation(house) == 1


@pytest.mark.parametrize("whose", ["supervisor", "router", "both"])
def test_three_deaths_in_a_minute_break_it_and_every_call_is_told_so(house: House, whose: str) -> None:
    crash = {"supervisor": [house.crash_supervisor] * 3, "router": [house.crash_router] * 3}
    for die in crash.get(whose, [house.crash_router, house.crash_supervisor, house.crash_router]):
        assert house.board.broken == ""
        die()

    error = error_of(house.submit("a", "x"))
    assert isinstance(error, ServerUnavailableError)
    assert error.state == "broken"
    assert "ended too often" in error.reason
    assert house.engine.reload(house.config()).result(timeout=0) == []


def test_deaths_that_are_further_apart_break_nothing(house: House) -> None:
    for _ in range(5):
        house.crash_router()
        house.pass_time(61)

    assert house.board.broken == ""
    assert not house.engine.submit(plan("a", "x")).future.done()
    house.runtime.run()
