"""Prompts, resources and completion of several servers, as one list of each."""

import asyncio
from typing import Any

import pytest

from actors.call import ServerName
from actors.catalogue import Catalogue
from actors.config import ServerConfig
from actors.errors import MCPToolError
from actors.mcp.paging import Entry, ListMethod
from actors.status import ServerStatus
from actors.transport import Request
from mcp_orchestrator.gateway.catalogue import OneCatalogue
from mcp_orchestrator.gateway.shelves import Shelves
from tests.fixtures.faces import Scripts, config
from tests.fixtures.gateways import LEGACY, held, offering, params_of, serving
from tests.fixtures.manual_time import eventually, on_a_loop

DONE: dict[str, Any] = {"completion": {"values": ["Oslo"]}}


def two_libraries() -> Scripts:
    """Return two servers with prompts, resources and templates; `b` has the lower priority."""
    scripts = Scripts()
    for name in ("a", "b"):
        offering(scripts, name, prompts={"listChanged": True}, resources={"listChanged": True}, completions={})
        own = {"uri": f"x://{name}", "name": name}
        resources = {"resources": [{"uri": "x://both", "name": name}, own]}
        templates = {"resourceTemplates": [{"uriTemplate": "x://{any}/page"}, {"uriTemplate": f"{name}://{{any}}"}]}
        scripts.wire(name).script("prompts/list", {"prompts": [{"name": "hello", "title": name}]})
        scripts.wire(name).script("resources/list", resources)
        scripts.wire(name).script("resources/templates/list", templates)
        scripts.wire(name).script("prompts/get", {"messages": [{"of": name}]})
        scripts.wire(name).script("resources/read", {"contents": [{"of": name}]})
        scripts.wire(name).script("completion/complete", DONE)
    return scripts


SERVERS = {"a": LEGACY, "b": {**LEGACY, "priority": 1}}


@on_a_loop
async def test_prompts_of_one_name_are_two() -> None:
    async with serving(SERVERS, two_libraries()) as (caller, _, _gateway):
        listed = (await caller.modern("prompts/list").done()).result["prompts"]

        assert listed == [{"name": "a__hello", "title": "a"}, {"name": "b__hello", "title": "b"}]
        got = await caller.modern("prompts/get", {"name": "b__hello"}).done()
        assert got.result["messages"] == [{"of": "b"}]


@on_a_loop
async def test_of_two_resources_with_one_uri_the_one_of_the_lower_priority_is_there() -> None:
    async with serving(SERVERS, two_libraries()) as (caller, _, _gateway):
        listed = (await caller.modern("resources/list").done()).result["resources"]

        assert [resource["name"] for resource in listed] == ["a", "b", "b"]
        read = await caller.modern("resources/read", {"uri": "x://both"}).done()
        assert read.result["contents"] == [{"of": "b"}]
        assert read.result["cacheScope"] == "private"


@pytest.mark.parametrize(("uri", "owner"), [("x://a", "a"), ("x://7/page", "b"), ("a://7", "a")])
@on_a_loop
async def test_a_resource_is_read_where_it_is(uri: str, owner: str) -> None:
    async with serving(SERVERS, two_libraries()) as (caller, _, _gateway):
        read = await caller.modern("resources/read", {"uri": uri}).done()

        assert read.result["contents"] == [{"of": owner}]


@on_a_loop
async def test_templates_are_one_list() -> None:
    async with serving(SERVERS, two_libraries()) as (caller, _, _gateway):
        listed = (await caller.modern("resources/templates/list").done()).result["resourceTemplates"]

        assert [template["uriTemplate"] for template in listed] == ["a://{any}", "x://{any}/page", "b://{any}"]


@pytest.mark.parametrize(
    ("ref", "owner", "theirs"),
    [
        ({"type": "ref/prompt", "name": "a__hello"}, "a", {"type": "ref/prompt", "name": "hello"}),
        ({"type": "ref/resource", "uri": "b://{any}"}, "b", {"type": "ref/resource", "uri": "b://{any}"}),
    ],
)
@on_a_loop
async def test_completion_is_asked_of_the_server_concerned(ref: Any, owner: str, theirs: Any) -> None:
    scripts = two_libraries()
    async with serving(SERVERS, scripts) as (caller, _, _gateway):
        params = {"ref": ref, "argument": {"name": "town", "value": "O"}}

        asked = await caller.modern("completion/complete", params).done()

        assert asked.result["completion"] == DONE["completion"]
        sent = [message.params for message in scripts.wire(owner).sent if isinstance(message, Request)]
        assert sent[-1] is not None
        assert sent[-1]["ref"] == theirs


@pytest.mark.parametrize("ref", [{"type": "ref/prompt", "name": "x"}, {"type": "ref/resource", "uri": "y://"}])
@on_a_loop
async def test_nothing_completes_what_nobody_offers(ref: Any) -> None:
    async with serving(SERVERS, two_libraries()) as (caller, _, _gateway):
        asked = await caller.modern("completion/complete", {"ref": ref}).done()

        assert asked.error["code"] == -32602


