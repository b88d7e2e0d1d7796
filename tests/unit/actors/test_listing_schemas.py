"""What a tool's schemas say of its calls: headers to send along, and what its results must look like."""

from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import InvalidResultError, MCPToolError
from actors.transport import Request
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

URL = "http://127.0.0.1:9/mcp"
REGION = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
BAD = {"type": "object", "properties": {"region": {"type": "array", "x-mcp-header": "Region"}}}
COUNT = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
NOW_WITH_HEADERS = [{"name": "forecast", "inputSchema": REGION}, {"name": "order", "inputSchema": REGION}]
HEADERS_REFUSED = MCPToolError("headers do not match", executed="no", code=-32020)
WRONG: dict[str, Any] = {"content": [], "structuredContent": {"count": "three"}}


def listed(*tools: dict[str, Any], ttl_ms: int | None = None) -> dict[str, Any]:
    return {"tools": list(tools), **({} if ttl_ms is None else {"ttlMs": ttl_ms, "cacheScope": "private"})}


def server(*lists: dict[str, Any], era: str = "modern", **config: Any) -> World:
    """Return a server that answers its lists like this, the last one for ever."""
    config.setdefault("url", URL)
    world = World(connect=False, protocol=era, **config)
    discovered: Outcome = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
    world.wire.script("server/discover", *[discovered] * 3)
    world.wire.script("tools/list", *lists, *[lists[-1]] * 5)
    world.connect()
    return world


def call(world: World, tool: str, arguments: dict[str, Any]) -> tuple[Any, Request]:
    future = world.submit("tools/call", params={"name": tool, "arguments": arguments})
    world.runtime.run()
    message = world.exchange(tool).message
    assert isinstance(message, Request)
    return future, message


def lists(world: World) -> int:
    return world.wire.said.count("tools/list")


def test_arguments_that_the_schema_wants_mirrored_go_out_as_headers() -> None:
    world = server(listed({"name": "forecast", "inputSchema": REGION}))

    _, request = call(world, "forecast", {"region": "north"})

    assert request.headers == {"Mcp-Param-Region": "north"}


