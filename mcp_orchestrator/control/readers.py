"""One reader of the events: what waits for him, and how it gets there. All on the loop's thread."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from actors.errors import MCPOrchestratorError
from mcp_orchestrator.control.refusals import refused

logger = logging.getLogger(__name__)

MOST_WAITING = 64  # Pieces of news: a reader so far behind has not read for 16 s at least.


class Reader:
    """Gets `first`, and then what he is told, until it ends, or he is too far behind."""

    def __init__(self, first: bytes) -> None:
        self._waiting, self._news = deque([first]), asyncio.Event()
        self._news.set()
        self._is_over, self.is_late = False, False
        self.on_late: Callable[[], object] = bool

    def tell(self, news: bytes) -> None:
        """Let him have this too."""
        if self._is_over or self.is_late:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.is_late = True
            self._waiting.clear()
            self.on_late()
            return
        self._waiting.append(news)
        self._news.set()

    def end(self) -> None:
        """Tell him no more than what waits for him."""
        self._is_over = True
        self._news.set()

    async def next(self) -> bytes:
        """Return all that waits for him, once there is something; nothing if that was all."""
        await self._news.wait()
        if not self._is_over:
            self._news.clear()
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data


class EventStream(Response):
    """Writes what a reader gets, as text/event-stream, until it ends, he goes away, or he is too far behind."""

    media_type = "text/event-stream"

    def __init__(self, reading: Callable[[], AbstractContextManager[Reader]]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write all of it; or why there is none."""
        with ExitStack() as stack:
            try:
                reader = stack.enter_context(self._reading())
            except MCPOrchestratorError as error:
                await refused(error)(scope, receive, send)
            else:
                await self._serve(reader, receive, send)

    async def _serve(self, reader: Reader, receive: Receive, send: Send) -> None:
        writing = asyncio.ensure_future(self._write(reader, send))
        gone = asyncio.ensure_future(_gone(receive))
        reader.on_late = writing.cancel
        try:
            await asyncio.wait({writing, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            writing.cancel()
        if reader.is_late:
            logger.warning("a reader of the events was dropped: he did not read them")
        elif writing.done():
            writing.result()

    async def _write(self, reader: Reader, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while data := await reader.next():
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
