"""How many requests callers have made of the gateway, and how they ended. On the loop's thread; a dict's entry each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What is counted by its name. All else is "other": callers may invent methods without end.
METHODS = frozenset(
    {
        "initialize",
        "ping",
        "server/discover",
        "subscriptions/listen",
        "logging/setLevel",
        "tools/list",
        "tools/call",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "completion/complete",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Of a gateway at one moment.

    `streams`: those for what servers say unasked; `requests`: by method and result; `own_connections`: of sessions that
    share them with nobody; `unaccounted_calls`: of theirs, and must be 0.
    """

    sessions: int
    streams: int
    own_connections: int
    unaccounted_calls: int
    requests: Mapping[tuple[str, str], int]


class Tally:
    """Counts requests by method and result.

    "answered"; "failed": answered with isError, by a tool or for it; "refused": with an error of JSON-RPC; "given_up":
    by the caller, who cancelled, or went away.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()

    def answered(self, method: str, result: Mapping[str, Any]) -> None:
        """Count a request with a result."""
        self._count(method, "failed" if result.get("isError") is True else "answered")

    def refused(self, method: str) -> None:
        """Count a request that ended with an error."""
        self._count(method, "refused")

    def given_up(self, method: str) -> None:
        """Count a request that its caller does not wait for any more."""
        self._count(method, "given_up")

    def _count(self, method: str, result: str) -> None:
        self.requests[method if method in METHODS else "other", result] += 1
