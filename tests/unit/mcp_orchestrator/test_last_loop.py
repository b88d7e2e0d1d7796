"""A shutdown cancels every coroutine that still asks, also the one that it meets half begun."""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from contextvars import Context
from threading import Thread
from typing import Any

import pytest
from typing_extensions import override

from mcp_orchestrator.last_loop import Handler, LastLoop


class InterruptedLoop(asyncio.SelectorEventLoop):
    """Lets something happen just before a coroutine comes in from another thread."""

    interrupt: Callable[[], None] | None = None

    @override
    def call_soon_threadsafe(  # type: ignore[override]  # more exact than the loop needs
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        if self.interrupt is not None:
            interrupt, self.interrupt = self.interrupt, None
            interrupt()
        return super().call_soon_threadsafe(callback, *args, context=context)


@contextmanager
def running(loop: asyncio.AbstractEventLoop, last: LastLoop) -> Generator[None]:
    """Run `loop` on a thread of its own, as the one that connected last."""
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        enter(loop, last)
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def enter(loop: asyncio.AbstractEventLoop, last: LastLoop) -> None:
    async def on_the_loop() -> None:
        last.enter()

    asyncio.run_coroutine_threadsafe(on_the_loop(), loop).result(timeout=10)


async def _forever() -> str:
    await asyncio.Event().wait()
    return "never"


async def _answer() -> str:
    return "again"


forever: Handler[[], str] = _forever
answer: Handler[[], str] = _answer


def test_what_is_cancelled_while_it_begins_does_not_begin() -> None:
    last, loop = LastLoop(), InterruptedLoop()
    with running(loop, last):
        loop.interrupt = last.cancel_all

        with pytest.raises(CancelledError):
            last.blocking(forever)()


def test_nothing_begins_between_a_shutdown_and_the_next_connect() -> None:
    last, loop = LastLoop(), asyncio.new_event_loop()
    with running(loop, last):
        last.cancel_all()
        with pytest.raises(RuntimeError, match="no event loop waits"):
            last.blocking(forever)()

        enter(loop, last)

        assert last.blocking(answer)() == "again"
