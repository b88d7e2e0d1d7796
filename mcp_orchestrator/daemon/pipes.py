"""The process's own stdin and stdout as lines of messages. Whatever they are: pipes, sockets, terminals, files."""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from threading import Thread
from typing import Self, cast

from actors.mcp.lines import LineSplitter, Oversized
from mcp_orchestrator.gateway.streams import Message, encoded

_CHUNK = 64 * 1024
# For a caller who does not read: from the first on nothing more is read from him, and answers wait for room; from the
# second on what he has not asked for is dropped. Arbitrary.
_ENOUGH_WAITING = 16 * 1024 * 1024
_MOST_WAITING = 32 * 1024 * 1024

Hear = Callable[[bytes | Oversized], object]


def taken_over() -> tuple[int, int]:
    """Return descriptors of stdin and stdout for us alone: whatever else writes to stdout writes to stderr from now on.

    A stray print, be it in a library, would be no message.
    """
    stdin, stdout = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return stdin, stdout


async def read(stdin: int, max_bytes: int, hear: Hear, output: "Output") -> None:
    """Read lines to the end, no faster than the caller reads himself. Closes the descriptor."""
    if not _can_be_waited_for(stdin):
        ours, its = os.pipe()
        _copying(stdin, its)
        stdin = ours
    reader, splitter = asyncio.StreamReader(), LineSplitter(max_bytes)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(stdin, "rb", buffering=0)
    )
    try:
        with suppress(OSError):  # So a terminal, or a socket, may end.
            while chunk := await reader.read(_CHUNK):
                for line in splitter.feed(chunk):
                    hear(line)
                await output.room()
        for line in splitter.flush():
            hear(line)
    finally:
        transport.close()


class Output(asyncio.BaseProtocol):
    """See Lines. `lost`: nobody reads any more. On the loop's thread."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport
        self.lost = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @classmethod
    @asynccontextmanager
    async def on(cls, stdout: int, last_words_s: float) -> AsyncGenerator[Self]:
        """Write to this descriptor, and close it; what still waits then has so many seconds to be read."""
        copying: Thread | None = None
        if not _can_be_waited_for(stdout):
            its, ours = os.pipe()
            copying = _copying(its, stdout)
            stdout = ours
        transport, output = await asyncio.get_running_loop().connect_write_pipe(cls, os.fdopen(stdout, "wb", 0))
        transport.set_write_buffer_limits(_ENOUGH_WAITING)
        try:
            yield output
        finally:
            transport.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(output.lost.wait(), last_words_s)
            if not output.lost.is_set():
                transport.abort()
                await output.lost.wait()
            if copying is not None:
                await asyncio.to_thread(copying.join)

    def begin(self) -> None:
        """See Stream. It has been there from the beginning."""

    def push(self, message: Message) -> bool:
        """See Stream."""
        if self.lost.is_set() or self._transport.get_write_buffer_size() > _MOST_WAITING:
            return False
        self._transport.write(encoded(message) + b"\n")
        return True

    async def write(self, message: object) -> None:
        """See Lines."""
        await self._room.wait()
        if self.lost.is_set():
            raise ConnectionError("nobody reads any more")
        self._transport.write(encoded(message) + b"\n")

    async def room(self) -> None:
        """Wait until not too much waits to be read."""
        await self._room.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- as asyncio has it
        """See asyncio."""
        self.lost.set()
        self._room.set()

    def pause_writing(self) -> None:
        """See asyncio."""
        self._room.clear()

    def resume_writing(self) -> None:
        """See asyncio."""
        self._room.set()


def _can_be_waited_for(descriptor: int) -> bool:
    """Say whether a loop can wait for it. A terminal, too, but it would not block any more for others who have it."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _copying(source: int, sink: int) -> Thread:
    """Copy on a thread, to the end of either, and close both."""

    def copy() -> None:
        with (
            os.fdopen(source, "rb", buffering=0) as reading,
            os.fdopen(sink, "wb", buffering=0) as writing,
            suppress(OSError),
        ):
            while chunk := reading.read(_CHUNK):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[writing.write(rest) :]

    thread = Thread(target=copy, name="copies-a-file", daemon=True)
    thread.start()
    return thread
