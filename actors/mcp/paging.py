"""Lists that come in pages. Pure: a generator that yields requests and is sent their outcomes.

Source: MCP 2026-07-28, pagination; the rule is the same in all revisions.
"""

import logging
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from actors.call import Outcome
from actors.catalogue import table
from actors.errors import MCPOrchestratorError, MCPToolError, OutcomeUnknownError
from actors.mcp.sizes import size_of
from actors.transport import Request

logger = logging.getLogger(__name__)

Entry: TypeAlias = Mapping[str, Any]  # As the server sent it, with a usable identity.

# Against a server whose list never ends. Arbitrary.
MAX_PAGES = 1000
MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024  # In memory.
_BAD_PARAMS = -32602  # A cursor that is none, or none any more, among others.


@dataclass(frozen=True, slots=True)
class Entries:
    """All pages of a list. `ttl_s`: how long it stays true, by the server; None where it says nothing of that."""

    entries: list[Entry]
    ttl_s: float | None = None


Paging: TypeAlias = Generator[Request, Outcome, Entries | MCPOrchestratorError]


@dataclass(frozen=True, slots=True)
class ListMethod:
    """One kind of list. `key`: where a page has its entries; `identity`: what tells two of them apart."""

    method: str
    key: str
    identity: str
    capability: str


TOOLS = ListMethod("tools/list", "tools", "name", "tools")
PROMPTS = ListMethod("prompts/list", "prompts", "name", "prompts")
RESOURCES = ListMethod("resources/list", "resources", "uri", "resources")
TEMPLATES = ListMethod("resources/templates/list", "resourceTemplates", "uriTemplate", "resources")


def list_all(kind: ListMethod, server: str) -> Paging:
    """Fetch all pages; return the entries in the server's order, or the error that ended it. `server`: for the log.

    * An empty cursor is a cursor; a repeated one, a null or none is the end.
    * What has no usable identity is left out: one bad entry costs itself only. Of two with one identity the later
      counts, in the place of the earlier: pages are fetched one after the other, and the list may change meanwhile.
    * A cursor that the server refuses, since its list has changed: once more from the start.
    * Beyond `MAX_PAGES`, `MAX_ENTRIES` or `MAX_BYTES` the rest is left out, and the log says so.
    """
    pages, may_restart = _Pages(kind), True
    params: dict[str, Any] | None = None
    while True:
        answer = yield Request(id=0, method=kind.method, params=params, replay_safe=True)
        if may_restart and params is not None and isinstance(answer, MCPToolError) and answer.code == _BAD_PARAMS:
            pages, may_restart, params = _Pages(kind), False, None
            continue
        if isinstance(answer, MCPOrchestratorError):
            return answer
        page = answer.get(kind.key)
        if not isinstance(page, list):
            return OutcomeUnknownError(f"the answer to {kind.method} has no list of {kind.key}")
        cursor = pages.take(answer, cast("list[object]", page))
        if cursor is None:
            return pages.all(server)
        params = {"cursor": cursor}


class _Pages:
    """What has come so far."""

    def __init__(self, kind: ListMethod) -> None:
        self._kind, self._entries, self._seen = kind, dict[str, Entry](), set[str]()
        self._size, self._ttls_s, self._is_cut = 0, list[float](), False

    def take(self, answer: Mapping[str, Any], page: list[object]) -> str | None:
        """Keep one more page; return the cursor of the next one to fetch."""
        for entry in map(table, page):
            if isinstance(name := entry.get(self._kind.identity), str) and name:
                self._entries[name] = entry
        if (ttl_s := ttl_s_of(answer)) is not None:
            self._ttls_s.append(ttl_s)
        cursor = answer.get("nextCursor")
        if not isinstance(cursor, str) or cursor in self._seen:
            self._is_cut = len(self._entries) > MAX_ENTRIES
            return None
        self._is_cut = self._is_full(answer)
        self._seen.add(cursor)
        return None if self._is_cut else cursor

    def all(self, server: str) -> Entries:
        """Return everything, or as much of it as may be."""
        if self._is_cut:
            logger.warning(
                "%s: its list of %s has more than %d pages, %d entries or %d bytes; the rest is left out",
                server, self._kind.key, MAX_PAGES, MAX_ENTRIES, MAX_BYTES,
            )  # fmt: skip
        return Entries(list(self._entries.values())[:MAX_ENTRIES], min(self._ttls_s, default=None))

    def _is_full(self, answer: Mapping[str, Any]) -> bool:
        self._size += size_of(
            answer, MAX_BYTES
        )  # Of a list on one page the transport has taken care: max_response_bytes.
        is_long = len(self._entries) >= MAX_ENTRIES or len(self._seen) + 1 >= MAX_PAGES
        return is_long or self._size > MAX_BYTES


def ttl_s_of(result: Mapping[str, Any]) -> float | None:
    """Return the seconds for which a modern result stays true; None if it does not say so in milliseconds >= 0."""
    ttl_ms = result.get("ttlMs")
    return ttl_ms / 1000 if type(ttl_ms) is int and ttl_ms >= 0 else None
