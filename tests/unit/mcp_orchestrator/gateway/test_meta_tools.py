"""Three tools in place of a thousand: what they find, call and explain, and for whom."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from mcp_orchestrator.access.identity import Identity, identified
from mcp_orchestrator.gateway import Gateway
from mcp_orchestrator.gateway.meta_tools import NAMES
from mcp_orchestrator.gateway.search import Index, words
from tests.fixtures.asgi import META, Caller
from tests.fixtures.faces import Scripts, config
from tests.fixtures.gateways import LEGACY, given_up, held, params_of
from tests.fixtures.manual_time import on_a_loop


@asynccontextmanager
async def offering(
    mode: Literal["off", "beside", "instead"], scripts: Scripts | None = None, **servers: Any
) -> AsyncGenerator[tuple[Caller, Scripts]]:
    """Serve servers with the meta-tools so."""
    scripts = scripts or Scripts()
    settings = config(servers=servers or {"a": LEGACY}) | {"daemon": {"meta_tools": mode}}
    async with Gateway(settings, runtime=scripts.runtime, transport_factory=scripts) as gateway:
        yield Caller(gateway), scripts
    assert scripts.runtime.close(timeout_s=5.0) == []


async def called(caller: Caller, tool: str, /, **arguments: Any) -> Any:
    """Return the result of a tool."""
    return (await caller.modern("tools/call", {"name": tool, "arguments": arguments}).done()).result


async def found(caller: Caller, query: str, **more: Any) -> list[str]:
    """Return the names of the tools that are found."""
    return [
        tool["name"]
        for tool in (await called(caller, "search_tools", query=query, **more))["structuredContent"]["tools"]
    ]


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("off", ["a__get_queue", "a__add_nzb", "a__sonarr.queue", "a__status"]),
        ("instead", ["search_tools", "call_tool", "explain_server"]),
        (
            "beside",
            [
                "search_tools",
                "call_tool",
                "explain_server",
                "a__get_queue",
                "a__add_nzb",
                "a__sonarr.queue",
                "a__status",
            ],
        ),
    ],
)
@on_a_loop
async def test_they_are_listed_as_configured(mode: Literal["off", "beside", "instead"], names: list[str]) -> None:
    async with offering(mode) as (caller, _):
        assert [tool["name"] for tool in (await caller.modern("tools/list").done()).result["tools"]] == names


@on_a_loop
async def test_where_they_are_off_their_names_are_nobody_s() -> None:
    async with offering("off") as (caller, _):
        asked = await caller.modern("tools/call", {"name": "search_tools", "arguments": {"query": "x"}}).done()

        assert asked.error["message"] == "Unknown tool: search_tools"


@on_a_loop
async def test_a_tool_that_is_listed_no_more_can_still_be_called_by_its_name() -> None:
    async with offering("instead") as (caller, _):
        assert (await called(caller, "a__status"))["structuredContent"] == {"of": "status"}


@on_a_loop
async def test_search_finds_what_the_words_are_about_best_first() -> None:
    scripts = Scripts()
    tools: list[dict[str, Any]] = [
        {"name": "list", "description": "Show downloads that wait in the queue."},
        {"name": "pauseQueue", "description": "Hold.", "inputSchema": {"type": "object", "properties": {"s": {}}}},
        {"name": "forecast", "title": "Weather", "inputSchema": {"type": "object", "properties": {"cityName": {}}}},
    ]
    scripts.wire("a").script("tools/list", {"tools": tools})
    async with offering("beside", scripts) as (caller, _):
        assert await found(caller, "queue") == ["a__pauseQueue", "a__list"]
        assert await found(caller, "pause all queues") == ["a__pauseQueue", "a__list"]
        assert await found(caller, "city") == ["a__forecast"]
        assert await found(caller, "weath") == ["a__forecast"]
        assert await found(caller, "spaceship") == []
        assert await found(caller, "", limit=2) == ["a__list", "a__pauseQueue"]


@on_a_loop
async def test_search_gives_schemas_and_cuts_descriptions() -> None:
    scripts = Scripts()
    tool = {
        "name": "long",
        "description": "word " * 200,
        "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"},
    }
    scripts.wire("a").script("tools/list", {"tools": [tool]})
    async with offering("instead", scripts) as (caller, _):
        result = await called(caller, "search_tools", query="word")

        (entry,) = result["structuredContent"]["tools"]
        assert entry["inputSchema"] == {"type": "object"}
        assert "outputSchema" not in entry
        assert len(entry["description"]) <= 302
        assert entry["description"].endswith("word …")
        assert result["structuredContent"]["found"] == 1
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


@pytest.mark.parametrize("arguments", [{"query": 1}, {"query": "x", "limit": 0}, {"query": "x", "limit": True}])
@on_a_loop
async def test_a_search_that_is_not_in_order_says_so_to_the_model(arguments: dict[str, Any]) -> None:
    async with offering("instead") as (caller, _):
        result = await called(caller, "search_tools", **arguments)

        assert result["isError"] is True
        assert "must be" in result["content"][0]["text"]


@on_a_loop
async def test_call_tool_is_the_call_itself() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with offering("instead", scripts) as (caller, _):
        meta = {**META, "progressToken": "p", "traceparent": "00-1-1-01"}
        arguments = {"name": "a__status", "arguments": {"n": 1}}
        call = caller.modern("tools/call", {"name": "call_tool", "arguments": arguments, "_meta": meta})
        exchange = await held(scripts)
        assert params_of(exchange)["name"] == "status"
        assert params_of(exchange)["arguments"] == {"n": 1}
        token = params_of(exchange)["_meta"]["progressToken"]
        connection = scripts.wire("a").connections[-1]
        connection.notify("notifications/progress", {"progressToken": token, "progress": 1})

        (told,) = await call.told(1)
        exchange.end({"content": [], "structuredContent": {"is": "the tool's own"}})

        assert told["params"] == {"progressToken": "p", "progress": 1}
        assert (await call.done()).result["structuredContent"] == {"is": "the tool's own"}


@on_a_loop
async def test_who_gives_call_tool_up_gives_the_call_up() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with offering("instead", scripts) as (caller, _):
        call = caller.modern("tools/call", {"name": "call_tool", "arguments": {"name": "a__status"}})
        exchange = await held(scripts)

        await call.leave()

        await given_up(scripts)
        exchange.end({"content": []})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "a__statsu"}, "Similar: a__status"),
        ({"name": "zzz"}, "search_tools finds tools"),
        ({"name": "call_tool"}, "Unknown tool: call_tool"),
        ({"name": 3}, "name must be the name of a tool"),
        ({"name": "a__status", "arguments": [1]}, "arguments an object"),
    ],
)
@on_a_loop
async def test_what_call_tool_cannot_call_is_told_to_the_model(arguments: dict[str, Any], says: str) -> None:
    async with offering("instead") as (caller, _):
        result = await called(caller, "call_tool", **arguments)

        assert result["isError"] is True
        assert says in result["content"][0]["text"]


@on_a_loop
async def test_servers_are_explained_in_sentences() -> None:
    async with offering("instead", a=LEGACY, b={**LEGACY, "aliases": ["bee"]}) as (caller, _):
        both = (await called(caller, "explain_server"))["structuredContent"]["servers"]
        (one,) = (await called(caller, "explain_server", server="bee"))["structuredContent"]["servers"]
        unknown = await called(caller, "explain_server", server="c")

    assert [(each["server"], each["connected"], each["tools"]) for each in both] == [("a", True, 4), ("b", True, 4)]
    assert both[1]["sentences"] == one["sentences"][:1]
    assert "The circuit breaker is closed" in " ".join(one["sentences"])
    assert "There are: a, b" in unknown["content"][0]["text"]


@on_a_loop
async def test_a_caller_finds_and_learns_of_only_what_he_may_call() -> None:
    identity = Identity(name="t", scopes=frozenset({"call"}), tools=("a__get_*",))
    async with offering("instead", a=LEGACY, b=LEGACY) as (caller, _):
        app = caller.app

        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            await app(identified(scope, identity), receive, send)

        his = Caller(guarded)

        assert await found(his, "queue status") == ["a__get_queue"]
        assert "Similar" not in (await called(his, "call_tool", name="b__status"))["content"][0]["text"]
        assert (await called(his, "call_tool", name="a__status"))["isError"] is True
        servers = (await called(his, "explain_server"))["structuredContent"]["servers"]
        assert [each["server"] for each in servers] == ["a"]
        assert (await called(his, "explain_server", server="b"))["isError"] is True


@on_a_loop
async def test_a_server_s_tool_of_the_same_name_gets_another() -> None:
    scripts = Scripts()
    scripts.wire("a").script("tools/list", {"tools": [{"name": name} for name in sorted(NAMES)]})
    async with offering("beside", scripts, a={**LEGACY, "prefix": ""}) as (caller, _):
        names = [tool["name"] for tool in (await caller.modern("tools/list").done()).result["tools"]]

        assert names == [
            "search_tools",
            "call_tool",
            "explain_server",
            "a__call_tool",
            "a__explain_server",
            "a__search_tools",
        ]
        assert (await called(caller, "a__search_tools"))["structuredContent"] == {"of": "search_tools"}
        itself = await called(caller, "call_tool", name="call_tool", arguments={"name": "a__search_tools"})
        assert "Unknown tool: call_tool" in itself["content"][0]["text"]


def test_a_word_that_few_tools_have_counts_more_than_one_that_all_have() -> None:
    tools = [{"name": f"get_{thing}"} for thing in ("movie", "series", "artist")]

    assert Index(tools).search("get artist", range(3))[0] == 2


def test_words_that_say_nothing_find_nothing() -> None:
    tools = [
        {"name": "pause", "description": "Pause a download."},
        {"name": "show", "description": "State of a series."},
    ]

    assert Index(tools).search("the state of it", range(2)) == [1]


def test_words_are_compared_without_case_plural_and_joints() -> None:
    assert words("getQueue_items SERIES class") == ["get", "queue", "item", "serie", "class"]
