"""One thread that waits for many files at once, for the pipes of all children and for the reaper."""

import heapq
import logging
import os
import selectors
from collections.abc import Callable
from io import FileIO
from itertools import count
from threading import Lock, Thread
from typing import TypeAlias, cast
from weakref import WeakSet

Callback: TypeAlias = Callable[[], object]

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 3600.0  # Arbitrary; far below what the platform's select can express.


class SelectorThread:
    """Calls back when a file is ready, when a time has come, or because somebody asked. One daemon thread.

    * `call` is for any thread. All else is for callbacks, that is for this thread: what only they touch needs no lock.
    * A callback never blocks. One that raises is logged; its file is left alone from then on.
    * Files adopted here are closed in a process forked off this one: a child's stdin must end with its owner,
      also when the owner has forked workers that live on.
    """

    def __init__(self, name: str, *, clock: Callable[[], float]) -> None:
        self._clock, self._owner = clock, os.getpid()
        self._lock = Lock()
        self._calls: list[Callback] = []
        self._closed = False
        self._timers: list[tuple[float, int, Callback]] = []
        self._numbers = count()
        self._files: set[FileIO] = set()
        self._selector = selectors.DefaultSelector()
        self._wakes, self._waker = (FileIO(fd, mode) for fd, mode in zip(os.pipe(), "rw", strict=True))
        self.adopt(self._wakes)
        self.adopt(self._waker)
        self.watch(self._wakes, selectors.EVENT_READ, lambda: self._wakes.read(1))
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        _all.add(self)

    @property
    def is_ours(self) -> bool:
        """False in a process forked off the one that made it: there it does nothing."""
        return os.getpid() == self._owner

    def call(self, callback: Callback) -> bool:
        """Have `callback` run on this thread, in order. Never blocks. False: it will not run, the thread has ended."""
        if not self.is_ours:  # Before the lock: another thread may have held it when this one forked.
            return False
        with self._lock:
            if self._closed:
                return False
            self._calls.append(callback)
            if len(self._calls) == 1:  # Else a wake-up is on its way. One byte always fits into the pipe.
                self._waker.write(b"\0")
            return True

    def call_later(self, delay_s: float, callback: Callback) -> None:
        """Have `callback` run in `delay_s`. There is no way to call it off: it looks whether it is still wanted."""
        heapq.heappush(self._timers, (self._clock() + delay_s, next(self._numbers), callback))

    def adopt(self, file: FileIO) -> None:
        """Take `file` over: it lives until `drop`, `close` or, in a forked process, the fork."""
        self._files.add(file)

    def watch(self, file: FileIO, event: int, callback: Callback) -> None:
        """Call `callback` whenever `file` is ready for `event` (EVENT_READ or EVENT_WRITE), until `unwatch`."""
        self._selector.register(file, event, callback)

    def unwatch(self, file: FileIO) -> None:
        """Stop watching, if `file` is open and watched at all."""
        if not file.closed and file in self._selector.get_map():
            self._selector.unregister(file)

    def drop(self, file: FileIO) -> None:
        """Stop watching and close. May come twice."""
        self.unwatch(file)
        self._files.discard(file)
        file.close()

    def close(self, timeout_s: float) -> list[str]:
        """End the thread after the calls made so far, close what it still has, and say what was left behind."""
        if not self.is_ours:
            return []
        with self._lock:
            closed, self._closed = self._closed, True
            if not closed and not self._calls:
                self._waker.write(b"\0")
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return [f"thread {self._thread.name}"]
        # Its own two are the wake-up pipe. They are gone if this comes twice.
        left = [f"{self._thread.name}: {len(self._files) - 2} open files"] if len(self._files) > 2 else []
        self.forget_files()
        return left

    def forget_files(self) -> None:
        """Close all files and the selector. Unregisters nothing: in a forked process that would be the owner's."""
        for file in self._files:
            file.close()
        self._files.clear()
        self._selector.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(self._wait_s()):
                file = cast("FileIO", key.fileobj)
                if not file.closed and not self._survives(
                    key.data
                ):  # Closed by a callback of this very round, perhaps.
                    self.unwatch(file)
            with self._lock:
                calls, self._calls, closed = self._calls, [], self._closed
            for callback in calls:
                self._survives(callback)
            while self._timers and self._timers[0][0] <= self._clock():
                self._survives(heapq.heappop(self._timers)[2])
            if closed:
                return

    def _wait_s(self) -> float:
        if not self._timers:
            return _LONGEST_WAIT_S
        return min(max(self._timers[0][0] - self._clock(), 0.0), _LONGEST_WAIT_S)

    def _survives(self, callback: Callback) -> bool:
        try:
            callback()
        except BaseException:  # The pipes of all other children hang on this thread.
            logger.exception("A callback of thread %s raised", self._thread.name)
            return False
        return True


_all: "WeakSet[SelectorThread]" = WeakSet()


def _forget_files_after_fork() -> None:
    for thread in _all:
        thread.forget_files()


os.register_at_fork(after_in_child=_forget_files_after_fork)
