"""A token with a list of tools, at the gateway: what is not on it is neither seen nor called, by whatever name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.asgi import Caller
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, offering, serving
from tests.fixtures.guarding import Keys, audited
from tests.fixtures.manual_time import on_a_loop
from tests.fixtures.scripted_wire import ScriptedWire

SERVERS: dict[str, Any] = {
    "a": {**LEGACY, "aliases": ["alias"], "prefix": "short", "tools": {"get_queue": {"aliases": ["queue"]}}},
    "b": LEGACY,
}


class Holder(Caller):
    """A caller who sends his token with everything."""

    authorization = ""

    def http(self, method: str, body: object = None, path: str = "/mcp", **headers: str) -> Any:
        return super().http(method, body, path, **{"authorization": self.authorization, **headers})


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@asynccontextmanager
async def guarded(keys: Keys, *tools: str, scripts: Scripts | None = None) -> AsyncGenerator[Holder]:
    """Serve two servers with prompts and resources, and yield a caller whose token is good for `tools`."""
    scripts = scripts or Scripts()
    for name in ("a", "b"):
        offering(scripts, name, prompts={}, resources={"subscribe": True}, completions={})
        scripts.wire(name).script("prompts/list", {"prompts": [{"name": "hello"}, {"name": "bye"}]})
        scripts.wire(name).script("resources/list", {"resources": [{"uri": f"{name}://x", "name": name}]})
        scripts.wire(name).script(
            "resources/templates/list", {"resourceTemplates": [{"uriTemplate": f"{name}://{{i}}"}]}
        )
        scripts.wire(name).script("prompts/get", {"messages": []})
        scripts.wire(name).script("resources/read", {"contents": []})
    async with serving(SERVERS, scripts) as (_, _, gateway):
        holder = Holder(keys.guard(gateway))
        holder.authorization = keys.make("agent", tools=tools)
        yield holder


@on_a_loop
async def test_it_lists_what_it_may_call_in_both_eras(keys: Keys) -> None:
    async with guarded(keys, "a__get_*", "b__status") as caller:
        modern = (await caller.modern("tools/list").done()).result["tools"]
        await caller.initialize()
        legacy = (await caller.legacy("tools/list").done()).result["tools"]

    assert [tool["name"] for tool in modern] == ["short__get_queue", "b__status"]
    assert [tool["name"] for tool in legacy] == ["short__get_queue", "b__status"]


@pytest.mark.parametrize("name", ["short__get_queue", "a__get_queue", "alias__get_queue", "short__queue"])
@on_a_loop
async def test_by_whatever_name_it_calls_what_it_may(keys: Keys, name: str) -> None:
    async with guarded(keys, "a__get_*") as caller:
        assert (await caller.modern("tools/call", {"name": name}).done()).result["structuredContent"]


@pytest.mark.parametrize("name", ["short__add_nzb", "a__add_nzb", "alias__add_nzb", "b__get_queue"])
@on_a_loop
async def test_by_no_name_it_calls_what_it_may_not(keys: Keys, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with audited(caplog) as records:
        async with guarded(keys, "a__get_*", "short__add_nzb", "alias__*") as caller:
            error = (await caller.modern("tools/call", {"name": name}).done()).error

    assert error == {"code": -32602, "message": f"Unknown tool: {name}"}
    server, tool = ("b" if name[0] == "b" else "a"), name.partition("__")[2]
    assert f"agent calls {server}__{tool}: denied" in [record.getMessage() for record in records]


@on_a_loop
async def test_it_calls_no_tool_of_a_server_that_has_listed_nothing_yet(keys: Keys) -> None:
    scripts = Scripts()
    scripts.wires["b"] = ScriptedWire({})
    async with serving({"a": LEGACY, "b": LEGACY}, scripts) as (_, _, gateway):
        caller = Holder(keys.guard(gateway))
        caller.authorization = keys.make("agent", tools=("a__*",))

        error = (await caller.modern("tools/call", {"name": "b__x"}).done()).error

    assert error["message"] == "Unknown tool: b__x"
    assert "x" not in [exchange.label for exchange in scripts.wire("b").exchanges]


@on_a_loop
async def test_prompts_are_as_tools(keys: Keys) -> None:
    async with guarded(keys, "a__hello") as caller:
        listed = (await caller.modern("prompts/list").done()).result["prompts"]
        got = await caller.modern("prompts/get", {"name": "a__hello"}).done()
        refused = [
            (await caller.modern("prompts/get", {"name": name}).done()).error["message"]
            for name in ("a__bye", "alias__bye", "b__hello")
        ]
        params = {"ref": {"type": "ref/prompt", "name": "a__bye"}, "argument": {"name": "x", "value": ""}}
        completed = (await caller.modern("completion/complete", params).done()).error

    assert [prompt["name"] for prompt in listed] == ["short__hello"]
    assert got.result["messages"] == []
    assert refused == ["Unknown prompt: a__bye", "Unknown prompt: alias__bye", "Unknown prompt: b__hello"]
    assert completed["message"] == "Unknown prompt: a__bye"


@on_a_loop
async def test_resources_are_those_of_the_servers_that_its_list_names(keys: Keys) -> None:
    async with guarded(keys, "a__nothing") as caller:
        listed = (await caller.modern("resources/list").done()).result["resources"]
        templates = (await caller.modern("resources/templates/list").done()).result["resourceTemplates"]
        read = await caller.modern("resources/read", {"uri": "a://x"}).done()
        refused = (await caller.modern("resources/read", {"uri": "b://x"}).done()).error
        await caller.initialize()
        subscribed = (await caller.legacy("resources/subscribe", {"uri": "b://x"}).done()).error

    assert [resource["name"] for resource in listed] == ["a"]
    assert [template["uriTemplate"] for template in templates] == ["a://{i}"]
    assert read.result["contents"] == []
    assert refused["message"] == "Resource not found: b://x"
    assert subscribed["message"] == "Resource not found: b://x"


@on_a_loop
async def test_it_reads_the_instructions_of_no_server_that_its_list_does_not_name(keys: Keys) -> None:
    scripts = Scripts()
    for name in ("a", "b"):
        hello: dict[str, Any] = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "instructions": f"of {name}",
        }
        scripts.wire(name).script("initialize", *[hello] * 3)
    async with serving({"a": LEGACY, "b": LEGACY}, scripts) as (_, _, gateway):
        caller = Holder(keys.guard(gateway))
        caller.authorization = keys.make("agent", tools=("a__*",))

        told = (await caller.initialize()).result["instructions"]
        discovered = (await caller.modern("server/discover").done()).result["instructions"]

    assert told == discovered == "# a\nof a"


@on_a_loop
async def test_it_hears_the_log_of_no_server_that_its_list_does_not_name(keys: Keys) -> None:
    scripts = Scripts()
    async with guarded(keys, "a__*", scripts=scripts) as caller:
        await caller.initialize()
        await caller.legacy("logging/setLevel", {"level": "info"}).done()
        stream = caller.http("GET", mcp_session_id=caller.session)
        await caller.legacy("ping").done()  # It is open by now.

        for name in ("b", "a"):
            scripts.wire(name).connections[-1].notify("notifications/message", {"level": "error", "data": name})

        assert [message["params"]["data"] for message in await stream.told(1)] == ["a"]
        await stream.leave()


@on_a_loop
async def test_a_session_is_of_the_token_that_opened_it(keys: Keys) -> None:
    async with guarded(keys) as caller:
        await caller.initialize()
        assert (await caller.legacy("tools/list").done()).status == 200
        mine, caller.authorization = caller.authorization, keys.make("other")

        assert (await caller.legacy("tools/list").done()).status == 404
        assert (await caller.http("GET", mcp_session_id=caller.session).done()).status == 404
        assert (await caller.http("DELETE", mcp_session_id=caller.session).done()).status == 404
        caller.authorization = mine
        assert (await caller.legacy("tools/list").done()).status == 200


@on_a_loop
async def test_a_session_that_was_opened_without_a_token_is_nobodys_once_there_is_one(keys: Keys) -> None:
    async with serving({"a": LEGACY}) as (_, _, gateway):
        caller = Holder(keys.guard(gateway))
        await caller.initialize()
        assert (await caller.legacy("tools/list").done()).status == 200

        caller.authorization = keys.make("agent")

        assert (await caller.legacy("tools/list").done()).status == 404


@on_a_loop
async def test_the_audit_log_says_who_called_what_and_how_it_ended_and_not_with_which_arguments(
    keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    with audited(caplog) as records:
        async with guarded(keys) as caller:
            await caller.modern("tools/call", {"name": "short__add_nzb", "arguments": {"key": "secret-1"}}).done()
            await caller.modern("resources/read", {"uri": "a://secret-2"}).done()
            await caller.modern("prompts/get", {"name": "a__hello", "arguments": {"x": "secret-3"}}).done()
            await caller.modern("tools/list").done()

    assert [record.getMessage() for record in records if record.name.endswith("audit")] == [
        "agent calls a__add_nzb: ok",
        "agent calls a resources/read: ok",
        "agent calls a__hello: ok",
    ]
    assert "secret" not in caplog.text
    fields = vars(records[0])
    assert (fields["who"], fields["what"], fields["outcome"]) == ("agent", "a__add_nzb", "ok")
    assert fields["duration_ms"] >= 0
