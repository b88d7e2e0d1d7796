"""Whether the caller is still there."""

import asyncio
from types import TracebackType
from typing import Self

from mcp_orchestrator.access.answers import Receive

# Most calls have been answered by then, and need no task for it. Arbitrary: nobody who has gone minds.
_WATCH_AFTER_S = 0.05


class Presence:
    """Cancels the task that serves a caller when he goes away, and ends that cancellation where it began.

    To be used as a context manager around the work, once the body has been read.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive, self.is_over = receive, False
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        """Begin to watch, soon."""
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Watch no more. What ended because the caller had gone has ended well."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if not self.is_over or self._task is None:
            return False
        self._task.uncancel()
        return isinstance(error, asyncio.CancelledError)

    def _begin(self) -> None:
        self._watch = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_over = True
        if self._task is not None:
            self._task.cancel()
