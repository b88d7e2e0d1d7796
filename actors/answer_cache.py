"""Answers that a modern server lets us keep for a while, for the actor that asks it. Pure; the clock is an argument.

Source: MCP 2026-07-28, caching (`ttlMs`, `cacheScope`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from actors.call import Result
from actors.mcp.sizes import size_of

# What may be kept, and which of its params names the answer. Whatever else a request carries may change the answer:
# it is neither kept nor answered from here. `inputResponses` and `requestState` above all.
_NAMED_BY: Mapping[str, str | None] = {
    "server/discover": None,
    "tools/list": "cursor",
    "prompts/list": "cursor",
    "resources/list": "cursor",
    "resources/templates/list": "cursor",
    "resources/read": "uri",
}
_CHANGES: Mapping[str, tuple[str, ...]] = {
    "notifications/tools/list_changed": ("tools/list",),
    "notifications/prompts/list_changed": ("prompts/list",),
    "notifications/resources/list_changed": ("resources/list", "resources/templates/list"),
    "notifications/resources/updated": ("resources/read",),
}
_LONGEST_MS = 24 * 3600 * 1000  # A server that says "for ever" is asked again tomorrow.

_Key: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class _Kept:
    result: Result
    stale_at: float
    size: int


class AnswerCache:
    """The fresh answers of one server to one client: as its credentials are one, `private` ones are kept too.

    * `clock`: seconds, monotonic. `most_bytes`: of all answers, as Python holds them.
    * What is kept and returned is the very dict that came: nobody may change it.
    * When there is too much, the oldest go first. An answer larger than all of it is not kept.
    """

    def __init__(
        self, clock: Callable[[], float], *, most_entries: int = 256, most_bytes: int = 16 * 1024 * 1024
    ) -> None:
        self._clock, self._most_entries, self._most_bytes = clock, most_entries, most_bytes
        self._kept: dict[_Key, _Kept] = {}  # The oldest first.
        self._bytes = 0
        self._changed_at: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many answers are kept, fresh or not."""
        return len(self._kept)

    def put(
        self, method: str, params: Mapping[str, Any] | None, result: Result, *, asked_at: float | None = None
    ) -> None:
        """Keep the answer to a request if the protocol allows. It takes the place of an older one in any case.

        `asked_at`: when the request went out, by the clock; an answer that a change has overtaken on its way is not
        kept. None: just now.
        """
        key = _key(method, params)
        if key is None:
            return
        self._drop(key)
        ttl_ms = result.get("ttlMs")
        if result.get("resultType", "complete") != "complete" or type(ttl_ms) is not int or ttl_ms <= 0:
            return
        if asked_at is not None and self._changed_at.get(method, asked_at) > asked_at:
            return
        size = size_of(result, self._most_bytes)
        if size > self._most_bytes:
            return
        self._kept[key] = _Kept(result, self._clock() + min(ttl_ms, _LONGEST_MS) / 1000, size)
        self._bytes += size
        while len(self._kept) > self._most_entries or self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def get(self, method: str, params: Mapping[str, Any] | None) -> Result | None:
        """Return the answer if a fresh one is kept."""
        key = _key(method, params)
        kept = None if key is None else self._kept.get(key)
        if key is None or kept is None:
            return None
        if self._clock() >= kept.stale_at:
            self._drop(key)
            return None
        return kept.result

    def changed(self, notification: str, params: Mapping[str, Any]) -> None:
        """Take note of a server's notification: what it says has changed is kept no longer."""
        methods, uri = _CHANGES.get(notification, ()), params.get("uri")
        for method in methods:
            self._changed_at[method] = self._clock()
        for key in [key for key in self._kept if key[0] in methods]:
            # An update that names no resource may be one of any.
            if key[0] != "resources/read" or not isinstance(uri, str) or key[1] == uri:
                self._drop(key)

    def refused(self, method: str, params: Mapping[str, Any] | None) -> None:
        """Take note that a request was refused. If it was for a later page, the list has changed: all pages go."""
        key = _key(method, params)
        if key is not None and _NAMED_BY[method] == "cursor" and key[1] is not None:
            for page in [page for page in self._kept if page[0] == method]:
                self._drop(page)

    def clear(self) -> None:
        """Forget all: nobody has told what changed while no stream was open."""
        self._kept.clear()
        self._bytes = 0
        self._changed_at = dict.fromkeys(_NAMED_BY, self._clock())

    def _drop(self, key: _Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size


def _key(method: str, params: Mapping[str, Any] | None) -> _Key | None:
    """Return what names the answer; None for what is not to be kept. An empty cursor is a cursor."""
    if method not in _NAMED_BY:
        return None
    naming = _NAMED_BY[method]
    given = {name: value for name, value in (params or {}).items() if name != "_meta"}
    name = given.pop(naming, None) if naming is not None else None
    if given or (name is None and naming == "uri") or not isinstance(name, str | None):
        return None
    return method, name


def copied(result: Result) -> Result:
    """Return a copy that may be changed. Without recursion, as its depth is the server's choice."""
    whole = dict(result)
    pending: list[dict[Any, Any] | list[Any]] = [whole]
    while pending:
        part = pending.pop()
        for key, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
            if isinstance(value, dict | list):
                part[key] = value.copy()
                pending.append(part[key])
    return whole
