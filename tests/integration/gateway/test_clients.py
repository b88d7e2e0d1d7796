"""Clients of the official SDK before the gateway, in both eras, before servers of both."""

import asyncio

import pytest
from mcp import Client, MCPError
from mcp_types import PromptReference, TextContent

from tests.fixtures.manual_time import on_a_loop

pytestmark = pytest.mark.parametrize("mode", ["auto", "legacy"])
SERVERS = ["old", "new"]


@on_a_loop
async def test_the_tools_of_all_servers_are_one_list(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]

    assert names[0].startswith("sab__")
    assert {"sab__get_queue", "old__add", "new__add"} <= set(names)
    assert not [name for name in names if name.startswith("sab__delete")]


@on_a_loop
async def test_a_media_server_answers(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        result = await client.call_tool("sab__get_status", {})

    assert not result.is_error
    assert result.structured_content["state"] == "downloading"


@pytest.mark.parametrize("server", SERVERS)
@on_a_loop
async def test_a_result_comes_whole(url: str, mode: str, server: str) -> None:
    async with Client(url, mode=mode) as client:
        total = await client.call_tool(f"{server}__add", {"a": 2, "b": 3})
        large = await client.call_tool(f"{server}__big", {"size": 3_000_000})

    assert total.structured_content == {"result": 5}
    assert isinstance(large.content[0], TextContent)
    assert len(large.content[0].text) == 3_000_000


@pytest.mark.parametrize("server", SERVERS)
@on_a_loop
async def test_a_failure_of_a_tool_is_its_own(url: str, mode: str, server: str) -> None:
    async with Client(url, mode=mode) as client:
        failed = await client.call_tool(f"{server}__fail", {"reason": "x"})
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool(f"{server}__nope", {})

    assert failed.is_error


@pytest.mark.parametrize("server", SERVERS)
@on_a_loop
async def test_progress_is_complete_and_in_order(url: str, mode: str, server: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with Client(url, mode=mode) as client:
        await client.call_tool(f"{server}__count", {"to": 5}, progress_callback=tell)

    assert told == [(step, 5, f"step {step}") for step in range(1, 6)]


@pytest.mark.parametrize("server", SERVERS)
@on_a_loop
async def test_prompts_and_completion_are_passed_through(url: str, mode: str, server: str) -> None:
    async with Client(url, mode=mode) as client:
        names = [prompt.name for prompt in (await client.list_prompts()).prompts]
        prompt = await client.get_prompt(f"{server}__greeting", {"name": "Ann"})
        reference = PromptReference(type="ref/prompt", name=f"{server}__greeting")
        towns = await client.complete(reference, {"name": "name", "value": "Tr"})

    assert f"{server}__greeting" in names
    assert isinstance(prompt.messages[0].content, TextContent)
    assert prompt.messages[0].content.text == "Say hello to Ann."
    assert towns.completion.values == ["Tromsø", "Trondheim"]


@on_a_loop
async def test_resources_are_found_by_uri_and_by_template(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        resources = [resource.uri for resource in (await client.list_resources()).resources]
        templates = (await client.list_resource_templates()).resource_templates
        first = await client.read_resource("memo://first")
        memo = await client.read_resource("memo://by/Oslo")
        with pytest.raises(MCPError, match="not found"):
            await client.read_resource("memo://nowhere")

    assert resources == ["memo://first"]
    assert [template.uri_template for template in templates] == ["memo://by/{town}"]
    assert first.contents[0].text == "the first memo"  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
    assert memo.contents[0].text == "a memo from Oslo"  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("server", SERVERS)
@on_a_loop
async def test_a_call_that_is_given_up_is_given_up_at_its_server(url: str, mode: str, server: str) -> None:
    mark = f"{mode}-{server}"
    async with Client(url, mode=mode) as client, asyncio.timeout(20):
        holding = asyncio.ensure_future(client.call_tool(f"{server}__hold", {"mark": mark}))
        await _knows(client, server, "begun", mark)

        holding.cancel()

        await _knows(client, server, "given_up", mark)


async def _knows(client: Client, server: str, of: str, mark: str) -> None:
    """Wait until a server says this of a call."""
    while True:
        if mark in (await client.call_tool(f"{server}__held", {})).structured_content[of]:
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("server", SERVERS)
@on_a_loop
async def test_a_hundred_calls_at_once_get_each_its_own_answer(url: str, mode: str, server: str) -> None:
    async with Client(url, mode=mode) as client:
        results = await asyncio.gather(
            *(client.call_tool(f"{server}__add", {"a": number, "b": 1}) for number in range(100))
        )

    assert [result.structured_content["result"] for result in results] == list(range(1, 101))
