"""Time, chance, threads and timers: all that a test must be able to decide."""

import functools
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread, current_thread, get_ident
from typing import Any, Protocol, TypeVar, cast

import pykka

A = TypeVar("A", bound=pykka.Actor)

logger = logging.getLogger(__name__)


class Runtime(Protocol):
    """Two of them: threads (below), and one seeded scheduler for tests."""

    def clock(self) -> float:
        """Monotonic seconds. Every `deadline` and `due` is on this clock."""
        ...

    def wall_clock(self) -> float:
        """Seconds since 1970, for what people and disks are told."""
        ...

    def jitter(self) -> float:
        """Return a chance in [0, 1)."""
        ...

    def start(self, actor: Callable[..., A], **arguments: Any) -> "pykka.ActorRef[A]":  # noqa: ANN401 -- the actor's own
        """Start an actor of this class. The only way to: it decides what the actor runs on."""
        ...

    def wake(self, actor: "pykka.ActorRef[Any]", due: float, /) -> None:
        """Tell `actor` a Tick at `due`, once, in place of any wake-up agreed before. Never blocks."""
        ...

    def run_later(self, callback: Callable[[], object], /) -> None:
        """Run a caller's code where it can harm nobody: one after the other, exceptions logged. Never blocks."""
        ...

    def run_apart(self, task: Callable[[], object], /) -> bool:
        """Run code that may block for minutes, on a thread that holds up nobody; False: there is none to be had.

        What `task` raises is logged. Never blocks.
        """
        ...


class Ticker(Protocol):
    """The one timer thread, as the runtime needs it: `supervisors.ticker`."""

    def wake(self, actor: "pykka.ActorRef[Any]", due: float, /) -> None:
        """See Runtime."""
        ...

    def close(self, timeout_s: float) -> list[str]:
        """End the thread. Return its name if it is left behind."""
        ...


class ThreadRuntime:
    """A thread per actor, one for all timers, one for all callbacks, one per task apart; all are daemonic.

    None outlives `close` but tasks apart that do not end: they are the user's, and cannot be ended.
    """

    clock = staticmethod(time.monotonic)
    wall_clock = staticmethod(time.time)
    jitter = staticmethod(random.random)

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self.wake = ticker.wake
        self._callbacks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._over = False
        self._finishing: dict[int, None] = {}  # By their numbers, threads that run what came after the end.
        self._thread = Thread(target=self._call_back, name="mcp-callbacks", daemon=True)
        self._thread.start()
        self._apart: dict[Thread, None] = {}

    def start(self, actor: Callable[..., A], **arguments: Any) -> "pykka.ActorRef[A]":  # noqa: ANN401 -- the actor's own
        """See Runtime."""
        return cast("type[A]", _on_a_thread(cast("type", actor))).start(runtime=self, **arguments)

    def run_later(self, callback: Callable[[], object]) -> None:
        """See Runtime. After `close`, on the calling thread: who waits for it must not wait for ever.

        What such a callback wants run in its turn is dropped: one that always makes another call would never end.
        """
        if get_ident() in self._finishing:
            return
        self._callbacks.put(callback)
        if self._over:  # First put, then look; the thread sets it, then empties the queue: one of the two finds it.
            self._finish()

    def run_apart(self, task: Callable[[], object]) -> bool:
        """See Runtime."""
        thread = Thread(target=self._run_apart, args=(task,), name="mcp-apart", daemon=True)
        self._apart[thread] = None
        try:
            thread.start()
        except RuntimeError:  # The platform has none left.
            del self._apart[thread]
            return False
        return True

    def close(self, *, timeout_s: float) -> list[str]:
        """End all threads, the callbacks after those already queued. Return the names of those left behind."""
        give_up_at = time.monotonic() + timeout_s
        self._callbacks.put(None)
        left = self._ticker.close(timeout_s)
        threads = [self._thread, *(thread for thread in self._apart.copy() if thread.is_alive())]
        for thread in threads:
            thread.join(max(give_up_at - time.monotonic(), 0.0))
        return left + [thread.name for thread in threads if thread.is_alive()]

    def _run_apart(self, task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException:  # As for callbacks.
            logger.exception("A task apart raised")
        finally:
            del self._apart[current_thread()]

    def _call_back(self) -> None:
        while (callback := self._callbacks.get()) is not None:
            _run_callback(callback)
        self._over = True
        self._finish()

    def _finish(self) -> None:
        self._finishing[get_ident()] = None
        with suppress(Empty):
            while True:
                if (callback := self._callbacks.get_nowait()) is not None:
                    _run_callback(callback)
        del self._finishing[get_ident()]


def _run_callback(callback: Callable[[], object]) -> None:
    try:
        callback()
    except BaseException:  # A caller's sys.exit() is the caller's, not this thread's.
        logger.exception("A callback raised")


class _ThreadLoop(pykka.ThreadingActor):
    """pykka's loop on a thread, with a mailbox that wakes it without a lock of its own in between."""

    # Daemonic: a script that forgets shutdown() must end all the same.
    use_daemon_thread = True

    @staticmethod
    def _create_actor_inbox() -> Any:  # noqa: ANN401 -- pykka keeps the type to itself
        # queue.Queue is Python code around a Condition: three hops of a call cost 25 µs more with it.
        return SimpleQueue[Any]()


@functools.cache
def _on_a_thread(actor: type) -> type:
    return with_loop(actor, _ThreadLoop)


def with_loop(actor: type, loop: type, **attributes: object) -> type:
    """Return `actor` running on `loop`: the class pykka would have one write by hand."""
    return type(actor.__name__, (actor, loop), attributes)
