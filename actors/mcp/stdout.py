"""Lines from a child's stdout to answers and events."""

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from actors.config import ServerConfig
from actors.mcp.awaited import Awaited
from actors.mcp.backlog import Backlog
from actors.mcp.exchange import Exchange
from actors.mcp.jsonrpc import decode
from actors.mcp.lines import Oversized
from actors.mcp.teller import Teller
from actors.transport import Listener, Received

logger = logging.getLogger(__name__)

_LINE_BYTES = 100  # What a line takes beside its letters. A million empty ones are not nothing.


class AnswerReader:
    """Parses one child's lines on a daemon thread of its own, so that no large answer holds up other children.

    * `skipped_lines`: lines that were no JSON-RPC, or too long and no answer.
    * `on_end` comes on this thread, as its last act, when all lines handed over before `end` are dealt with.
    """

    def __init__(
        self,
        config: ServerConfig,
        awaited: Awaited[Exchange],
        listener: Listener,
        *,
        backlog_bytes: int,
        on_end: Callable[[], object],
    ) -> None:
        self._awaited, self._teller, self._on_end = awaited, Teller(listener), on_end
        self._name, self._backlog_bytes = config.name, backlog_bytes
        self.skipped_lines = 0
        self._batches: SimpleQueue[list[bytes | Oversized] | None] = SimpleQueue()
        self._unread = Backlog()  # Handed over by the pipes' thread.
        self._muted = False
        self._thread = Thread(target=self._run, name=f"answers of {config.name}", daemon=True)

    def start(self) -> bool:
        """Begin: the child is there. False: the system gives no thread, and all lines are dropped."""
        try:
            self._thread.start()
        except RuntimeError:
            self.mute()
            return False
        return True

    @property
    def is_behind(self) -> bool:
        """Whether so much waits here, or with the listener, that the pipe should be left to fill up.

        Memory is bounded so, and pipes are made to wait.
        """
        return self._unread.size + self._teller.unheard_bytes > self._backlog_bytes

    def take(self, batch: list[bytes | Oversized]) -> None:
        """Queue some lines."""
        self._unread.hand(_size(batch))
        self._batches.put(batch)

    def mute(self) -> None:
        """Drop all lines unparsed from here on: nobody waits for them."""
        self._muted = True

    def end(self) -> None:
        """No more lines will come."""
        self._batches.put(None)
        if self._thread.ident is None:  # It was never to be had: what is left to do is done here.
            self._run()

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            for line in batch:
                if not self._muted:
                    self._survive(line)
            self._unread.done(_size(batch))
        self._on_end()

    def _survive(self, line: bytes | Oversized) -> None:
        try:
            self._read(line)
        except Exception:  # A bug of ours, or no memory left; a child without a reader would be deaf for ever.
            logger.exception("%s: a line could not be dealt with", self._thread.name)

    def _read(self, line: bytes | Oversized) -> None:
        if isinstance(line, Oversized):
            if line.may_be_answer:
                self._awaited.answered_too_large(line)
            else:
                self.skipped_lines += 1
            return
        try:
            messages = decode(line)
        except ValueError:  # A print statement, a banner, half a line: it is no reason to give up the server.
            if not self.skipped_lines:
                logger.info("%s: its stdout has lines that are no JSON-RPC, as %r; skipped", self._name, line[:100])
            self.skipped_lines += 1
            return
        for message in messages:
            if isinstance(message, Received):
                self._teller.tell(message)
            else:
                self._awaited.answered(message)


def _size(batch: list[bytes | Oversized]) -> int:
    return sum(_LINE_BYTES + (len(line) if isinstance(line, bytes) else 0) for line in batch)
