"""Messages on their way into a child's stdin: whole lines, one after the other."""

import select
import selectors
from collections import OrderedDict
from collections.abc import Callable
from io import FileIO

from actors.errors import NotExecutedError, OverloadedError
from actors.mcp.exchange import Exchange
from actors.mcp.pipes import SelectorThread


class StdinWriter:
    """The one writer of one child's stdin. Everything here runs on the pipes' thread.

    * A ticket is claimed only when the pipe has room, immediately before the first byte of its line.
    * A line begun is finished before the next, whatever became of its call: half a line would spoil both.
    * A line not begun can be taken back.
    * `on_closed`: the child closed its end. `on_stall`: there is something to write, and it took no byte for `stall_s`.
    """

    def __init__(  # noqa: PLR0913 -- all of it comes from one place, the connection
        self,
        pipes: SelectorThread,
        *,
        on_closed: Callable[[], None],
        on_stall: Callable[[], None],
        clock: Callable[[], float],
        stall_s: float,
        max_queued_bytes: int,
    ) -> None:
        self._pipes, self._clock = pipes, clock
        self._on_closed, self._on_stall = on_closed, on_stall
        self._stall_s, self._max_queued_bytes = stall_s, max_queued_bytes
        self._file: FileIO | None = None  # None: not there yet, or not any more.
        self._room = select.poll()
        self._queue: OrderedDict[Exchange, None] = OrderedDict()
        self._queued_bytes = 0
        self._current: Exchange | None = None
        self._rest = memoryview(b"")  # Of the current line, not yet taken.
        self._stuck_since: float | None = None
        self._watched_over = False
        self._on_flushed: Callable[[], None] | None = None
        self._stopped = False

    def open(self, file: FileIO) -> None:
        """Begin to write: the child is there."""
        self._file = file
        self._room.register(file, select.POLLOUT)
        self._write()

    def put(self, exchange: Exchange) -> bool:
        """Queue a line; False: too many bytes wait already, and the exchange has been told."""
        if self._queued_bytes >= self._max_queued_bytes:
            exchange.end(OverloadedError(f"{self._queued_bytes} bytes wait for the server to read its stdin"))
            return False
        self._queue[exchange] = None
        self._queued_bytes += len(exchange.line)
        if self._stuck_since is None:
            self._write()
        return True

    def take_back(self, exchange: Exchange) -> bool:
        """Leave a line unwritten; False: it has begun, and will be finished."""
        if exchange.begun:
            return False
        if exchange in self._queue:
            self._forget(exchange)
            if self._current is None and not self._queue:  # Nothing is stuck any more.
                self._stop_waiting()
        return True

    def stop(self) -> None:
        """Begin no further line. Those that wait or still come stay where they are."""
        self._stopped = True

    def flush(self, on_flushed: Callable[[], None]) -> None:
        """Call back, once, when nothing is left that can be written."""
        self._on_flushed = on_flushed
        if self._stuck_since is None:
            self._write()

    def close(self) -> list[Exchange]:
        """Close stdin, wherever it stands. Return what was not written, or not all of it."""
        if self._file is not None:
            self._pipes.drop(self._file)
        unwritten = [] if self._current is None else [self._current]
        unwritten += self._queue
        self._file, self._current, self._stuck_since, self._queued_bytes = None, None, None, 0
        self._queue.clear()
        return unwritten

    def _write(self) -> None:
        """Write until all is written or the pipe is full."""
        while self._file is not None and self._begin(self._file):
            try:
                taken = self._file.write(self._rest)
            except BrokenPipeError:
                self._on_closed()
                return
            if taken is None:
                self._wait(self._file)
                return
            self._rest = self._rest[taken:]
            if not self._rest:
                self._finish_line()

    def _begin(self, file: FileIO) -> bool:
        """See that there is a current line and room for a byte of it; False: not now."""
        while self._current is None:
            if self._stopped or not self._queue:
                self._idle()
                return False
            ready = self._room.poll(0)
            if not ready:
                self._wait(file)
                return False
            if ready[0][1] & select.POLLERR:  # Nobody has the other end open.
                self._on_closed()
                return False
            exchange = next(iter(self._queue))
            self._forget(exchange)
            if exchange.ticket.claim():
                exchange.begun = True
                self._current, self._rest = exchange, memoryview(exchange.line)
            else:
                exchange.end(NotExecutedError("withdrawn before it was sent"))
        return True

    def _finish_line(self) -> None:
        exchange, self._current = self._current, None
        if exchange is not None and exchange.answer_id is None:
            exchange.end({})

    def _wait(self, file: FileIO) -> None:
        if self._stuck_since is not None:
            return
        self._stuck_since = self._clock()
        self._pipes.watch(file, selectors.EVENT_WRITE, self._go_on)
        if not self._watched_over:
            self._watched_over = True
            self._pipes.call_later(self._stall_s, self._check_progress)

    def _go_on(self) -> None:
        self._stop_waiting()
        self._write()

    def _stop_waiting(self) -> None:
        self._stuck_since = None
        if self._file is not None:
            self._pipes.unwatch(self._file)

    def _check_progress(self) -> None:
        # Stuck before a line counts as much as within one: a pipe takes up to 4096 bytes whole or not at all
        # (pipe(7)), so a child that reads no more need never leave a short line half written.
        self._watched_over = self._stuck_since is not None and self._file is not None
        if self._stuck_since is None or self._file is None:
            return
        left_s = self._stuck_since + self._stall_s - self._clock()
        if left_s > 0:
            self._pipes.call_later(left_s, self._check_progress)
        else:
            self._on_stall()

    def _idle(self) -> None:
        if self._on_flushed is not None:
            on_flushed, self._on_flushed = self._on_flushed, None
            on_flushed()

    def _forget(self, exchange: Exchange) -> None:
        del self._queue[exchange]
        self._queued_bytes -= len(exchange.line)
