"""Ctrl-C and SIGTERM, for whoever ends in good order: the commands and the daemon."""

import asyncio
import signal
from types import TracebackType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Both mean the same here: `first` asks for an orderly end, `second` for one at once."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        """Take the signals over. On the main thread, within a loop."""
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._came)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give them back."""
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _came(self) -> None:
        (self.second if self.first.is_set() else self.first).set()
