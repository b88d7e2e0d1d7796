"""The prompts, resources and templates of all servers, kept while they are true. All on the loop's thread."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from actors.call import ServerName
from actors.catalogue import table
from actors.errors import MCPOrchestratorError
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES, Entry, ListMethod
from actors.status import ServerStatus

logger = logging.getLogger(__name__)

KINDS = {kind.method: kind for kind in (PROMPTS, RESOURCES, TEMPLATES)}
_FETCH_S = 10.0  # One slow server must not keep the lists of all the others back for longer. Arbitrary.
_TRUE_FOR_S = 5.0  # The list of a server that does not promise to tell of changes. Arbitrary.

Fetch = Callable[[ServerName, ListMethod, float], Awaitable[list[Entry]]]


@dataclass(slots=True)
class _Shelf:
    """One list of one server. `connection`: on which it was fetched."""

    entries: list[Entry] = field(default_factory=list[Entry])
    connection: tuple[int, int] = (-1, -1)
    until: float = 0.0
    fetching: "asyncio.Task[None] | None" = None


class Shelves:
    """Fetches a list when somebody wants it and what is here may be out of date; one fetch for all who want it.

    Of a server that cannot be asked, what it listed last counts: a list must not shrink while somebody restarts.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._shelves: dict[tuple[ServerName, str], _Shelf] = {}

    async def entries(self, status: ServerStatus, kind: ListMethod) -> list[Entry]:
        """Return a server's list, as up to date as can be had."""
        shelf = self._shelves.setdefault((status.server, kind.method), _Shelf())
        if self._is_out_of_date(shelf, status, kind):
            if shelf.fetching is None:
                shelf.fetching = asyncio.ensure_future(self._fill(shelf, status, kind))
            await asyncio.shield(shelf.fetching)
        return shelf.entries

    def forget(self, server: ServerName, *kinds: ListMethod) -> None:
        """Take note that these lists of a server have changed."""
        for kind in kinds:
            if (shelf := self._shelves.get((server, kind.method))) is not None:
                shelf.connection = (-1, -1)

    async def close(self) -> None:
        """End what is being fetched."""
        fetching = [shelf.fetching for shelf in self._shelves.values() if shelf.fetching is not None]
        for task in fetching:
            task.cancel()
        await asyncio.gather(*fetching, return_exceptions=True)

    def _is_out_of_date(self, shelf: _Shelf, status: ServerStatus, kind: ListMethod) -> bool:
        if not status.ready or kind.capability not in status.capabilities:
            return False
        return shelf.connection != _connection(status) or self._clock() >= shelf.until

    async def _fill(self, shelf: _Shelf, status: ServerStatus, kind: ListMethod) -> None:
        shelf.connection, shelf.until = _connection(status), 0.0  # Before the answer: what changes meanwhile is seen.
        tells = table(status.capabilities.get(kind.capability)).get("listChanged") is True
        try:
            shelf.entries = await self._fetch(status.server, kind, _FETCH_S)
            shelf.until = float("inf") if tells else self._clock() + _TRUE_FOR_S
        except (MCPOrchestratorError, ValueError) as error:
            where = {"server": status.server, "request_id": getattr(error, "request_id", None)}
            logger.warning("%s: no %s: %s", status.server, kind.method, error, extra=where)
            shelf.until = self._clock() + _TRUE_FOR_S
        finally:
            shelf.fetching = None


def _connection(status: ServerStatus) -> tuple[int, int]:
    return status.generation, status.connection
