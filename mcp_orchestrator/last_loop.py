"""Coroutine functions as handlers: run on the user's event loop, for threads that wait for their answers."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from typing import ParamSpec, TypeAlias, TypeVar, cast, overload

from actors.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")

Handler: TypeAlias = Callable[P, T | Awaitable[T]]

_LOOK_EVERY_S = 0.5  # Whether the loop still runs: one that was stopped reports nothing. Arbitrary.


class LastLoop:
    """The loop that connected last. `enter` is for its thread; handlers run on others, and wait.

    A handler that is no coroutine function runs on the thread that waits, so that it may block.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: dict[Future[object], None] = {}

    def enter(self) -> None:
        """Run coroutines on the loop that runs now, from here on."""
        self._loop = asyncio.get_running_loop()

    @overload
    def blocking(self, handler: Handler[P, T]) -> Callable[P, T]: ...

    @overload
    def blocking(self, handler: Handler[P, T] | None) -> Callable[P, T] | None: ...

    def blocking(self, handler: Handler[P, T] | None) -> Callable[P, T] | None:
        """Return a function that waits for what `handler` returns, if that is awaitable; None where there is none."""
        if handler is None:
            return None
        if not callable(handler):
            raise ConfigurationError(f"a handler must be callable, not {handler!r}")

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            answer = handler(*args, **kwargs)
            return cast("T", self._awaited(answer) if inspect.isawaitable(answer) else answer)

        return run

    def cancel_all(self) -> None:
        """Cancel the tasks that are under way, and begin none before the next `enter`: nobody waits for the answers."""
        self._loop = None
        for future in self._under_way.copy():
            future.cancel()

    def _awaited(self, answer: Awaitable[object]) -> object:
        waiting = _wait_for(answer)
        try:
            loop = _open(self._loop)
            future = asyncio.run_coroutine_threadsafe(waiting, loop)
        except RuntimeError:  # There is none, or it is closed by now.
            waiting.close()
            if inspect.iscoroutine(answer):
                answer.close()
            raise
        self._under_way[future] = None
        if self._loop is None:  # All were cancelled just before this one could be found.
            future.cancel()
        try:
            while not wait([future], _LOOK_EVERY_S).done:
                if not loop.is_running():
                    raise RuntimeError("the event loop has ended")
            return future.result()
        finally:
            del self._under_way[future]


def _open(loop: asyncio.AbstractEventLoop | None) -> asyncio.AbstractEventLoop:
    if loop is None:
        raise RuntimeError("no event loop waits for answers any more")
    return loop


async def _wait_for(answer: Awaitable[object]) -> object:
    return await answer
