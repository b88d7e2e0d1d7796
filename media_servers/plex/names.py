"""Who watched, and on what: Plex's history has numbers only, and lists the names elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from media_servers.errors import BackendError
from media_servers.plex.typed import Entry, Plex

KEPT_S = 600.0  # New users and devices are rare.
PATIENCE_S = 5.0  # Names are an extra: nobody waits long for them.


class Names(NamedTuple):
    """Names by the ids of accounts and of devices, as the history writes them."""

    users: Mapping[str, str]
    players: Mapping[str, str]


NOBODY = Names({}, {})


class Household:
    """The names, asked for at most every ten minutes. For any thread: two at once may both ask, and both are right."""

    def __init__(self, plex: Plex, clock: Callable[[], float]) -> None:
        self._plex, self._clock = plex, clock
        self._kept: tuple[float, Names] | None = None

    def names(self) -> Names:
        """Return the names; empty if Plex does not tell: only a server's owner may ask."""
        now = self._clock()
        if self._kept is None or now - self._kept[0] > KEPT_S:
            users = _by_id(self._list("/accounts", "account"))
            self._kept = (now, Names(users, _by_id(self._list("/devices", "device"))))
        return self._kept[1]

    def _list(self, path: str, kind: Literal["account", "device"]) -> Sequence[Entry]:
        try:
            return self._plex.entries(self._plex.query(path, timeout=PATIENCE_S), kind)
        except BackendError:
            return ()


def _by_id(entries: Sequence[Entry]) -> dict[str, str]:
    return {
        entry.attributes["id"]: name for entry in entries if "id" in entry.attributes and (name := entry.text("name"))
    }
