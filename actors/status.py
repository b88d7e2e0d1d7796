"""What a server's actor says of itself after a change. Everything shown anywhere is made from this."""

from dataclasses import dataclass, field

from actors.breaker import BreakerSnapshot
from actors.call import ServerName, ToolName
from actors.catalogue import Catalogue
from actors.statistics import StatisticsSnapshot

CRASH_LOOP_AFTER = 5  # Failed connects in a row, with the breaker open.


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One server at one moment. Times are seconds on the runtime's clock.

    * `state`: "disconnected", "connecting", "ready", "reconnecting", "throttled", "auth_required", "config",
      "draining", "crash_loop"; the supervisor adds "disabled", "parked" and "stopped".
    * `fresh`: `catalogue` was fetched on the connection that is open now.
    * `protocol`: the revision spoken, "" before the first handshake. `era`: "legacy" so far.
    """

    server: ServerName
    state: str = "disconnected"
    reason: str = "never connected"
    generation: int = 0
    connection: int = 0
    protocol: str = ""
    server_info: str = ""
    instructions: str = ""
    pid: int | None = None
    breaker: BreakerSnapshot = field(default_factory=BreakerSnapshot)
    tools_open: tuple[ToolName, ...] = ()
    last_failure_at: float | None = None
    last_failure: str = ""
    failed_connects: int = 0
    in_flight: int = 0
    waiting: int = 0
    owed: int = 0
    last_answer_at: float | None = None
    retry_after_s: float | None = None
    catalogue: Catalogue = field(default_factory=Catalogue)
    fresh: bool = False
    statistics: StatisticsSnapshot = field(default_factory=StatisticsSnapshot)

    @property
    def ready(self) -> bool:
        """Whether a handshake is done and the way is open."""
        return self.state == "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that happened to a server and that a person may want to know. `at`: seconds since 1970."""

    at: float
    server: ServerName
    kind: str  # "connected", "lost", "breaker_open", "breaker_closed", "crashed", "hung", "parked", "down", ...
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthStatus:
    """What the pings of one server said. `state`: "unknown", "up", "down". Times on the runtime's clock."""

    state: str = "unknown"
    misses: int = 0
    checks: int = 0
    last_check_at: float | None = None
    response_time_s: float | None = None
