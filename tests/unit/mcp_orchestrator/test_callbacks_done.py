"""Waiting for what a call was told meanwhile, which may come after its result."""

from threading import Event

from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.faces import asynchronous, facing
from tests.fixtures.manual_time import on_a_loop


def test_what_was_due_before_has_run() -> None:
    heard, going_on = list[int](), Event()
    with facing(MCPOrchestrator, "a") as (face, scripts):
        scripts.runtime.run_later(lambda: going_on.wait(10))
        scripts.runtime.run_later(lambda: heard.append(1))
        scripts.runtime.run_later(going_on.clear)
        going_on.set()

        face.callbacks_done(timeout=10)

        assert heard == [1]
        assert not going_on.is_set()


def test_it_is_not_waited_for_for_ever() -> None:
    going_on = Event()
    with facing(MCPOrchestrator, "a") as (face, scripts):
        scripts.runtime.run_later(lambda: going_on.wait(10))

        face.callbacks_done(timeout=0.01)

        going_on.set()


@on_a_loop
async def test_it_may_be_waited_for_on_a_loop() -> None:
    heard = list[int]()
    with asynchronous("a") as (face, scripts):
        scripts.runtime.run_later(lambda: heard.append(1))

        await face.callbacks_done(timeout=10)

        assert heard == [1]
