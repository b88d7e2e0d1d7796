"""Connections of a session's own through `serve`: who is asked, and that nothing of them is left."""

import asyncio
import signal
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

from tests.fixtures.manual_time import on_a_loop, until
from tests.fixtures.stdio import wait_until_gone
from tests.integration.gateway.conftest import SDK, gateway

pytestmark = pytest.mark.slow
SERVERS = {"a": {"command": [*SDK, "stdio"], "protocol": "legacy", "per_session": True}}


def named(name: str) -> object:
    """Return what answers a form with this name."""

    async def answer(_: ClientRequestContext, _params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="accept", content={"name": name})

    return answer


@on_a_loop
async def test_each_caller_is_asked_by_a_server_of_his_own_that_ends_with_his_session(tmp_path: Path) -> None:
    with gateway(tmp_path, SERVERS) as (running, url):
        assert len(running.children()) == 1
        async with (
            Client(url, mode="legacy", elicitation_callback=named("Ann")) as ann,  # type: ignore[arg-type]
            Client(url, mode="legacy", elicitation_callback=named("Bob")) as bob,  # type: ignore[arg-type]
            asyncio.timeout(30),
        ):
            answers = await asyncio.gather(*(client.call_tool("a__ask_user", {}) for client in (ann, bob, ann)))
            assert len(running.children()) == 3

        assert [answer.content[0].text for answer in answers] == ["hello Ann", "hello Bob", "hello Ann"]  # type: ignore[union-attr]
        await asyncio.to_thread(until, lambda: len(running.children()) == 1)


@on_a_loop
async def test_no_child_of_a_session_outlives_the_gateway(tmp_path: Path) -> None:
    with gateway(tmp_path, SERVERS) as (running, url):
        async with Client(url, mode="legacy") as client:
            await client.call_tool("a__held", {})
            children = running.children()
            running.signal(signal.SIGTERM)

            assert await asyncio.to_thread(running.end) == 0

        assert len(children) == 2
        for child in children:
            wait_until_gone(child)
    assert "nothing is left behind" in running.text
