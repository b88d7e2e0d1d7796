"""Incidents of a daemon, logged and counted: nobody looks at a screen then."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress

from actors.call import ServerName
from actors.status import Incident, ServerStatus

logger = logging.getLogger(__name__)

# What a person has to mend is an error, what mends itself a warning, and what has come right, or was wanted, is news.
_ERRORS = frozenset({"auth_required", "config", "crash_loop", "crashed", "hung", "parked"})
_NEWS = frozenset({"connected", "disconnected", "stopped", "breaker_half_open", "breaker_closed"})
_WANTED = frozenset({"added", "removed", "reconfigured", "enabled", "disabled"})


class IncidentLog:
    """A Watcher. It hears on any thread, and writes and counts on the loop that `begin` was called on.

    `counts`: how many there were since then, by server and kind.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[ServerName, str]] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Take note from now on."""
        self._loop = asyncio.get_running_loop()

    def on_status(self, status: ServerStatus) -> None:
        """See Watcher: what matters of it is an incident too."""

    def on_incident(self, incident: Incident) -> None:
        """See Watcher."""
        if self._loop is not None:
            with suppress(RuntimeError):  # It is closed: everything has ended.
                self._loop.call_soon_threadsafe(self._take, incident)

    def _take(self, incident: Incident) -> None:
        self.counts[incident.server, incident.kind] += 1
        text = f": {incident.text}" if incident.text else ""
        fields = {"server": incident.server, "incident": incident.kind}
        logger.log(level_of(incident.kind), "%s: %s%s", incident.server, incident.kind, text, extra=fields)


def level_of(kind: str) -> int:
    """Return how severe an incident of this kind is."""
    if kind in _ERRORS:
        return logging.ERROR
    return logging.INFO if kind in _NEWS | _WANTED else logging.WARNING
