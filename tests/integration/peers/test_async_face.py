"""The asynchronous face against servers of others: the same calls, awaited."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mcp_orchestrator import AsyncMCPOrchestrator, Elicitation
from tests.fixtures.orchestrating import PATIENCE_S, text_of
from tests.fixtures.peers import RunningPeer

WITH_SESSIONS = pytest.mark.parametrize("peer", ["sdk-2 http", "sdk-1 http"], indirect=True)


def run(peer: RunningPeer, use: Callable[[AsyncMCPOrchestrator], Awaitable[None]], **handlers: Any) -> None:
    """Use an orchestrator of this one server within a loop."""

    async def scenario() -> None:
        config = {"orchestrator": {"state": "memory"}, "servers": {"peer": peer.section}}
        async with asyncio.timeout(PATIENCE_S), AsyncMCPOrchestrator(config, **handlers) as orchestrator:
            assert orchestrator.is_connected("peer")
            await use(orchestrator)
        assert orchestrator.get_stats()["unaccounted_calls"] == 0

    asyncio.run(scenario())


@WITH_SESSIONS
def test_calls_that_are_gathered_get_each_its_own_answer(peer: RunningPeer) -> None:
    async def use(orchestrator: AsyncMCPOrchestrator) -> None:
        results = await asyncio.gather(*[orchestrator.call_tool("peer", "echo", {"text": str(n)}) for n in range(100)])

        assert [text_of(result.content) for result in results] == [str(number) for number in range(100)]

    run(peer, use)


@WITH_SESSIONS
def test_a_task_that_is_cancelled_cancels_its_call_at_the_server(peer: RunningPeer) -> None:
    mark = f"task of {peer.name}"

    async def use(orchestrator: AsyncMCPOrchestrator) -> None:
        async def held() -> dict[str, Any]:
            answer = await orchestrator.call_tool("peer", "held")
            data: dict[str, Any] = answer.data
            return data

        task = asyncio.create_task(orchestrator.call_tool("peer", "hold", {"mark": mark}))
        while mark not in (await held())["begun"]:
            pass  # Asking takes long enough.

        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        while mark not in (await held())["given_up"]:
            pass  # Asking takes long enough.

    run(peer, use)


@pytest.mark.parametrize("peer", ["sdk-2 http", "sdk-2 http legacy"], indirect=True)
def test_a_question_is_answered_on_the_loop_whose_task_waits_for_the_call(peer: RunningPeer) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def answer(_asked: Elicitation) -> dict[str, Any]:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return {"action": "accept", "content": {"name": "Ann"}}

    async def use(orchestrator: AsyncMCPOrchestrator) -> None:
        result = await orchestrator.call_tool("peer", "ask_user")

        assert text_of(result.content) == "hello Ann"
        assert loops == [asyncio.get_running_loop()]

    run(peer, use, on_elicitation=answer)
