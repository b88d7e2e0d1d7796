"""SIGHUP: somebody asks for a reload; or the terminal has gone, and nobody is there any more who could ask."""

import asyncio
import os
import signal
from types import TracebackType
from typing import Self


class Hangup:
    """Sets `reload`, or `end` once the terminal has gone that was there at the start. Under nohup it never does."""

    def __init__(self, end: asyncio.Event) -> None:
        self.reload, self._end = asyncio.Event(), end
        self._is_of_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_DFL and _terminal_is_there()

    def __enter__(self) -> Self:
        """Take the signal over. On the main thread, within a loop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._came)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give it back."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)

    def _came(self) -> None:
        has_gone = self._is_of_terminal and not _terminal_is_there()
        (self._end if has_gone else self.reload).set()


def _terminal_is_there() -> bool:
    """Say whether this process has a controlling terminal that is still connected."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
