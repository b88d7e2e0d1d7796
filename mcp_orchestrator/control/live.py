"""What happens, as it happens: from the orchestrator's threads to everybody who reads the events."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, TypeVar

from actors.call import ServerName
from actors.errors import ServerUnavailableError, UnknownServerError
from actors.status import Incident, ServerStatus
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.facts import Facts
from mcp_orchestrator.control.history import INTERVAL_S, History
from mcp_orchestrator.control.readers import Reader
from mcp_orchestrator.gateway.streams import encoded

T = TypeVar("T")

TICK_S = 0.25  # Between two pieces of news. The first after a while of silence goes at once.
_MOST_INCIDENTS = 1000  # Within a tick; as many as are kept at all.


class Live:
    """Samples the history, and tells readers what has changed. `on_status`, `on_incident`: any thread; else the loop's.

    * What changes within a tick is told once, as it is by then; what changes after that, at the end of the next.
    * Each piece of news is made once, for all readers; without readers, none is.
    * It begins and ends with the application. A reader before or after is refused.
    """

    def __init__(self, orchestrator: AsyncMCPOrchestrator, facts: Facts) -> None:
        self.history = History()
        self._orchestrator, self._facts = orchestrator, facts
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unwatch: Callable[[], object] = bool
        self._timer: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._is_due = False  # At the end of the rest.
        self._readers: tuple[Reader, ...] = ()
        self._statuses: dict[ServerName, ServerStatus] = {}  # Each server's actor writes its own.
        self._changed: dict[ServerName, None] = {}
        self._incidents: deque[Incident] = deque(maxlen=_MOST_INCIDENTS)
        self._told: dict[str, object] = {}  # What is told when it is not what it was.

    def begin(self) -> None:
        """Take the first sample, and hear of everything from now on."""
        self._loop, self._facts.is_draining = asyncio.get_running_loop(), False
        self._unwatch = self._orchestrator.watch(self)
        self._sample()

    def end(self) -> None:
        """Tell the readers what is left to tell, and that this was all. May be called again."""
        if self._loop is None:
            return
        self._facts.is_draining = True
        self._tell()
        for reader in self._readers:
            reader.end()
        self._unwatch()
        for timer in (self._timer, self._resting):
            if timer is not None:
                timer.cancel()
        self._loop = self._resting = None

    @contextmanager
    def reading(self) -> Generator[Reader]:
        """Give one reader the overview, and then all news. ServerUnavailableError: there will be none."""
        if self._loop is None:
            raise _refusal(is_over=self._facts.is_draining)
        self._tell()  # What the overview says, no incident says again.
        frame, overview = self._frame(), self._facts.overview()
        self._told = {"frame": frame, "configuration": overview["configuration"]}
        reader = Reader(_event("overview", overview))
        self._readers = (*self._readers, reader)
        try:
            yield reader
        finally:
            self._readers = tuple(other for other in self._readers if other is not reader)

    def status(self, server: ServerName) -> ServerStatus:
        """Return what a server said of itself last."""
        return self._statuses.get(server) or ServerStatus(server=server)

    @property
    def readers(self) -> int:
        """How many read the events now."""
        return len(self._readers)

    def look(self) -> None:
        """Tell soon what nobody says by himself: that the configuration is another one."""
        self._wake()

    def on_status(self, status: ServerStatus) -> None:
        """See Watcher."""
        self._statuses[status.server] = status
        if self._readers and status.server not in self._changed:
            self._changed[status.server] = None
            self._later(self._wake)

    def on_incident(self, incident: Incident) -> None:
        """See Watcher."""
        if self._readers:
            self._incidents.append(incident)
            self._later(self._wake)

    def _later(self, then: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # It is closed by now.
                loop.call_soon_threadsafe(then)

    def _wake(self) -> None:
        if self._loop is None:
            return
        self._is_due = self._resting is not None
        if not self._is_due:
            self._resting = self._loop.call_later(TICK_S, self._rested)
            self._tell()

    def _rested(self) -> None:
        self._resting = None
        if self._is_due:
            self._wake()

    def _sample(self) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(INTERVAL_S, self._sample)
        statuses = {name: self.status(name) for name in self._orchestrator.config.servers}
        sample = self.history.take(time.time(), statuses)
        if self._readers:
            self._tell(_event("sample", sample), self._if_new("statistics", self._facts.statistics()))

    def _tell(self, *more: bytes) -> None:
        """Tell all readers what has changed, and `more`."""
        changed = _taken(self._changed.popitem)  # Before its status is read: a later one will be told too.
        incidents = _taken(self._incidents.popleft)
        if not self._readers:
            return
        if self._told.get("frame") != (frame := self._frame()):
            self._told["frame"] = frame
            news = [_event("overview", self._facts.overview())]
        else:
            news = [self._server(name) for name, _ in reversed(changed)]
            news += [_event("incident", asdict(incident)) for incident in incidents]
        data = b"".join((self._if_new("configuration", self._facts.configuration()), *news, *more))
        for reader in self._readers if data else ():
            reader.tell(data)

    def _frame(self) -> object:
        """Return what an overview is told anew for: servers may have gone, or all of it does not serve any more."""
        return self._orchestrator.config, self._facts.state()

    def _server(self, name: ServerName) -> bytes:
        try:
            return _event("server", self._facts.server(name))
        except (UnknownServerError, KeyError):  # No longer in the configuration.
            return b""

    def _if_new(self, kind: str, what: object) -> bytes:
        if self._told.get(kind) == what:
            return b""
        self._told[kind] = what
        return _event(kind, what)


def _event(kind: str, data: Any) -> bytes:  # noqa: ANN401 -- any JSON
    """Return one server-sent event: JSON has no line breaks of its own."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), encoded(data))


def _taken(take: Callable[[], T]) -> list[T]:
    """Empty what other threads fill; each `take` is one step of the interpreter."""
    taken: list[T] = []
    with suppress(KeyError, IndexError):
        while True:
            taken.append(take())
    return taken


def _refusal(*, is_over: bool) -> ServerUnavailableError:
    if is_over:
        return ServerUnavailableError("shutting down", state="draining")
    remedy = "include the router in the application that the server runs, and let that run its lifespan"
    return ServerUnavailableError(f"nobody has started the events: {remedy}", state="stopped")
