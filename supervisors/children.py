"""One server's place in the nursery, and what it is given."""

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from actors.base import OwingActor
from actors.board import Board, Directory
from actors.breaker import BreakerSnapshot
from actors.call import ServerName
from actors.catalogue import Catalogue
from actors.config import ServerConfig
from actors.errors import Unavailable
from actors.mailbox import Mailbox
from actors.mcp.session import Belief
from actors.messages import ServerMessage
from actors.statistics import Statistics
from supervisors.health import Health
from supervisors.restarts import Restarts


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionPolicy:
    """Durations in seconds; the names are those of the configuration."""

    health_check_interval_s: float | None = 30.0
    health_check_misses: int = 3
    max_restarts: int = 5
    restart_window_s: float = 120.0
    parked_retry_s: float = 120.0
    hung_after_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Whom the supervisor looks after, and how. `switched`: servers that somebody enabled or disabled by hand."""

    servers: Mapping[ServerName, ServerConfig]
    policy: SupervisionPolicy
    switched: AbstractSet[ServerName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of a server from before its first actor of this process; `subscribed`: see Seat."""

    breaker: BreakerSnapshot = field(default_factory=BreakerSnapshot)
    catalogue: Catalogue = field(default_factory=Catalogue)
    belief: Belief = field(default_factory=Belief)
    statistics: Statistics = field(default_factory=Statistics)
    subscribed: dict[str, None] = field(default_factory=dict[str, None])


@dataclass(slots=True, kw_only=True)
class Child:
    """One server's place. It outlives its actors, and the supervisor.

    * `mailbox`, `actor`: of the generation that runs; None while parked, disabled or removed.
    * `predecessors`: actors that ended, something of whose connections is perhaps left. While there are any, and
      before `due`, the running generation is `held`: it takes calls, and may not connect.
    * `removed`: no server of the configuration any more; it is forgotten when nothing of its actors is left.
    * `awaited_turn`, `awaited_since`: the message its actor is at, for others to wait behind, since when at least.
    """

    config: ServerConfig
    memory: Memory
    restarts: Restarts
    health: Health
    generation: int = -1
    actor: OwingActor[ServerMessage] | None = None
    mailbox: Mailbox | None = None
    predecessors: list[OwingActor[ServerMessage]] = field(default_factory=list[OwingActor[ServerMessage]])
    wanted: bool = False
    held: bool = False
    due: float = math.inf
    parked: str = ""
    parked_at: float = -math.inf
    removed: bool = False
    drained: bool = False
    awaited_turn: float | None = None
    awaited_since: float = 0.0

    @property
    def name(self) -> ServerName:
        """The server's."""
        return self.config.name

    def actors(self) -> "list[OwingActor[ServerMessage]]":
        """Return the actor that runs, and those before it of whom something is perhaps left."""
        return [*self.predecessors, *([] if self.actor is None else [self.actor])]

    def follow(self, policy: SupervisionPolicy) -> None:
        """Be looked after by this policy from now on, but for how often it is pinged."""
        self.health.misses_allowed = policy.health_check_misses
        self.restarts.limit(most=policy.max_restarts, window_s=policy.restart_window_s)
        if self.parked:
            self.due = self.parked_at + policy.parked_retry_s

    def is_hung(self, now: float, limit_s: float, *, late: bool) -> bool:
        """Say if its actor has been at one message for longer than that, while another waited. Once a round.

        `late`: nobody has run for a while, so nothing can be said of the time that passed.
        """
        turn = None if self.actor is None else self.actor.awaited_turn()
        if late or turn is None or turn != self.awaited_turn:
            self.awaited_turn, self.awaited_since = turn, now
        return turn is not None and now - self.awaited_since > limit_s


def directory_of(children: Iterable[Child]) -> Directory:
    """Return who of them serves which name, and why the others do not."""
    servers: dict[ServerName, Mailbox] = {}
    absent: dict[ServerName, tuple[Unavailable | None, str]] = {}
    for child in children:
        if child.mailbox is not None:
            servers[child.name] = child.mailbox
        elif not child.removed:
            absent[child.name] = ("parked", child.parked) if child.parked else (None, "disabled")
    return Directory(servers=servers, absent=absent)


@dataclass(frozen=True, slots=True)
class SupervisorOfTheTime:
    """The mailbox of whoever supervises now: actors outlive their supervisor."""

    board: Board

    def tell(self, message: object) -> None:
        """See Mailbox."""
        self.board.supervisor.tell(message)

    def is_alive(self) -> bool:
        """See Mailbox."""
        return self.board.supervisor.is_alive()
