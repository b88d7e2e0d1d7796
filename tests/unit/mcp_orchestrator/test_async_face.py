"""The asynchronous face: the same, awaited; nothing of it blocks a loop, or outlives one that was closed."""

import asyncio
from typing import Any

import pytest

from actors.errors import CallCancelledError, MCPTimeoutError, UnknownServerError
from mcp_orchestrator import AsyncMCPOrchestrator, MCPOrchestrator
from tests.fixtures.faces import asynchronous, config
from tests.fixtures.manual_time import eventually, on_a_loop, until


@on_a_loop
async def test_the_names_of_the_blocking_face_are_awaited() -> None:
    with asynchronous("a", "b") as (face, _):
        assert await face.connect_all() == {"a": True, "b": True}
        assert (await face.call_tool("a", "get_queue", {"limit": 1})).data == {"of": "get_queue"}
        assert (await face.request("a", "prompts/list"))["structuredContent"] == {"of": "prompts/list"}
        outcomes = await face.call_tools_parallel([{"server": name, "tool": "get_queue"} for name in "ab"])
        assert [outcome.server for outcome in outcomes] == ["a", "b"]
        assert (await asyncio.wrap_future(face.submit("a", "add_nzb"))).data == {"of": "add_nzb"}
        assert next(tool["name"] for tool in await face.list_tools("a")) == "get_queue"
        assert list(await face.list_all_tools()) == ["a", "b"]
        assert await face.health_check("a")
        assert await face.health_check_all() == {"a": True, "b": True}
        assert (await face.health_check_detailed("a"))["healthy"]
        assert await face.connect("a")
        assert await face.reconnect("a")
        assert await face.disconnect("a")
        assert await face.disconnect_all() == {"a": True, "b": True}
        assert await face.save_state() is False  # state = "memory"
        assert await face.reload(config("a")) == ["b"]
        assert await face.restart() == {"a": True}
        assert await face.shutdown() == []
        assert await face.shutdown() == []


def test_both_faces_have_the_same_names() -> None:
    def names(face: type) -> set[str]:
        return {name for name in dir(face) if not name.startswith("_")}

    assert names(AsyncMCPOrchestrator) == names(MCPOrchestrator)


@on_a_loop
async def test_mistakes_are_raised_by_the_await() -> None:
    with asynchronous("a") as (face, _):
        with pytest.raises(UnknownServerError):
            await face.call_tool("nobody", "get_queue")
        with pytest.raises(UnknownServerError):
            face.server("nobody")


@on_a_loop
async def test_as_a_context_it_connects_and_shuts_down() -> None:
    with asynchronous("a") as (face, scripts):
        async with face as entered:
            assert (await entered.call_tool("a", "get_queue")).data
        assert scripts.wire("a").connections[0].ended == "closed"


@on_a_loop
async def test_a_cancelled_task_sees_it_at_once_and_its_call_is_given_up() -> None:
    with asynchronous("a") as (face, scripts):
        await face.connect_all()
        scripts.hold = True
        task = asyncio.create_task(face.call_tool("a", "get_queue"))
        await eventually(lambda: scripts.wire("a").exchanges)
        exchange = scripts.exchange("a", "get_queue")
        assert exchange.write()

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await eventually(lambda: scripts.failed)
        assert isinstance(scripts.failed[0].error, CallCancelledError)
        assert scripts.failed[0].error.executed == "unknown"
        assert exchange.aborted


@on_a_loop
async def test_a_cancelled_task_gives_its_whole_batch_up() -> None:
    with asynchronous("a") as (face, scripts):
        await face.connect_all()
        scripts.hold = True
        task = asyncio.create_task(face.call_tools_parallel([{"server": "a", "tool": "get_queue"}] * 3, max_parallel=1))
        await eventually(lambda: scripts.wire("a").exchanges)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await eventually(lambda: face.get_pending_calls() == 0)
        assert len(scripts.wire("a").exchanges) == 1


class Silent:
    """The mailbox of an actor that lives and never answers."""

    def tell(self, message: object) -> None:
        """Keep it to itself."""

    def is_alive(self) -> bool:
        """Say so."""
        return True


@on_a_loop
async def test_a_face_speaks_for_an_actor_that_is_silent_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_orchestrator.awaiting.GRACE_S", 0.1)
    with asynchronous("a") as (face, _):
        await face.connect_all()
        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        router, board.router = board.router, Silent()
        outcomes, error = await asyncio.gather(
            face.call_tools_parallel([{"server": "a", "tool": "get_queue"}], timeout=0.01),
            face.call_tool("a", "get_queue", timeout=0.01),
            return_exceptions=True,
        )
        board.router = router

        assert isinstance(error, MCPTimeoutError)
        assert error.executed == "no"
        assert isinstance(outcomes, list)
        assert [type(outcome.error) for outcome in outcomes] == [MCPTimeoutError]


def test_a_loop_that_was_closed_takes_nothing_along() -> None:
    with asynchronous("a") as (face, scripts):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(face.connect_all())
        scripts.hold = True
        task = loop.create_task(face.call_tool("a", "get_queue"))
        loop.run_until_complete(eventually(lambda: scripts.wire("a").exchanges))
        loop.close()
        scripts.exchange("a", "get_queue").write()
        scripts.exchange("a", "get_queue").answer()
        until(lambda: face.get_pending_calls() == 0)

        task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 -- so it was meant
        del task
        scripts.hold = False
        assert asyncio.run(_queue(face)) == {"of": "get_queue"}


async def _queue(face: AsyncMCPOrchestrator) -> Any:
    return (await face.call_tool("a", "get_queue")).data


def test_it_is_made_before_a_loop_runs_and_used_from_two() -> None:
    with asynchronous("a") as (face, _):
        assert asyncio.run(face.connect_all()) == {"a": True}
        assert asyncio.run(_queue(face)) == asyncio.run(_queue(face)) == {"of": "get_queue"}


@on_a_loop
async def test_a_handle_makes_tasks() -> None:
    with asynchronous("a") as (face, _):
        await face.connect_all()
        handle = face.server("a")

        task = handle.get_queue(limit=5)

        assert (await task).data == {"of": "get_queue"}
        assert "get_queue" in handle.tools
        assert handle.status["connected"]


@on_a_loop
async def test_a_shutdown_whose_task_is_cancelled_goes_on() -> None:
    with asynchronous("a") as (face, scripts):
        await face.connect_all()
        scripts.hold = True
        future = face.submit("a", "get_queue")
        await eventually(lambda: scripts.wire("a").exchanges)
        task = asyncio.create_task(face.shutdown())
        await eventually(lambda: face.get_server_status("a")["state"] == "draining")

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        exchange = scripts.exchange("a", "get_queue")
        assert exchange.write()
        exchange.answer()

        await eventually(lambda: face.get_server_status("a")["state"] == "stopped")
        assert future.done()
