"""For code of ours that shows how servers are: it hears of every status and incident, and asks nobody."""

import logging
from collections.abc import Callable
from itertools import count
from typing import Protocol, TypeVar

from actors.status import Incident, ServerStatus

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Watcher(Protocol):
    """Called on the threads that make what it hears of, also at once: it only tells somebody else."""

    def on_status(self, status: ServerStatus) -> object:
        """Take note that a server has changed, be it only the number of its calls under way."""
        ...

    def on_incident(self, incident: Incident) -> object:
        """Take note that something has happened that a person may want to know."""
        ...


class Watchers:
    """Those who watch one face, whatever engine it has. One that raises is logged: no server pays for it."""

    def __init__(self) -> None:
        self._all: dict[int, Watcher] = {}
        self._number = count(1).__next__  # Atomic, as the dict's own methods are: nobody needs a lock.

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` too, from now on. Return what ends that."""
        number = self._number()
        self._all[number] = watcher

        def remove() -> None:
            self._all.pop(number, None)

        return remove

    def on_status(self, status: ServerStatus) -> None:
        """Tell all."""
        for watcher in self._all.copy().values():
            guarded(watcher.on_status, status)

    def on_incident(self, incident: Incident) -> None:
        """Tell all."""
        for watcher in self._all.copy().values():
            guarded(watcher.on_incident, incident)


def guarded(tell: Callable[[T], object], what: T) -> None:
    """Tell a watcher something; log what it raises."""
    try:
        tell(what)
    except Exception:
        _log.exception("somebody who watches the servers has failed")
