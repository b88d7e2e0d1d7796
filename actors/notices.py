"""What servers say unasked, on its way to a caller's code, which may be slower than they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from actors.call import RunLater, ServerName
from actors.mcp.backlog import Backlog
from actors.mcp.sizes import size_of

# Of one server, until the caller's code gets to them. Arbitrary.
MOST_WAITING = 1000
MOST_BYTES = 16 * 1024 * 1024  # In memory; what comes when there is room is taken whole, however large.


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a server said unasked, raw: a log message, that a list or a resource changed, or something unknown."""

    server: str
    method: str
    params: Mapping[str, Any]


class Relay:
    """Hands callbacks of one server over to the callbacks thread, in order, and never more than can be remembered."""

    def __init__(self, run_later: RunLater) -> None:
        self._run_later = run_later
        self._number, self._bytes = Backlog(), Backlog()

    def hand(self, callback: Callable[[], object], payload: object = None) -> bool:
        """Run it later. False: too many wait already, or too much of what they carry, and it is dropped."""
        if self._number.size >= MOST_WAITING or self._bytes.size >= MOST_BYTES:
            return False
        size = size_of(payload, MOST_BYTES)
        self._number.hand(1)
        self._bytes.hand(size)
        self._run_later(partial(self._begin, callback, size))
        return True

    def _begin(self, callback: Callable[[], object], size: int) -> None:
        self._number.done(1)
        self._bytes.done(size)
        callback()


class Notices:
    """Tells `on_notification` what any server says. Called on the servers' actors' threads."""

    def __init__(self, on_notification: Callable[[Notification], object], run_later: RunLater) -> None:
        self._on_notification, self._run_later = on_notification, run_later
        self._relays: dict[ServerName, Relay] = {}

    def __call__(self, server: ServerName, method: str, params: Mapping[str, Any]) -> bool:
        """Pass one notification on. False: it was dropped."""
        relay = self._relays.setdefault(server, Relay(self._run_later))
        notification = Notification(server=server, method=method, params=params)
        return relay.hand(partial(self._on_notification, notification), [method, params])
