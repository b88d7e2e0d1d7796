"""A server that is replaced by one of the other era, and what is under way meanwhile."""

from typing import Any

import pytest

from actors.errors import MCPConnectionError, MCPToolError, OutcomeUnknownError, SessionLostError
from actors.inputs import InputHandlers
from actors.transport import Reply, Request
from tests.fixtures.calls import failure
from tests.fixtures.rounds import ACCEPTED, DISCOVERED, DONE, WHO, asks
from tests.fixtures.scripted import World

TOOLS: dict[str, dict[str, Any]] = {"order": {}, "forecast": {}}
MODERN_ONLY = MCPToolError("speaks 2026-07-28", executed="no", code=-32022, data={"supported": ["2026-07-28"]})
ASKED_OF_LEGACY: dict[str, Any] = {"resultType": "input_required", "requestState": "not meant so"}


def over_http(*discoveries: Any, **config: Any) -> World:
    """Return a server behind a URL, connected, whose connections last until the test releases them."""
    inputs = InputHandlers(on_elicitation=lambda _: ACCEPTED)
    world = World(url="http://127.0.0.1:9/mcp", protocol="auto", connect=False, tools=TOOLS, inputs=inputs, **config)
    world.wire.releases = False
    world.wire.script("server/discover", *discoveries)
    assert world.connect().result(0)
    return world


def refusal(status: int = 400) -> MCPConnectionError:
    error = MCPConnectionError(f"HTTP {status}")
    error.status = status
    return error


def lose(world: World, tool: str = "forecast") -> None:
    """Let a call find out that the server is another one by now."""
    world.begin_tool(tool)
    world.end(tool, SessionLostError("HTTP 404") if world.status.era == "legacy" else refusal())
    world.advance(1.0)


def test_questions_of_a_server_that_is_gone_are_asked_and_its_successor_gets_the_call_as_it_was() -> None:
    world = over_http(DISCOVERED, refusal(), refusal())
    future, asking = world.begin_tool("order")
    asking.write()
    lose(world)
    assert (world.status.era, world.status.connection) == ("legacy", 2)

    asking.end(asks(who=WHO))
    world.runtime.run()

    assert not future.done()
    again = world.exchange("order").message
    assert isinstance(again, Request)
    assert again.params == {"name": "order", "arguments": {}}
    world.end("order", DONE)
    assert future.result(0).raw == DONE


def test_a_legacy_result_that_comes_after_a_modern_server_has_taken_over_is_a_result() -> None:
    refuses = MCPToolError("no such method", executed="no", code=-32601)
    world = over_http(refuses, DISCOVERED)
    future, slow = world.begin_tool("order")
    slow.write()
    world.wire.script("initialize", MODERN_ONLY)
    lose(world)
    assert (world.status.era, world.status.connection) == ("modern", 2)

    slow.end(ASKED_OF_LEGACY)
    world.runtime.run()

    assert future.result(0).raw == ASKED_OF_LEGACY


def test_a_legacy_server_that_asks_before_it_has_shaken_hands_is_answered_though_the_last_one_was_modern() -> None:
    world = over_http(DISCOVERED, refusal(), refusal(), refusal())
    world.wire.script("initialize", None)
    lose(world)

    world.wire.connections[-1].notify("ping", request_id=7)
    world.runtime.run()

    assert Reply(id=7, result={}) in world.wire.sent


def test_a_list_that_wants_input_is_no_list_and_calls_go_on_without() -> None:
    world = World(protocol="modern", connect=False, tools=TOOLS)
    world.wire.script("server/discover", DISCOVERED)
    listed = world.wire.usual_answer("tools/list")
    assert isinstance(listed, dict)
    world.wire.script("tools/list", *[{**listed, "resultType": "input_required"}] * 3)

    world.connect()
    future = world.call_tool("order")
    world.runtime.run()

    assert not world.status.fresh
    world.end("order", DONE)
    assert future.result(0).raw == DONE


def test_a_discovery_of_an_unknown_type_is_none() -> None:
    world = World(protocol="auto", connect=False)
    world.wire.script("server/discover", {**DISCOVERED, "resultType": "input_required"})

    world.connect()

    assert world.status.era == "legacy"


def test_a_ping_answered_by_a_result_of_an_unknown_type_is_no_proof_of_another_era() -> None:
    world = over_http(DISCOVERED, *[{**DISCOVERED, "resultType": "strange"}] * 2)
    world.begin_tool("order")

    world.end("order", refusal())
    world.runtime.run()

    assert world.wire.said.count("server/discover") == 3
    assert (world.status.era, world.status.connection) == ("modern", 1)


def test_a_modern_server_that_refuses_the_version_and_lists_legacy_ones_is_found_out_by_a_call() -> None:
    legacy_only = MCPToolError("no", executed="no", code=-32022, data={"supported": ["2025-11-25"]})
    legacy_only.status = 400
    world = over_http(DISCOVERED, legacy_only, legacy_only)
    future, _ = world.begin_tool("order")

    world.end("order", legacy_only)
    world.advance(1.0)

    assert failure(future, MCPToolError).executed == "no"
    assert (world.status.era, world.status.state) == ("legacy", "ready")


def wants_envelope(code: int, status: int | None = 400) -> MCPToolError:
    """Return what a modern server says to a request of the legacy era."""
    error = MCPToolError("no envelope", executed="no", code=code)
    error.status = status
    return error


@pytest.mark.parametrize("code", [-32602, -32020, -32022])
def test_a_legacy_server_replaced_by_a_modern_one_is_found_out_by_a_call_that_it_refuses(code: int) -> None:
    world = over_http(wants_envelope(-32601, 200), DISCOVERED)
    assert world.status.era == "legacy"
    world.wire.script("ping", wants_envelope(code))
    world.wire.script("initialize", MODERN_ONLY)
    future, _ = world.begin_tool("order")

    world.end("order", wants_envelope(code))
    world.advance(1.0)

    assert (world.status.era, world.status.state, world.status.connection) == ("modern", "ready", 2)
    if future.done():
        assert failure(future, MCPToolError).executed == "no"
    else:  # Refused for its headers: out again.
        world.end("order", DONE)
        assert future.result(0).raw == DONE


def test_bad_params_that_come_as_an_answer_make_nobody_doubt_a_legacy_server() -> None:
    world = over_http(wants_envelope(-32601, 200))
    world.begin_tool("order")

    world.end("order", wants_envelope(-32602, 200))

    assert "ping" not in world.wire.said


@pytest.mark.parametrize("status", [None, 200])
@pytest.mark.parametrize(("code", "data"), [(-32020, None), (-32022, {"supported": ["2026-07-28"]})])
def test_what_a_legacy_server_means_by_codes_of_the_modern_era_nobody_knows(
    code: int, data: Any, status: int | None
) -> None:
    world = World(tools=TOOLS)
    future, _ = world.begin_tool("order")
    error = MCPToolError("disk full", executed="no", code=code, data=data)
    error.status = status

    world.end("order", error)

    assert failure(future, MCPToolError).executed == "unknown"
    assert world.wire.executed == ["order"]


def test_an_unknown_outcome_of_the_connection_before_is_told_as_it_is() -> None:
    world = over_http(DISCOVERED, refusal(), refusal())
    future, slow = world.begin_tool("order")
    slow.write()
    lose(world)

    slow.end(OutcomeUnknownError("reset by peer"))
    world.runtime.run()

    assert failure(future, OutcomeUnknownError).executed == "unknown"
