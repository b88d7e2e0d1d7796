"""Servers enabled and disabled by hand; and several who ask for another configuration at once."""

from collections.abc import Iterator

import pytest

from actors.call import ServerName
from actors.errors import MCPConnectionError
from tests.fixtures.house import House, error_of

A, B = ServerName("a"), ServerName("b")


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a", "b", servers={"off": {"enabled": False}})
    yield house
    house.end()


def switch(house: House, name: str, *, on: bool) -> list[str]:
    reply = house.engine.switch(ServerName(name), on=on)
    house.runtime.run()
    return reply.result(timeout=0)


def reload(house: House, **sections: dict[str, object] | None) -> list[str]:
    reply = house.engine.reload(house.config(**sections))
    house.runtime.run()
    return reply.result(timeout=0)


def test_a_server_switched_off_is_left_and_its_calls_are_refused(house: House) -> None:
    assert switch(house, "a", on=False) == ["a"]
    house.pass_time(1)

    future = house.submit("a", "x")
    house.runtime.run()
    error = error_of(future)
    assert isinstance(error, MCPConnectionError)
    assert (error.message, error.executed) == ("not connected: disabled", "no")
    assert (house.status("a").state, house.status("a").reason) == ("disabled", "switched off by hand")
    assert house.wires["a"].connections[0].ended == "closed"
    assert house.status("b").generation == 0


def test_what_is_under_way_with_it_may_finish(house: House) -> None:
    future, exchange = house.begin("a", "x")
    exchange.write()

    switch(house, "a", on=False)
    exchange.answer()
    house.pass_time(1)

    assert future.result(timeout=0) == {"echo": "x"}


def test_a_server_switched_on_is_connected_without_being_asked(house: House) -> None:
    switch(house, "a", on=False)

    assert switch(house, "a", on=True) == ["a"]
    house.pass_time(2)

    assert house.status("a").ready
    assert switch(house, "off", on=True) == ["off"]
    house.pass_time(1)
    assert house.status("off").ready


def test_a_switch_holds_over_a_reload_and_is_forgotten_with_its_server(house: House) -> None:
    switch(house, "a", on=False)

    assert reload(house) == []
    assert reload(house, a={"timeout_s": 7}) == ["a"]
    house.pass_time(2)
    assert house.status("a").state == "disabled"

    reload(house, a=None)
    house.pass_time(2)
    assert reload(house) == ["a"]
    house.pass_time(2)
    assert house.status("a").ready


def test_a_switch_is_forgotten_once_the_configuration_says_the_same(house: House) -> None:
    switch(house, "a", on=False)

    assert reload(house, a={"enabled": False}) == []
    assert reload(house) == ["a"]
    house.pass_time(2)

    assert house.status("a").ready


def test_incidents_tell_who_did_what(house: House) -> None:
    switch(house, "a", on=False)
    switch(house, "a", on=True)
    reload(house, b={"enabled": False})
    reload(house)
    reload(house, b={"timeout_s": 7})
    reload(house, c={})
    house.pass_time(2)
    reload(house)

    told = {"disabled", "enabled", "reconfigured", "added", "removed"}
    assert [(one.server, one.kind, one.text) for one in house.board.incidents if one.kind in told] == [
        ("a", "disabled", "switched off by hand"),
        ("a", "enabled", "by hand"),
        ("b", "disabled", "enabled = false"),
        ("b", "enabled", "by the configuration"),
        ("b", "reconfigured", "its section has changed"),
        ("b", "reconfigured", "its section has changed"),
        ("c", "added", "by the configuration"),
        ("c", "removed", "by the configuration"),
    ]


def test_who_asks_before_another_is_heard_undoes_nothing(house: House) -> None:
    replies = [
        house.engine.reload(house.config(c={})),
        house.engine.switch(A, on=False),
        house.engine.switch(B, on=False),
    ]
    house.runtime.run()

    assert all(reply.done() for reply in replies)
    assert [name for name, server in house.engine.config.servers.items() if server.enabled] == ["c"]
    assert list(house.board.directory.servers) == ["c"]


def test_of_two_reloads_the_later_one_is_in_force_everywhere(house: House) -> None:
    replies = [house.engine.reload(house.config(c={})), house.engine.reload(house.config(d={}))]
    house.runtime.run()

    assert [reply.result(timeout=0) for reply in replies] == [["d"], []]
    assert list(house.engine.config.servers) == list(house.engine.given.servers) == ["a", "b", "off", "d"]
    assert list(house.board.directory.servers) == ["a", "b", "d"]


def test_what_a_dying_supervisor_has_not_read_the_next_one_does_and_all_are_answered(house: House) -> None:
    house.board.supervisor.tell("nonsense")
    replies = [house.engine.reload(house.config(c={})), house.engine.switch(A, on=False)]
    house.runtime.run()

    assert [reply.result(timeout=0) for reply in replies] == [["a", "c"], ["a", "c"]]
    assert list(house.board.directory.servers) == ["b", "c"]


def test_a_reload_that_meets_a_shutdown_starts_nothing_and_is_the_next_ones(house: House) -> None:
    house.engine.shut_down(finish_s=1.0, gone_s=1.0)

    reply = house.engine.reload(house.config(c={}))

    assert reply.result(timeout=0) == []
    assert ServerName("c") in house.engine.config.servers
    house.runtime.run()
    assert "c" not in house.wires
