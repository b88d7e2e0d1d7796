"""What servers say unasked, on its way to a caller's code, which may be slower than they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from actors.call import RunLater, ServerName

MOST_WAITING = 1000  # Of one server, until the caller's code gets to them. Arbitrary.


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a server said unasked, raw: a log message, that a list or a resource changed, or something unknown."""

    server: str
    method: str
    params: Mapping[str, Any]


class Relay:
    """Hands callbacks of one server over to the callbacks thread, in order, and never more than can be remembered.

    Each of the two counts has one writer: the server's actor, and the callbacks thread.
    """

    def __init__(self, run_later: RunLater) -> None:
        self._run_later = run_later
        self._handed = self._begun = 0

    def hand(self, callback: Callable[[], object]) -> bool:
        """Run it later. False: too many wait already, and it is dropped."""
        if self._handed - self._begun >= MOST_WAITING:
            return False
        self._handed += 1
        self._run_later(partial(self._begin, callback))
        return True

    def _begin(self, callback: Callable[[], object]) -> None:
        self._begun += 1
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
        return relay.hand(partial(self._on_notification, notification))
