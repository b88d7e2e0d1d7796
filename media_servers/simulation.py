"""Parts of the simulated backends: time that can run faster, repeatable chance, and one line that downloads.

Nothing here starts a thread: what has happened by now is worked out when somebody asks.
"""

import abc
import math
import random
import threading
import time
from bisect import insort
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from media_servers.errors import RefusedError

Clock: TypeAlias = Callable[[], float]  # Seconds since 1970.

MB = 1_000_000
GB = 1_000_000_000
MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
RATE_BYTES_S = 10 * MB  # A guess at a household's line.
KEEP = 1000  # Entries of any history; the oldest go.


def sped_up(factor: float, clock: Clock = time.time) -> Clock:
    """Return a clock that starts with `clock` and runs `factor` times as fast."""
    start = clock()
    return lambda: start + (clock() - start) * factor


def chance(seed: int) -> random.Random:
    """Return a source of sizes and failures that are the same for the same seed."""
    return random.Random(seed)  # noqa: S311 -- repeatable is the point


def chosen(what: str, wanted: str | int | None, names: Sequence[str]) -> str:
    """Return the one of `names` that is wanted, by name or by number from 1; the first if none is. Or RefusedError."""
    if wanted is None:
        return names[0]
    for number, name in enumerate(names, 1):
        if str(wanted).casefold() in {name.casefold(), str(number)}:
            return name
    there_are = ", ".join(f'"{name}" ({number})' for number, name in enumerate(names, 1))
    raise RefusedError(f"There is no {what} {str(wanted)!r:.80}: choose one of {there_are}.")


class Simulation(abc.ABC):
    """Base of a backend that lives by a clock. The SDK calls tools from several threads: one lock for everything."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()

    @abc.abstractmethod
    def advance(self, now: float) -> None:
        """Let happen all that is due by `now`. A clock that was set back makes nothing unhappen."""

    @contextmanager
    def present(self) -> Generator[float]:
        """Hold the state still, as it is now. Around the whole of every public method."""
        with self._lock:
            now = self._clock()
            self.advance(now)
            yield now


@dataclass(slots=True, kw_only=True, eq=False)
class Transfer:
    """Something on its way. `urgency`: higher goes first; `forced`: goes on while the line is paused."""

    size_bytes: int
    added_at: float
    got_bytes: float = 0.0
    urgency: int = 0
    paused: bool = False
    forced: bool = False

    @property
    def remaining_bytes(self) -> int:
        """What is still to come, whole bytes."""
        return math.ceil(self.size_bytes - self.got_bytes)

    @property
    def progress(self) -> float:
        """Percent, rounded to a tenth."""
        return round(100 * self.got_bytes / self.size_bytes, 1)


X = TypeVar("X", bound=Transfer)


class Line(Generic[X]):
    """Downloads one transfer at a time, the most urgent first, then in order of arrival."""

    def __init__(self, now: float, rate_bytes_s: float = RATE_BYTES_S) -> None:
        self.rate_bytes_s = rate_bytes_s
        self.paused = False
        self.waiting: list[X] = []
        self._now = now

    def add(self, transfer: X) -> None:
        """Queue behind what is as urgent."""
        insort(self.waiting, transfer, key=_turn)

    def sort(self) -> None:
        """Restore the order after an urgency has changed."""
        self.waiting.sort(key=_turn)

    def active(self) -> X | None:
        """Return the one that is downloading, if any."""
        return next((transfer for transfer in self.waiting if self._may_run(transfer)), None)

    def advance(self, now: float) -> list[tuple[float, X]]:
        """Download until `now`; returns what became complete, with the second it did."""
        complete: list[tuple[float, X]] = []
        while self._now < now and (transfer := self.active()) is not None:
            ends_at = self._now + (transfer.size_bytes - transfer.got_bytes) / self.rate_bytes_s
            if ends_at > now:
                transfer.got_bytes += (now - self._now) * self.rate_bytes_s
                break
            self._now, transfer.got_bytes = ends_at, transfer.size_bytes
            self.waiting.remove(transfer)
            complete.append((ends_at, transfer))
        self._now = max(self._now, now)
        return complete

    def eta_s(self, transfer: X) -> int | None:
        """Seconds until `transfer` is complete if nothing changes; None while it is paused."""
        if not self._may_run(transfer):
            return None
        ahead = self.waiting[: self.waiting.index(transfer) + 1]
        todo = sum(other.size_bytes - other.got_bytes for other in ahead if self._may_run(other))
        return math.ceil(todo / self.rate_bytes_s)

    def _may_run(self, transfer: X) -> bool:
        return not transfer.paused and (transfer.forced or not self.paused)


def _turn(transfer: Transfer) -> int:
    return -transfer.urgency
