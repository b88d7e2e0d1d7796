"""One caller over a pipe: a message a line, both ways, in both eras. All on the loop's thread.

Source: MCP 2025-11-25 and 2026-07-28, transports, stdio.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from actors.catalogue import table
from actors.mcp.lines import Oversized
from mcp_orchestrator.access import EVERYTHING
from mcp_orchestrator.gateway import ladder
from mcp_orchestrator.gateway.legacy import Legacy
from mcp_orchestrator.gateway.messages import NO_NEW_WORK, check_is_message, is_new_work, is_request, parsed
from mcp_orchestrator.gateway.modern import Modern
from mcp_orchestrator.gateway.refusals import INTERNAL, INVALID_REQUEST, RefusedError
from mcp_orchestrator.gateway.sessions import Session
from mcp_orchestrator.gateway.streams import Message, Stream

logger = logging.getLogger(__name__)

# An answer to initialize holds what servers tell models, of those that have started. Clients wait 10 s and more.
GREETING_S = 2.0
_NEEDS_NO_SERVER = frozenset({"ping", "logging/setLevel"})
_CANCELLED = "notifications/cancelled"


class Lines(Stream, Protocol):
    """What the caller reads: see Stream; and answers, which are never dropped."""

    async def write(self, message: object) -> None:
        """Write a message once there is room for it. ConnectionError: nobody will read it."""
        ...


class Conversation:
    """Hears one caller, and answers him as answers come.

    * He may speak before all servers are connected: what needs them waits for `started`, which takes its time. Within
      GREETING_S initialize is answered in any case.
    * He is one session, from his last initialize on. What he says of revision 2026-07-28 belongs to none.
    """

    def __init__(self, legacy: Legacy, modern: Modern, lines: Lines, started: asyncio.Future[Any]) -> None:
        self._legacy, self._modern, self._lines, self._started = legacy, modern, lines, started
        self._way = _WayBack(lines)
        self._session: Session | None = None
        self._greeting: asyncio.Task[None] | None = None
        self._under_way: dict[str | int, asyncio.Task[None]] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._is_closing = False

    def hear(self, line: bytes | Oversized) -> None:
        """Take a line in. What is no message gets an error, and the next one is heard."""
        if isinstance(line, Oversized):
            error = RefusedError(INVALID_REQUEST, f"the line is too long: {line.size} bytes")
            self._begin(partial(_refused, error), line.message_id())
            return
        if not line.strip():
            return
        request_id: str | int | None = None
        try:
            said = parsed(line)
            if isinstance(said, list):
                self._begin(partial(self._batch_reply, cast("list[object]", said)), None)
                return
            message = table(said)
            if isinstance(message.get("id"), str | int):
                request_id = message["id"]
            check_is_message(message)
            self._take(message)
        except RefusedError as error:
            self._begin(partial(_refused, error), request_id)

    def end_new_work(self) -> None:
        """Refuse new calls from now on; what is under way, and what there is to ask of that, goes on."""
        self._is_closing = True

    async def answered(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def give_up(self) -> None:
        """Give up all that is under way: nobody will read the answers."""
        for task in self._tasks:
            task.cancel()

    def _take(self, message: Mapping[str, Any]) -> None:
        if not is_request(message):
            self._take_note(message)
            return
        request_id, method = message["id"], message["method"]
        if request_id in self._under_way:
            raise RefusedError(INVALID_REQUEST, "this id is in use")
        if self._is_closing and is_new_work(message):
            raise RefusedError(INTERNAL, NO_NEW_WORK)
        if ladder.is_modern(message, None):
            task = self._begin(partial(self._modern_reply, message), request_id)
        elif method == "initialize":
            task = self._greeting = self._begin(partial(self._welcome, self._new_session(message), message), request_id)
        else:
            task = self._begin(partial(self._legacy_reply, self._in_session(method), message), request_id)
        self._under_way[request_id] = task
        task.add_done_callback(lambda _: self._under_way.pop(request_id))

    def _take_note(self, message: Mapping[str, Any]) -> None:
        request_id = table(message.get("params")).get("requestId")
        if message.get("method") == _CANCELLED and isinstance(request_id, str | int) and request_id in self._under_way:
            self._under_way[request_id].cancel()
        elif self._session is not None:
            self._legacy.take(self._in_session(""), message)

    def _new_session(self, message: Mapping[str, Any]) -> Session:
        session = self._legacy.begin(message, EVERYTHING)
        if session is None:
            raise RefusedError(INTERNAL, "there are too many sessions")
        if self._session is not None:
            self._legacy.sessions.end(self._session)
        self._session = session
        return session

    def _in_session(self, method: str) -> Session:
        """Return the session, in which he is told things once he has heard that it began: a ping does not say so."""
        if self._session is None:
            raise RefusedError(INVALID_REQUEST, "initialize comes first")
        if method != "ping" and not self._session.listens:
            self._session.open(self._lines)
        return self._session

    async def _welcome(self, session: Session, message: Mapping[str, Any]) -> Message:
        await asyncio.wait({self._started}, timeout=GREETING_S)
        return self._legacy.welcome(session, message)

    async def _legacy_reply(self, session: Session, message: Mapping[str, Any]) -> Message:
        if message["method"] not in _NEEDS_NO_SERVER:
            await self._ready()
        return await self._legacy.reply(session, message, self._way)

    async def _modern_reply(self, message: Mapping[str, Any]) -> Message:
        if message["method"] == "server/discover":
            await asyncio.wait({self._started}, timeout=GREETING_S)
        else:
            await self._ready()
        return await self._modern.reply(message, self._way, EVERYTHING)

    async def _batch_reply(self, messages: list[object]) -> list[Message]:
        await self._ready()
        return await self._legacy.batch(self._in_session(""), messages, self._way)

    async def _ready(self) -> None:
        """Wait for the servers, and for the answer to initialize, if that is still to come: it comes first."""
        await asyncio.wait({self._started} if self._greeting is None else {self._started, self._greeting})

    def _begin(self, work: Callable[[], Awaitable[object]], request_id: object) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self._answer(work, request_id))
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        return task

    async def _answer(self, work: Callable[[], Awaitable[object]], request_id: object) -> None:
        try:
            reply = await work()
        except RefusedError as error:
            reply = error.body(request_id)
        except Exception:
            logger.exception("a request could not be answered")
            reply = RefusedError(INTERNAL, "Internal error").body(request_id)
        if reply:  # A batch that asks for nothing gets nothing.
            with suppress(ConnectionError):
                await self._lines.write(reply)


class _WayBack:
    """See WayBack. All that the caller hears comes on the same lines."""

    may_stream = True

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def tell(self, method: str, params: Message) -> None:
        """See WayBack."""
        self._lines.push({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, request: Message) -> bool:
        """See WayBack."""
        return self._lines.push(request)

    def listen(self) -> Stream:
        """See WayBack."""
        return self._lines


async def _refused(error: RefusedError) -> object:
    raise error
