"""The one timer thread: it knows one wake-up per actor, and only tells."""

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import pykka

from actors.messages import Tick
from actors.timers import Timers

_LONGEST_WAIT_S = 3600.0  # Arbitrary; far below the platform's limit on lock timeouts.


class Ticker:
    """See `actors.runtime.Ticker`. Actors tell it earlier times only; a Tick may come early."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wakes: SimpleQueue[tuple[pykka.ActorRef[Any], float] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="mcp-ticker", daemon=True)
        self._thread.start()

    def wake(self, actor: "pykka.ActorRef[Any]", due: float) -> None:
        """See Runtime."""
        self._wakes.put((actor, due))

    def close(self, timeout_s: float) -> list[str]:
        """See `actors.runtime.Ticker`."""
        self._wakes.put(None)
        self._thread.join(timeout_s)
        return [self._thread.name] if self._thread.is_alive() else []

    def _run(self) -> None:
        timers = Timers[pykka.ActorRef[Any]]()
        while True:
            wait_s = timers.next_due() - self._clock()
            try:
                wake = self._wakes.get(timeout=min(max(wait_s, 0.0), _LONGEST_WAIT_S))
            except Empty:
                for actor in timers.take_due(self._clock()):
                    with suppress(pykka.ActorDeadError):  # It paid when it died.
                        actor.tell(Tick())
            else:
                if wake is None:
                    return
                timers.set(*wake)
