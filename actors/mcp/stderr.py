"""The last words of a child: what its stderr said, kept for errors and status."""

from collections import deque
from threading import Lock

from actors.mcp.lines import LineSplitter, Oversized

_LINES = 200
_LINE_BYTES = 4096  # Of a longer line its two ends are kept. Arbitrary.


class StderrTail:
    """The last 200 lines. Written by the pipes' thread, read by any."""

    def __init__(self) -> None:
        self._splitter = LineSplitter(_LINE_BYTES)
        self._lock = Lock()
        self._lines: deque[str] = deque(maxlen=_LINES)

    def feed(self, chunk: bytes) -> None:
        """Take what was read."""
        self._keep(self._splitter.feed(chunk))

    def end(self) -> None:
        """Take the line that no newline ended."""
        self._keep(self._splitter.flush())

    def lines(self) -> list[str]:
        """Return them, oldest first."""
        with self._lock:
            return list(self._lines)

    def _keep(self, lines: list[bytes | Oversized]) -> None:
        with self._lock:
            self._lines.extend(_text(line) for line in lines[-_LINES:])


def _text(line: bytes | Oversized) -> str:
    whole = line if isinstance(line, bytes) else line.head + b" ... " + line.tail
    return whole.decode(errors="replace").rstrip("\r")
