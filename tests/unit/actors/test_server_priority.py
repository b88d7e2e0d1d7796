"""A call that names no server goes to the one of the lowest priority that is up, and comes back to it in time."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.breaker import State
from actors.call import CallFuture, Outcome, ServerName
from actors.errors import CircuitBreakerOpenError, MCPConnectionError, ServerUnavailableError
from mcp_orchestrator import CallOutcome
from tests.fixtures.faces import blocking
from tests.fixtures.house import House, error_of
from tests.fixtures.manual_time import until
from tests.fixtures.scripted_wire import ScriptedWire

FIRST, SECOND = "first", "second"
TOOL = "get_queue"
BREAKER = {"failure_threshold": 1, "success_threshold": 2, "open_s": 5.0}
SERVERS: dict[str, dict[str, Any]] = {  # The order of the configuration is not that of their priority.
    SECOND: {"priority": 20, "max_retries": 0, "tools": {TOOL: {"aliases": ["queue"]}}},
    FIRST: {"priority": 10, "max_retries": 0, "tools": {TOOL: {"aliases": ["queue"]}}, "breaker": BREAKER},
}


def house_of(servers: dict[str, dict[str, Any]], **settings: Any) -> House:
    house = House(servers=servers, connect=False, **settings)
    for name in servers:
        house.wires[name] = ScriptedWire({TOOL: {}, "get_status": {}})
        house.engine.connect(ServerName(name))
    house.runtime.run()
    return house


@pytest.fixture
def house() -> Iterator[House]:
    house = house_of(SERVERS, max_restarts=1, parked_retry_s=60)
    yield house
    house.end()


def chosen(house: House, tool: str = TOOL) -> str:
    return house.engine.asking.plan(None, tool, None, None).server


def call(house: House, tool: str = TOOL, timeout_s: float = 30.0) -> tuple[str, CallFuture]:
    """Make a call that names no server; return who got it."""
    plan = house.engine.asking.plan(None, tool, None, timeout_s)
    future = house.engine.submit(plan).future
    house.runtime.run()
    return plan.server, future


def end(house: House, name: str, outcome: Outcome | None) -> None:
    """Let the last exchange with a server be answered, or with None lost."""
    exchange = house.exchange(name, TOOL)
    assert exchange.write()
    if outcome is None:
        exchange.lose()
    else:
        exchange.end(outcome)
    house.runtime.run()


def open_breaker(house: House) -> None:
    """Let a call to the first be lost: that is enough."""
    assert call(house)[0] == FIRST
    end(house, FIRST, None)
    assert house.status(FIRST).ready
    assert house.status(FIRST).breaker.state is State.OPEN


def test_the_first_that_is_up_gets_every_call_whatever_the_order_of_the_configuration(house: House) -> None:
    assert [chosen(house), chosen(house, "queue"), chosen(house, "get_status")] == [FIRST] * 3


def test_between_equals_the_order_of_the_configuration_decides() -> None:
    house = house_of({"b": {}, "a": {}})

    assert chosen(house) == "b"
    house.end()


def test_one_that_is_not_connected_is_passed_over_until_it_is(house: House) -> None:
    house.engine.disconnect(ServerName(FIRST))
    house.runtime.run()
    assert chosen(house) == SECOND

    house.engine.connect(ServerName(FIRST))
    house.runtime.run()

    assert chosen(house) == FIRST


def test_one_that_is_lost_is_passed_over_while_it_reconnects(house: House) -> None:
    house.wires[FIRST].script("initialize", None)
    house.wires[FIRST].connections[-1].die()
    house.pass_time(2)
    assert chosen(house) == SECOND

    house.exchange(FIRST, "initialize").end(house.wires[FIRST].usual_answer("initialize") or {})
    house.runtime.run()

    assert chosen(house) == FIRST


def test_one_that_is_throttled_is_passed_over_until_its_time_has_come(house: House) -> None:
    call(house)
    end(house, FIRST, ServerUnavailableError("slow down", state="throttled", retry_after_s=40))
    assert house.status(FIRST).state == "throttled"
    assert chosen(house) == SECOND

    house.pass_time(41)

    assert chosen(house) == FIRST


def test_one_that_is_parked_is_passed_over_until_it_is_tried_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    while house.status(FIRST).state != "parked":
        house.crash(FIRST)
        assert chosen(house) == SECOND
        house.pass_time(2)

    house.pass_time(60)

    assert chosen(house) == FIRST


def test_one_whose_breaker_is_open_is_passed_over(house: House) -> None:
    open_breaker(house)

    assert [chosen(house), chosen(house, "queue"), chosen(house, "get_status")] == [SECOND] * 3


def test_one_that_is_half_open_gets_one_call_at_a_time_and_the_other_all_besides(house: House) -> None:
    open_breaker(house)
    house.pass_time(10)
    assert house.status(FIRST).breaker.state is State.HALF_OPEN

    (trial, _), (beside, _), (also_beside, _) = (call(house) for _ in range(3))
    assert (trial, beside, also_beside) == (FIRST, SECOND, SECOND)
    end(house, FIRST, {"content": []})
    assert call(house)[0] == FIRST
    end(house, FIRST, {"content": []})

    assert house.status(FIRST).breaker.state is State.CLOSED
    assert [call(house)[0] for _ in range(3)] == [FIRST] * 3


def test_one_that_a_call_by_name_tries_already_is_passed_over(house: House) -> None:
    open_breaker(house)
    house.pass_time(10)

    house.begin(FIRST, "prompts/list")

    assert chosen(house) == SECOND


def test_one_that_fails_on_trial_is_passed_over_again(house: House) -> None:
    open_breaker(house)
    house.pass_time(10)
    call(house)
    end(house, FIRST, None)

    assert chosen(house) == SECOND


def test_one_whose_tool_has_an_open_breaker_is_passed_over_for_this_tool_only(house: House) -> None:
    _, future = call(house, timeout_s=1.0)
    assert house.exchange(FIRST, TOOL).write()
    house.pass_time(1.5)
    assert error_of(future).executed == "unknown"
    assert house.status(FIRST).tools_open == (TOOL,)
    assert [chosen(house), chosen(house, "queue"), chosen(house, "get_status")] == [SECOND, SECOND, FIRST]

    house.pass_time(10)
    tried = [call(house)[0] for _ in range(3)]
    assert tried == [FIRST, SECOND, SECOND]
    for _ in range(2):
        end(house, FIRST, {"content": []})
        assert call(house)[0] == FIRST

    assert house.status(FIRST).tools_open == ()


def test_where_none_is_up_the_refusal_of_the_first_says_when_to_come_back(house: House) -> None:
    house.engine.disconnect(ServerName(SECOND))
    house.runtime.run()
    open_breaker(house)

    _, future = call(house)
    error = error_of(future)
    assert isinstance(error, CircuitBreakerOpenError)
    assert (error.server, error.executed) == (FIRST, "no")
    assert error.retry_after_s is not None

    house.engine.disconnect(ServerName(FIRST))
    house.runtime.run()
    with pytest.raises(MCPConnectionError, match="no server that offers 'queue' is ready: first, second"):
        chosen(house, "queue")


def test_a_batch_is_shared_out_in_the_same_way(house: House) -> None:
    open_breaker(house)
    calls = [{"tool": tool} for tool in (TOOL, "queue", "get_status", TOOL)]
    assert [item.server for item in house.engine.asking.items(calls)] == [SECOND] * 4

    house.pass_time(10)

    assert [item.server for item in house.engine.asking.items(calls)] == [FIRST, SECOND, SECOND, SECOND]


def test_the_result_says_who_gave_it_also_in_batches() -> None:
    with blocking(servers=SERVERS) as (face, _):
        face.force_circuit_breaker(FIRST, "open", "maintenance")
        until(lambda: face.get_circuit_breaker_state(FIRST)["state"] == "open")

        def in_a_batch() -> list[CallOutcome]:
            return face.call_tools_parallel([{"server": None, "tool": "queue"}, {"tool": "status"}])

        assert face.call_tool(None, "queue").metadata.server == SECOND
        assert [outcome.server for outcome in in_a_batch() if outcome.success] == [SECOND] * 2

        face.reset_circuit_breaker(FIRST)
        until(lambda: face.get_circuit_breaker_state(FIRST)["state"] == "closed")

        assert face.call_tool(None, "queue").metadata.server == FIRST
        assert [outcome.server for outcome in in_a_batch() if outcome.success] == [FIRST] * 2
