"""What servers say unasked, and what becomes of them: from the orchestrator's threads to the gateway's loop."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress

from actors.call import ServerName
from actors.catalogue import table
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES
from actors.notices import Notification
from actors.status import Incident, ServerStatus
from mcp_orchestrator.gateway.catalogue import OneCatalogue
from mcp_orchestrator.gateway.fanout import UPDATED, Fanout
from mcp_orchestrator.gateway.logs import METHOD, Listeners
from mcp_orchestrator.gateway.owning import Owning
from mcp_orchestrator.gateway.sessions import Sessions
from mcp_orchestrator.gateway.shelves import Shelves

_Seen = tuple[object, object, object, object]


class Hearing:
    """Passes on what matters to callers. `on_notification`, `on_status` are for any thread, the rest is the loop's."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        # Each server's actor writes its own entries.
        self._seen: dict[ServerName, _Seen] = {}
        self._statuses: dict[ServerName, ServerStatus] = {}
        self._versions = itertools.count(1)
        self.version = 0  # Another one whenever a server lists other tools, and for some changes that matter less.
        self._news = asyncio.Event()  # Something is not what it was.
        self._tools: list[object] = []
        self._connections: dict[ServerName, tuple[int, int]] = {}

    def lead_to(  # noqa: PLR0913, PLR0917 -- once, from one place
        self,
        catalogue: OneCatalogue,
        shelves: Shelves,
        fanout: Fanout,
        listeners: Listeners,
        sessions: Sessions,
        owning: Owning,
    ) -> None:
        """Say once where it leads."""
        self._catalogue, self._shelves, self._fanout = catalogue, shelves, fanout
        self._listeners, self._sessions, self._owning = listeners, sessions, owning

    def begin(self) -> None:
        """Pass on to the loop that runs now."""
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        """Pass on nothing more; nobody waits for it any longer."""
        self._loop = None
        self._news.set()

    async def listed(self, statuses: Callable[[], Sequence[ServerStatus]], timeout_s: float) -> None:
        """Wait until every server that is ready has listed its tools, for so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._loop is not None and not all(status.fresh or not status.ready for status in statuses()):
                    self._news.clear()
                    await self._news.wait()

    def status(self, server: ServerName) -> ServerStatus:
        """Return what a server said of itself last."""
        return self._statuses.get(server) or ServerStatus(server=server)

    def on_status(self, status: ServerStatus) -> None:
        """Take note of what a server is now; most of it concerns no caller."""
        self._statuses[status.server] = status
        seen = (status.catalogue, status.ready, status.connection, status.fresh)
        if self._seen.get(status.server) != seen:
            self._seen[status.server] = seen
            self.version = next(self._versions)  # After the status: who sees this number sees that too.
            self._later(self._changed, status)

    def on_incident(self, incident: Incident) -> None:
        """Nothing that concerns a caller."""

    def on_notification(self, notification: Notification) -> None:
        """Take note of what a server says."""
        self._later(self._heard, notification)

    def _later(self, then: Callable[..., object], what: object) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # It is closed by now.
                loop.call_soon_threadsafe(then, what)

    def _changed(self, status: ServerStatus) -> None:
        self._news.set()
        self._owning.follow()
        tools = self._catalogue.tools().modern
        if tools != self._tools:
            self._tools = list(tools)
            self._fanout.changed("tools")
        if status.ready and status.fresh:  # It may have missed what changed while there was no connection.
            self._lists_changed(status)

    def _lists_changed(self, status: ServerStatus) -> None:
        connection = (status.generation, status.connection)
        if self._connections.get(status.server) == connection:
            return
        self._connections[status.server] = connection
        if "prompts" in status.capabilities:
            self._fanout.changed("prompts")
        if "resources" in status.capabilities:
            self._fanout.changed("resources")

    def _heard(self, notification: Notification) -> None:
        server, params = ServerName(notification.server), notification.params
        match notification.method:
            case "notifications/prompts/list_changed":
                self._shelves.forget(server, PROMPTS)
                self._fanout.changed("prompts")
            case "notifications/resources/list_changed":
                self._shelves.forget(server, RESOURCES, TEMPLATES)
                self._fanout.changed("resources")
            case method if method == UPDATED:
                self._fanout.updated(table(params))
            case method if method == METHOD:
                self._logged(server, notification)
            case _:
                pass  # Tools: their list is fetched first. The rest is of no request of a caller's.

    def _logged(self, server: ServerName, notification: Notification) -> None:
        if self._listeners.hear(server, notification.params):
            return
        for session in self._sessions.all():
            if session.identity.may_read(server):
                session.log(notification.params)
