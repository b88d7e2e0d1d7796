"""What servers ask reaches the user's handlers, through either face, and never on a thread of ours that others need."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Event, Thread, current_thread
from typing import Any, TypeVar

import pytest

from actors.transport import Reply
from mcp_orchestrator import AsyncMCPOrchestrator, ConfigurationError, Elicitation, MCPOrchestrator
from mcp_orchestrator.face import Face
from tests.fixtures.faces import Scripts, config
from tests.fixtures.manual_time import LIMIT_S, eventually, on_a_loop, until

F = TypeVar("F", bound=Face)

SECTIONS = {"weather": {"protocol": "legacy"}}
FORM: dict[str, Any] = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}
DECLINED = {"action": "decline"}


@contextmanager
def asking(face: type[F], **handlers: Any) -> "Generator[tuple[F, Scripts]]":
    """Make a face with these handlers, not connected; end it and all its threads whatever happens."""
    scripts = Scripts()
    made = face(config(servers=SECTIONS), runtime=scripts.runtime, transport_factory=scripts, **handlers)
    try:
        yield made, scripts
    finally:
        made._shut_down(0.0, 0.0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- for either face, also twice
        assert scripts.runtime.close(timeout_s=5.0) == []


def ask(scripts: Scripts, request_id: int = 1) -> None:
    """Let the server ask."""
    scripts.wire("weather").connections[-1].notify("elicitation/create", FORM, request_id=request_id)


def replies(scripts: Scripts) -> list[Reply]:
    return [message for message in scripts.wire("weather").sent if isinstance(message, Reply)]


def test_a_handler_runs_on_a_thread_of_its_own() -> None:
    threads: list[str] = []

    def answer(_asked: Elicitation) -> dict[str, Any]:
        threads.append(current_thread().name)
        return DECLINED

    with asking(MCPOrchestrator, on_elicitation=answer) as (face, scripts):
        face.connect_all()

        ask(scripts)
        until(lambda: replies(scripts))

        assert replies(scripts) == [Reply(id=1, result=DECLINED)]
        assert threads == ["mcp-apart"]


def test_a_handler_may_call_the_server_that_asks() -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        face.call_tool("weather", "get_queue")
        return DECLINED

    with asking(MCPOrchestrator, on_elicitation=answer) as (face, scripts):
        face.connect_all()

        ask(scripts)
        until(lambda: replies(scripts))

        assert replies(scripts) == [Reply(id=1, result=DECLINED)]


def test_a_handler_that_waits_for_somebody_holds_up_nothing_else() -> None:
    released = Event()

    def answer(_asked: Elicitation) -> dict[str, Any]:
        released.wait(LIMIT_S)
        return DECLINED

    with asking(MCPOrchestrator, on_elicitation=answer) as (face, scripts):
        face.connect_all()
        ask(scripts)
        called = Event()

        future = face.submit("weather", "get_queue")
        future.add_done_callback(lambda _: called.set())

        assert called.wait(LIMIT_S)
        assert replies(scripts) == []
        released.set()
        until(lambda: replies(scripts))


def test_a_shutdown_does_not_wait_for_a_handler_that_never_returns_and_names_it() -> None:
    begun, released, scripts = Event(), Event(), Scripts()

    def answer(_asked: Elicitation) -> dict[str, Any]:
        begun.set()
        released.wait(LIMIT_S)
        return DECLINED

    face = MCPOrchestrator(config(servers=SECTIONS), transport_factory=scripts, on_elicitation=answer)
    face.connect_all()
    ask(scripts)
    begun.wait(LIMIT_S)

    assert face.shutdown() == ["mcp-apart"]

    assert face.check_for_leaks()["threads"] == 1
    released.set()
    assert scripts.runtime.close(timeout_s=5.0) == []


def test_roots_are_given_as_they_are_configured() -> None:
    with asking(MCPOrchestrator, roots=["file:///media"]) as (face, scripts):
        face.connect_all()

        scripts.wire("weather").connections[-1].notify("roots/list", request_id=2)
        until(lambda: replies(scripts))

        assert replies(scripts) == [Reply(id=2, result={"roots": [{"uri": "file:///media"}]})]


async def _decline(_asked: Elicitation) -> dict[str, Any]:
    return DECLINED


def test_the_blocking_face_takes_no_coroutine_function() -> None:
    with pytest.raises(ConfigurationError, match="on_elicitation is a coroutine function"):
        MCPOrchestrator(config(servers=SECTIONS), on_elicitation=_decline)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("face", [MCPOrchestrator, AsyncMCPOrchestrator])
@pytest.mark.parametrize(
    "handlers", [{"on_elicitation": "no"}, {"on_sampling": 1}, {"roots": "/media"}, {"roots": [1]}]
)
def test_what_can_be_no_handler_is_found_at_once(face: type[Face], handlers: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        face(config(servers=SECTIONS), **handlers)


@on_a_loop
async def test_a_coroutine_runs_on_the_loop_that_connected() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def answer(_asked: Elicitation) -> dict[str, Any]:
        loops.append(asyncio.get_running_loop())
        return DECLINED

    with asking(AsyncMCPOrchestrator, on_elicitation=answer) as (face, scripts):
        await face.connect_all()

        ask(scripts)
        await eventually(lambda: replies(scripts))

        assert replies(scripts) == [Reply(id=1, result=DECLINED)]
        assert loops == [asyncio.get_running_loop()]


@on_a_loop
async def test_a_function_that_blocks_holds_up_no_loop() -> None:
    released = Event()

    def answer(_asked: Elicitation) -> dict[str, Any]:
        released.wait(LIMIT_S)
        return DECLINED

    with asking(AsyncMCPOrchestrator, on_elicitation=answer) as (face, scripts):
        await face.connect_all()
        ask(scripts)

        await face.call_tool("weather", "get_queue")

        released.set()
        await eventually(lambda: replies(scripts))
        assert replies(scripts) == [Reply(id=1, result=DECLINED)]


@on_a_loop
async def test_roots_may_be_a_coroutine_function_too() -> None:
    async def roots() -> list[str]:
        return ["file:///media"]

    with asking(AsyncMCPOrchestrator, roots=roots) as (face, scripts):
        await face.connect_all()

        scripts.wire("weather").connections[-1].notify("roots/list", request_id=3)
        await eventually(lambda: replies(scripts))

        assert replies(scripts) == [Reply(id=3, result={"roots": [{"uri": "file:///media"}]})]


@on_a_loop
async def test_a_coroutine_that_raises_gives_no_answer() -> None:
    async def answer(_asked: Elicitation) -> dict[str, Any]:
        raise KeyError("no such answer")

    with asking(AsyncMCPOrchestrator, on_elicitation=answer) as (face, scripts):
        await face.connect_all()

        ask(scripts)
        await eventually(lambda: replies(scripts))

        (reply,) = replies(scripts)
        assert (reply.error or {})["code"] == -32603


@on_a_loop
async def test_a_shutdown_cancels_the_coroutines_that_still_ask() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def answer(_asked: Elicitation) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()
        return DECLINED

    with asking(AsyncMCPOrchestrator, on_elicitation=answer) as (face, scripts):
        await face.connect_all()
        ask(scripts)
        await begun.wait()

        await face.shutdown()

        await asyncio.wait_for(cancelled.wait(), LIMIT_S)


def test_a_loop_that_is_over_answers_nothing_and_the_next_one_does() -> None:
    with asking(AsyncMCPOrchestrator, on_elicitation=_decline) as (face, scripts):
        asyncio.run(face.connect_all())

        ask(scripts, 1)
        until(lambda: replies(scripts))
        (reply,) = replies(scripts)
        assert (reply.error or {})["code"] == -32603

        async def again() -> None:
            await face.connect_all()
            ask(scripts, 2)
            await eventually(lambda: len(replies(scripts)) == 2)

        asyncio.run(again())
        assert replies(scripts)[1] == Reply(id=2, result=DECLINED)


def test_a_loop_that_stops_in_the_middle_of_an_answer_gives_none() -> None:
    begun, loop = Event(), asyncio.new_event_loop()

    async def answer(_asked: Elicitation) -> dict[str, Any]:
        begun.set()
        await asyncio.sleep(3600)
        return DECLINED

    with asking(AsyncMCPOrchestrator, on_elicitation=answer) as (face, scripts):
        loop.run_until_complete(face.connect_all())
        thread = Thread(target=loop.run_forever)
        thread.start()
        ask(scripts)
        begun.wait(LIMIT_S)

        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        until(lambda: replies(scripts))

        (reply,) = replies(scripts)
        assert (reply.error or {})["code"] == -32603
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()
