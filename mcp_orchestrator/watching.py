"""For code of ours that shows how servers are: it hears of every status and incident, and asks nobody."""

from collections.abc import Callable
from typing import Protocol

from actors.status import Incident, ServerStatus


class Watcher(Protocol):
    """Called on the threads that make what it hears of: it only tells somebody else, and does not raise."""

    def on_status(self, status: ServerStatus) -> object:
        """Take note that a server has changed, be it only the number of its calls under way."""
        ...

    def on_incident(self, incident: Incident) -> object:
        """Take note that something has happened that a person may want to know."""
        ...


class Watchers:
    """Those who watch one face, whatever engine it has. Replaced whole, so nobody needs a lock."""

    def __init__(self) -> None:
        self._all: tuple[Watcher, ...] = ()

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` too, from now on. Return what ends that."""
        self._all = (*self._all, watcher)

        def remove() -> None:
            self._all = tuple(other for other in self._all if other is not watcher)

        return remove

    def on_status(self, status: ServerStatus) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.on_status(status)

    def on_incident(self, incident: Incident) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.on_incident(incident)
