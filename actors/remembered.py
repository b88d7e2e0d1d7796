"""What is known of servers from one run to the next. Pure; `state_file` writes it, `store` decides when."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from actors.breaker import BreakerSnapshot, State
from actors.call import ServerName
from actors.catalogue import Catalogue
from actors.config import ServerConfig
from actors.mcp.session import Belief, Era, Way
from actors.statistics import StatisticsSnapshot
from actors.status import Incident, ServerStatus

INCIDENTS_KEPT = 1000  # Of all servers together. Arbitrary: some weeks of a home, some hours of a bad day.


def fingerprint(config: ServerConfig) -> str:
    """Tell apart what can be behind one server's name, for whoever keeps or recalls it.

    Made of what is reached and with which variables, not of their values: a new key changes no server. A digest,
    for arguments and addresses hold secrets too.
    """
    way = [config.url] if config.command is None else [config.cwd, *config.command, sorted(config.env)]
    return hashlib.sha256(json.dumps(way).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One server, as far as it outlives a run; the default is one that nothing is known of.

    * `fingerprint`: what it was behind its name; nothing here is true of anything else.
    * `era`, `transport`, `protocol`, the revision spoken: as in ServerStatus; "" before the first connection.
    * `catalogue`: the last one, for listing only: what may be repeated is decided by a fresh one.
    * `breaker`: without what an operator forced, which ends with the run.
    * `half_opens_at`: seconds since 1970 at which an open breaker's time is over, 0 if none is running.
    """

    fingerprint: str = ""
    era: Era = ""
    transport: Way = ""
    protocol: str = ""
    catalogue: Catalogue = field(default_factory=Catalogue)
    breaker: BreakerSnapshot = field(default_factory=BreakerSnapshot)
    half_opens_at: float = 0.0
    statistics: StatisticsSnapshot = field(default_factory=StatisticsSnapshot)

    def after(self, status: ServerStatus, fingerprint: str, now: float) -> "Memory":
        """Return what is known once `status` is. `now`: seconds since 1970."""
        breaker = _unforced(status.breaker)
        newer = Memory(
            fingerprint=fingerprint,
            era=status.era,
            transport=status.transport,
            protocol=status.protocol,
            catalogue=status.catalogue,
            breaker=breaker,
            half_opens_at=now + breaker.open_for_s if breaker.open_for_s else 0.0,
            statistics=status.statistics,
        )
        return newer if status.fresh else newer.over(self)

    def over(self, older: "Memory") -> "Memory":
        """Return this, with what only `older` knows: a server that is not connected has not said a thing yet."""
        if older.fingerprint != self.fingerprint:
            return self
        return replace(
            self,
            era=self.era or older.era,
            transport=self.transport or older.transport,
            protocol=self.protocol or older.protocol,
            catalogue=self.catalogue if self.catalogue.tools else older.catalogue,
        )

    @property
    def belief(self) -> Belief:
        """What to think of the server until it proves otherwise."""
        return Belief(era=self.era, transport=self.transport)

    def at(self, now: float) -> "Memory":
        """Return this with the time that an open breaker has left. `now`: seconds since 1970.

        Never more than it had left when it was kept, even if the clock was set back since: that keeps it within the
        policy's cap, or within what the server asked for. A clock set forward lets one probe through early.
        """
        left_s = min(max(self.half_opens_at - now, 0.0), self.breaker.open_for_s)
        return replace(self, breaker=replace(self.breaker, open_for_s=left_s))


def _unforced(breaker: BreakerSnapshot) -> BreakerSnapshot:
    """Return what is beneath a forced breaker. Half-open beneath cannot be told from closed, and is taken for that."""
    if not breaker.forced:
        return breaker
    state = State.OPEN if breaker.open_for_s else State.CLOSED
    return replace(breaker, state=state, forced="", forced_for_s=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """Everything known at one moment. `incidents`: the newest `INCIDENTS_KEPT`, newest last."""

    servers: Mapping[ServerName, Memory] = field(default_factory=lambda: MappingProxyType({}))
    incidents: tuple[Incident, ...] = ()

    def of(self, server: ServerName, fingerprint: str) -> Memory:
        """Return what is known of this server, for its first Seat; nothing if another was behind its name."""
        memory = self.servers.get(server)
        return memory if memory is not None and memory.fingerprint == fingerprint else Memory(fingerprint=fingerprint)