@on_a_loop
async def test_a_list_that_cannot_be_fetched_costs_itself_only() -> None:
    scripts = Scripts()
    for name in ("a", "b"):
        offering(scripts, name, prompts={})
    scripts.wire("a").script("prompts/list", MCPToolError("broken", executed="yes", code=-32603))
    scripts.wire("b").script("prompts/list", {"prompts": [{"name": "x"}]})
    async with serving({"a": LEGACY, "b": LEGACY}, scripts) as (caller, _, _gateway):
        listed = (await caller.modern("prompts/list").done()).result["prompts"]

        assert listed == [{"name": "b__x"}]


@on_a_loop
async def test_a_hidden_prompt_is_not_there() -> None:
    scripts = two_libraries()
    async with serving({**SERVERS, "a": {**LEGACY, "hide": ["hello"]}}, scripts) as (caller, _, _gateway):
        assert (await caller.modern("prompts/get", {"name": "a__hello"}).done()).error["code"] == -32602
        assert len((await caller.modern("prompts/list").done()).result["prompts"]) == 1


@on_a_loop
async def test_a_tool_of_a_server_that_was_never_connected_says_so_to_the_model() -> None:
    scripts = Scripts()
    scripts.wire("a").script("initialize", *[MCPToolError("no", executed="no", code=-32603)] * 9)
    settings = {**LEGACY, "max_retries": 0}
    async with serving({"a": settings}, scripts, start_timeout_s=0.01) as (caller, _, gateway):
        await gateway.orchestrator.disconnect("a")

        called = (await caller.modern("tools/call", {"name": "a__anything"}).done()).result

        assert called["isError"] is True
        assert called["content"][0]["text"].startswith("a: not connected: ")
        assert called["content"][0]["text"].endswith("Nothing was executed.")


@on_a_loop
async def test_what_a_caller_says_of_tasks_goes_no_further() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        asked = caller.legacy("tools/call", {"name": "a__status", "task": {"ttl": 1}, "_meta": {"traceparent": "t"}})
        exchange = await held(scripts)

        assert params_of(exchange) == {"name": "status", "arguments": {}, "_meta": {"traceparent": "t"}}
        exchange.end({"content": []})
        assert (await asked.done()).result == {"content": []}


@pytest.mark.parametrize(
    ("method", "params"), [("resources/read", {"uri": "x://both"}), ("prompts/get", {"name": "a__hello"})]
)
@on_a_loop
async def test_what_a_server_was_asked_for_as_it_was_taken_away_is_not_there(
    method: str, params: dict[str, Any]
) -> None:
    scripts = Scripts()
    offering(scripts, "a", prompts={}, resources={})
    async with serving({"a": LEGACY, "c": LEGACY}, scripts) as (caller, _, gateway):
        await caller.initialize()
        scripts.hold = True
        asked = caller.legacy(method, params)
        await held(scripts)
        reloading = asyncio.ensure_future(gateway.orchestrator.reload(config(servers={"c": LEGACY})))
        await eventually(lambda: "a" not in gateway.orchestrator.config.servers)
        for exchange in scripts.wire("a").exchanges:
            exchange.lose()
        await reloading

        assert (await asked.done()).error["code"] in {-32602, -32002}


@on_a_loop
async def test_tools_of_a_server_that_was_taken_away_are_not_offered() -> None:
    async with serving({"a": LEGACY, "c": LEGACY}) as (caller, _, gateway):
        await caller.initialize()
        before = (await caller.legacy("tools/list").done()).result["tools"]
        await gateway.orchestrator.reload(config(servers={"c": LEGACY}))

        after = (await caller.legacy("tools/list", request_id=8).done()).result["tools"]

    assert {tool["name"].partition("__")[0] for tool in before} == {"a", "c"}
    assert {tool["name"].partition("__")[0] for tool in after} == {"c"}


def test_a_changed_configuration_holds_before_any_server_has_said_something() -> None:
    status = ServerStatus(server=ServerName("a"), catalogue=Catalogue.of([{"name": "open"}, {"name": "secret"}]))
    servers = {ServerName("a"): ServerConfig(name=ServerName("a"), command=("a",))}
    catalogue = OneCatalogue(lambda: servers, lambda _: status, lambda: 1, Shelves(no_lists, lambda: 0.0))
    assert [tool["name"] for tool in catalogue.tools().modern] == ["a__open", "a__secret"]

    servers = {ServerName("a"): ServerConfig(name=ServerName("a"), command=("a",), hide=("secret",))}

    assert [tool["name"] for tool in catalogue.tools().modern] == ["a__open"]


async def no_lists(_server: ServerName, _kind: ListMethod, _timeout_s: float) -> list[Entry]:
    return []
