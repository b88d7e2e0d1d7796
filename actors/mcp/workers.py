"""Threads on which a transport may block."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

Tell: TypeAlias = Callable[[], object]
Job: TypeAlias = Callable[[], Tell | None]


class Workers:
    """As many daemon threads as there are jobs at once, the one that worked last first: few stay hot.

    * A job returns what it has to tell; by then its thread can be given the next one, which mostly comes of the
      telling, and needs no other thread to wake up for it. Neither may raise.
    * A job returns None if its thread was written off meanwhile: that thread ends and is no longer ours.
    * No ThreadPoolExecutor: its threads are joined when the process ends, and hold it up.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = Lock()
        self._idle: list[SimpleQueue[Job | None]] = []
        self._threads = 0
        self._ended: Tell | None = None
        self.written_off = 0  # Threads given up so far.

    def run(self, job: Job) -> None:
        """Begin the job and return at once. Raises RuntimeError if the system gives no thread. Not after `end`."""
        with self._lock:
            if self._idle:
                self._idle.pop().put(job)
                return
            self._threads += 1
        inbox: SimpleQueue[Job | None] = SimpleQueue()
        inbox.put(job)
        try:
            Thread(target=self._work, args=(inbox,), name=self._name, daemon=True).start()
        except RuntimeError:
            self._leave()
            raise

    def write_off(self) -> None:
        """Give up the thread of a job that will return None, if ever."""
        with self._lock:
            self.written_off += 1
        self._leave()

    def end(self, ended: Tell) -> None:
        """Once no job is under way: end all threads; the last one says so by `ended`."""
        with self._lock:
            self._ended = ended
            for inbox in self._idle:
                inbox.put(None)
            self._idle.clear()
            nobody = self._threads == 0
        if nobody:
            ended()

    def _work(self, inbox: "SimpleQueue[Job | None]") -> None:
        while (job := inbox.get()) is not None:
            tell = job()
            if tell is None:
                return
            with self._lock:
                self._idle.append(inbox)
            tell()
            del job, tell  # Else an idle thread keeps the last answer in memory.
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._threads -= 1
            ended = self._ended if self._threads == 0 else None
        if ended is not None:
            ended()
