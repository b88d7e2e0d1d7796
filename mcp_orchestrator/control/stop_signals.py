"""The end of an application that somebody else runs: heard early enough to end what would hold it up."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop_signal(then: Callable[[], object]) -> Generator[None]:
    """Call `then` on the loop that runs now when the process is told to stop, and then whoever else is told.

    uvicorn waits for open answers before it ends the application, for as long as it takes; an event stream would
    never end. Elsewhere than on the main thread no signals come, and it does nothing.
    """
    if current_thread() is not main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(then)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in _SIGNALS:
        if callable(before[number]):  # Else nobody ends in good order, and there is nothing to be early for.
            signal.signal(number, told)
    try:
        yield
    finally:
        for number in _SIGNALS:
            if signal.getsignal(number) is told:
                signal.signal(number, before[number])
