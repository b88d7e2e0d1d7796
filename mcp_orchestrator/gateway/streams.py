"""What an HTTP request is answered with: JSON, or a stream of events once there is something to tell meanwhile."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from mcp_orchestrator.access.answers import Send

Message = Mapping[str, Any]

KEEP_ALIVE_S = 15.0
# An answer that has begun as a stream has to end as one, and some clients take no event over 1 MiB, but any JSON. So it
# does not begin to keep a caller waiting before the usual deadline of a call, and early enough for proxies, whose usual
# patience is a minute.
BEGIN_AFTER_S = 45.0
_MOST_WAITING = 1000  # Events for a caller who does not read them; what comes beyond is dropped. Arbitrary.
_JSON = (b"content-type", b"application/json")
_EVENTS = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))
_COMMENT = b":\n\n"


def encoded(message: object) -> bytes:
    """Return JSON as UTF-8; half a surrogate pair, which UTF-8 cannot say, stays escaped."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(message, separators=(",", ":")).encode()


def event(message: Message) -> bytes:
    """Return one event of a stream: JSON has no line breaks of its own."""
    return b"event: message\ndata: " + encoded(message) + b"\n\n"


class Stream(Protocol):
    """Where a caller is told what nobody has asked for just now. On the loop's thread."""

    def begin(self) -> None:
        """Let him know that it is there."""
        ...

    def push(self, message: Message) -> bool:
        """Have a message written; False: it is over, or too many wait, and it is dropped."""
        ...


class WayBack(Protocol):
    """How the caller of one request is reached before its answer. On the loop's thread."""

    @property
    def may_stream(self) -> bool:
        """Whether he takes anything but the answer."""
        ...

    def tell(self, method: str, params: Message) -> None:
        """Tell him something."""
        ...

    def ask(self, request: Message) -> bool:
        """Send him a request. False: he takes none now."""
        ...

    def listen(self) -> Stream:
        """Return where he hears what he listens for, until the answer ends it."""
        ...


async def send_whole(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)) -> None:
    """Answer at once, and with nothing more."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_json(send: Send, status: int, message: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Answer with one message."""
    await send_whole(send, status, encoded(message), (_JSON, *headers))


class Events:
    """A stream of events that is open as long as somebody writes to it. All on the loop's thread.

    It begins with the first event, or when nothing was to be said for a while: then a comment keeps it alive.
    """

    def __init__(self, send: Send, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self._send, self._headers = send, headers
        self._waiting: deque[bytes] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.has_begun = self._is_over = False

    @property
    def is_beginning(self) -> bool:
        """Whether something waits to be written."""
        return self._writer is not None

    def push(self, message: Message) -> bool:
        """Have one event written; False: too many wait, or it is over, and it is dropped."""
        if self._is_over or len(self._waiting) >= _MOST_WAITING:
            return False
        self._write(event(message))
        return True

    def keep_alive(self) -> None:
        """Say every so often that somebody is there; where no stream has begun, from a while later on."""
        wait_s = KEEP_ALIVE_S if self.has_begun or self.is_beginning else BEGIN_AFTER_S
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._still_there)

    def begin(self) -> None:
        """Send the head, before there is anything to say."""
        self._write(b"")

    async def finish(self, last: Message | None = None) -> None:
        """Write what waits, and `last`, and close."""
        self._let_go()
        if last is not None:
            self._waiting.append(event(last))
        if self._writer is not None:
            await self._writer
        await self._write_all()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def break_off(self) -> None:
        """Write nothing more: nobody reads it."""
        self._let_go()
        self._waiting.clear()
        if self._writer is not None:
            self._writer.cancel()

    def _let_go(self) -> None:
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()

    def _still_there(self) -> None:
        self._write(_COMMENT)
        self.keep_alive()

    def _write(self, data: bytes) -> None:
        self._waiting.append(data)
        if self._writer is None:
            self._writer = asyncio.ensure_future(self._write_all())

    async def _write_all(self) -> None:
        try:
            if not self.has_begun:
                self.has_begun = True
                await self._send({"type": "http.response.start", "status": 200, "headers": [*_EVENTS, *self._headers]})
            while self._waiting:
                data = b"".join(self._waiting)
                self._waiting.clear()
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
        finally:
            self._writer = None


class Answer:
    """The answer to one request: a JSON body, unless something was told before it. All on the loop's thread.

    `may_stream`: the caller takes events; else what is told meanwhile is dropped.
    """

    def __init__(self, send: Send, *, may_stream: bool) -> None:
        self._send, self.may_stream = send, may_stream
        self._events = Events(send)
        if may_stream:
            self._events.keep_alive()

    def tell(self, method: str, params: Message) -> None:
        """Tell the caller something before the answer."""
        if self.may_stream:
            self._events.push({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, request: Message) -> bool:
        """Send the caller a request before the answer. False: he takes no events, or too many wait."""
        return self.may_stream and self._events.push(request)

    def listen(self) -> Events:
        """Begin the stream of one who only listens, whatever he says that he takes."""
        self._events.break_off()
        self._events = Events(self._send)
        self._events.begin()
        self._events.keep_alive()
        return self._events

    async def finish(self, status: int, message: Message) -> None:
        """Send the message that ends it; `status` holds for JSON."""
        if self._events.has_begun or self._events.is_beginning:
            await self._events.finish(message)
        else:
            self._events.break_off()
            await send_json(self._send, status, message)

    def break_off(self) -> None:
        """Send nothing more: the caller has gone."""
        self._events.break_off()