@pytest.mark.parametrize("how", [{"era": "legacy"}, {"url": None, "command": ("weather",)}])
def test_headers_are_for_modern_servers_over_http(how: dict[str, Any]) -> None:
    how = {key: value for key, value in how.items() if value is not None}
    if "command" in how:
        world = World(connect=False, protocol="modern", **how)
        world.wire.script("server/discover", {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
        world.wire.script("tools/list", listed({"name": "forecast", "inputSchema": BAD}))
        world.connect()
    else:
        world = server(listed({"name": "forecast", "inputSchema": BAD}), **how)

    _, request = call(world, "forecast", {"region": "north"})

    assert request.headers == {}


def test_a_tool_with_a_bad_header_costs_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    world = server(listed({"name": "broken", "inputSchema": BAD}, {"name": "forecast", "inputSchema": REGION}))

    assert list(world.status.catalogue.tools) == ["forecast"]
    assert "'broken' is left out" in caplog.text
    future = world.call_tool("broken")
    world.runtime.run()
    assert failure(future, MCPToolError).code == -32602


def test_a_call_refused_for_its_headers_goes_out_again_by_a_fresh_list() -> None:
    world = server(listed({"name": "forecast"}), listed({"name": "forecast", "inputSchema": REGION}))
    future, first = call(world, "forecast", {"region": "north"})
    assert first.headers == {}

    world.end("forecast", HEADERS_REFUSED)

    second = world.exchange("forecast").message
    assert isinstance(second, Request)
    assert second.headers == {"Mcp-Param-Region": "north"}
    world.end("forecast", {"content": []})
    assert future.result(0).metadata.attempts == 2


def test_two_calls_refused_for_their_headers_at_once_wait_for_one_list() -> None:
    world = server(listed({"name": "forecast"}, {"name": "order"}), listed(*NOW_WITH_HEADERS))
    futures = [call(world, tool, {"region": "north"})[0] for tool in ("forecast", "order")]
    refused = [world.exchange(tool) for tool in ("forecast", "order")]

    for exchange in refused:
        exchange.write()
        exchange.end(MCPToolError("headers do not match", executed="no", code=-32020))
    world.runtime.run()

    assert lists(world) == 2
    for tool, future in zip(("forecast", "order"), futures, strict=True):
        again = world.exchange(tool)
        assert isinstance(again.message, Request)
        assert again.message.headers == {"Mcp-Param-Region": "north"}
        world.end(tool, {"content": []})
        assert future.result(0).metadata.attempts == 2


def test_a_call_refused_for_its_headers_twice_ends() -> None:
    world = server(listed({"name": "forecast", "inputSchema": REGION}))
    future, _ = call(world, "forecast", {"region": "north"})

    world.end("forecast", HEADERS_REFUSED)
    world.end("forecast", MCPToolError("headers do not match", executed="no", code=-32020))

    assert failure(future, MCPToolError).executed == "no"


def test_a_call_refused_for_its_version_goes_out_once_more() -> None:
    world = server(listed({"name": "forecast"}))
    future, _ = call(world, "forecast", {})

    world.end("forecast", MCPToolError("?", executed="no", code=-32022, data={"supported": ["2026-07-28"]}))
    world.end("forecast", {"content": []})

    assert future.result(0).metadata.attempts == 2


def test_a_list_is_fetched_again_behind_a_call_when_its_time_is_over() -> None:
    world = server(listed({"name": "forecast"}, ttl_ms=5000))
    world.advance(4.9)
    call(world, "forecast", {})
    assert lists(world) == 1
    world.advance(0.2)
    assert lists(world) == 1  # Nobody polls.

    call(world, "forecast", {})
    call(world, "forecast", {})

    assert lists(world) == 2
    assert len([exchange for exchange in world.wire.exchanges if exchange.label == "forecast"]) == 3  # None waited.


@pytest.mark.parametrize("ttl_ms", [None, 0])
def test_a_list_without_a_time_is_not_fetched_again_by_itself(ttl_ms: int | None) -> None:
    world = server(listed({"name": "forecast"}, ttl_ms=ttl_ms))
    world.advance(3600.0)

    call(world, "forecast", {})

    assert lists(world) == 1


def counting(era: str = "legacy", **config: Any) -> World:
    return server(listed({"name": "count", "outputSchema": COUNT}), era=era, **config)


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_structured_content_that_breaks_the_tools_schema_is_an_error_of_a_call_that_ran(era: str) -> None:
    world = counting(era)
    future, _ = call(world, "count", {})

    world.end("count", WRONG)

    error = failure(future, InvalidResultError)
    assert (error.executed, error.result) == ("yes", WRONG)
    assert "$.count" in error.message
    assert world.status.breaker.failures == 0


@pytest.mark.parametrize(
    "result",
    [
        {"content": [], "structuredContent": {"count": 3}},
        {"content": [], "structuredContent": {"count": 3, "more": None}},
    ],
)
def test_structured_content_that_keeps_to_the_schema_is_the_result(result: dict[str, Any]) -> None:
    world = counting()
    future, _ = call(world, "count", {})

    world.end("count", result)

    assert future.result(0).raw == result


def test_a_tool_that_failed_need_not_keep_to_its_schema() -> None:
    world = counting()
    future, _ = call(world, "count", {})

    world.end("count", {"content": [{"type": "text", "text": "no"}], "isError": True})

    assert failure(future, MCPToolError).executed == "yes"


def test_a_result_without_the_structured_content_that_was_promised_is_an_error() -> None:
    world = counting()
    future, _ = call(world, "count", {})

    world.end("count", {"content": [{"type": "text", "text": "3"}]})

    assert "no structuredContent" in failure(future, InvalidResultError).message


def test_output_schema_ignore_takes_what_comes() -> None:
    world = counting(output_schema="ignore")
    future, _ = call(world, "count", {})

    world.end("count", WRONG)

    assert future.result(0).structured_content == {"count": "three"}


def test_a_new_list_brings_new_schemas() -> None:
    world = server(listed({"name": "count", "outputSchema": COUNT}), listed({"name": "count"}), era="legacy")
    first, _ = call(world, "count", {})
    world.end("count", WRONG)
    assert failure(first, InvalidResultError)
    world.wire.connections[-1].notify("notifications/tools/list_changed")
    world.runtime.run()
    world.advance(0.2)

    second, _ = call(world, "count", {})
    world.end("count", WRONG)

    assert second.result(0).structured_content == {"count": "three"}
