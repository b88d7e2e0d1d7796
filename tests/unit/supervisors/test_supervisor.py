"""One for one: what becomes of a server whose actor crashed, hangs, or was away while nobody supervised."""

from collections.abc import Iterator

import pytest

from actors.call import CallFuture, ServerName
from actors.errors import OutcomeUnknownError, ServerUnavailableError
from actors.messages import ServerCrashed
from supervisors.messages import Drained
from tests.fixtures.house import House, error_of, plan

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


def kinds(house: House, name: str = "a") -> list[str]:
    return [incident.kind for incident in house.board.incidents if incident.server == name]


def submitted(house: House, method: str) -> CallFuture:
    future = house.submit("a", method)
    house.runtime.run()
    return future


def park(house: House) -> None:
    for _ in range(3):
        house.crash("a")
    house.runtime.run()
    assert house.status("a").state == "parked"


def accounts(house: House) -> int:
    """Return how many calls the numbers have lost: neither ended nor owed."""
    lost = 0
    for status in house.board.statuses.values():
        numbers = status.statistics
        lost += numbers.calls - numbers.succeeded - numbers.failed - numbers.settled_elsewhere - status.owed
    return lost


def test_a_crash_is_paid_by_ticket_and_another_generation_takes_its_place(house: House) -> None:
    sent, exchange = house.begin("a", "x")
    exchange.write()
    unsent, _ = house.begin("a", "y")

    house.crash("a")

    assert type(error_of(sent)) is OutcomeUnknownError
    assert error_of(unsent).executed == "no"
    assert (generation(house), house.status("a").state) == (1, "reconnecting")
    assert accounts(house) == 0
    house.pass_time(0.5)
    assert house.status("a").ready
    assert [kind for kind in kinds(house) if kind in ("crashed", "connected")] == ["connected", "crashed", "connected"]


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
    assert "parked" in kinds(house)
    assert accounts(house) == 0


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


# -- hung actors ------------------------------------------------------------------------------------------------------


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
    assert "hung" in kinds(house)
    assert accounts(house) == 0
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
    assert accounts(house) == 0


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


# -- supervisor and router die ----------------------------------------------------------------------------------------


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


def test_restart_window_s_is_how_long_a_crash_is_held_against_a_server(house: House) -> None:
    for _ in range(4):
        house.crash("a")
        house.pass_time(31)  # Two within a minute: as many as are allowed.

    assert house.status("a").ready
    assert generation(house) == 4
