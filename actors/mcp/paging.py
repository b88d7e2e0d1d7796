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
from actors.transport import Request

logger = logging.getLogger(__name__)

Entry: TypeAlias = Mapping[str, Any]  # As the server sent it, with a usable identity.
Paging: TypeAlias = Generator[Request, Outcome, list[Entry] | MCPOrchestratorError]

# Against a server whose list never ends. Arbitrary.
MAX_PAGES = 1000
MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024
_LEAST_BYTES = 8  # Of a number, a null, a list: of anything that is no text.


@dataclass(frozen=True, slots=True)
class Listing:
    """One kind of list. `key`: where a page has its entries; `identity`: what tells two of them apart."""

    method: str
    key: str
    identity: str
    capability: str


TOOLS = Listing("tools/list", "tools", "name", "tools")
PROMPTS = Listing("prompts/list", "prompts", "name", "prompts")
RESOURCES = Listing("resources/list", "resources", "uri", "resources")
TEMPLATES = Listing("resources/templates/list", "resourceTemplates", "uriTemplate", "resources")


def list_all(listing: Listing, server: str) -> Paging:
    """Fetch all pages; return the entries in the server's order, or the error that ended it. `server`: for the log.

    * An empty cursor is a cursor; a repeated one, a null or none is the end.
    * What has no usable identity is left out: one bad entry costs itself only. Of two with one identity the later
      counts, in the place of the earlier: pages are fetched one after the other, and the server may change meanwhile.
    * A cursor that the server does not know any more: once more from the start.
    * Beyond `MAX_PAGES`, `MAX_ENTRIES` or `MAX_BYTES` the rest is left out, and the log says so.
    """
    end = yield from _pages(listing, server)
    if isinstance(end, _LostCursor):
        end = yield from _pages(listing, server)
    return end.error if isinstance(end, _LostCursor) else end


@dataclass(frozen=True, slots=True)
class _LostCursor:
    """The server refused a cursor that it had given."""

    error: MCPToolError


def _pages(
    listing: Listing, server: str
) -> Generator[Request, Outcome, list[Entry] | MCPOrchestratorError | _LostCursor]:
    entries: dict[str, Entry] = {}
    seen: set[str] = set()
    size = 0
    params: dict[str, Any] | None = None
    for _ in range(MAX_PAGES):
        answer = yield Request(id=0, method=listing.method, params=params, replay_safe=True)
        if isinstance(answer, MCPToolError) and answer.code == _INVALID_PARAMS and params is not None:
            return _LostCursor(answer)
        if isinstance(answer, MCPOrchestratorError):
            return answer
        page = answer.get(listing.key)
        if not isinstance(page, list):
            return OutcomeUnknownError(f"the answer to {listing.method} has no list of {listing.key}")
        entries |= _usable(cast("list[object]", page), listing.identity)
        cursor = answer.get("nextCursor")
        if len(entries) > MAX_ENTRIES:
            break
        if not isinstance(cursor, str) or cursor in seen:
            return list(entries.values())
        size += _size_of(answer)  # Of a single page the transport has taken care (max_response_bytes).
        if size > MAX_BYTES or len(entries) == MAX_ENTRIES:
            break
        seen.add(cursor)
        params = {"cursor": cursor}
    logger.warning(
        "%s: its list of %s does not end within %d pages, %d entries, %d bytes; the rest is left out",
        server, listing.key, MAX_PAGES, MAX_ENTRIES, MAX_BYTES,
    )  # fmt: skip
    return list(entries.values())[:MAX_ENTRIES]


_INVALID_PARAMS = -32602


def _usable(page: list[object], identity: str) -> dict[str, Entry]:
    usable: dict[str, Entry] = {}
    for entry in map(table, page):
        if isinstance(name := entry.get(identity), str) and name:
            usable[name] = entry
    return usable


def _size_of(answer: object) -> int:
    """Return about how many bytes this was on the wire. Without recursion: how deep it goes, the server decides."""
    size, left = 0, [answer]
    while left:
        value = left.pop()
        size += len(value) if isinstance(value, str) else _LEAST_BYTES
        if isinstance(value, dict):
            left += cast("dict[str, Any]", value)
            left += cast("dict[str, Any]", value).values()
        elif isinstance(value, list):
            left += cast("list[object]", value)
    return size
