"""What a server's actor says of itself after a change. Everything shown anywhere is made from this."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from actors.breaker import BreakerSnapshot
from actors.breaker import State as BreakerState
from actors.call import ServerName, ToolName
from actors.catalogue import Catalogue
from actors.mcp.session import Belief, Era, Way
from actors.statistics import StatisticsSnapshot

CRASH_LOOP_AFTER = 5  # Failed connects in a row, with the breaker open.


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One server at one moment. Times are seconds on the runtime's clock.

    * `state`: "disconnected", "connecting", "ready", "reconnecting", "throttled", "auth_required", "config",
      "draining", "crash_loop", "stopped"; the supervisor adds "disabled" and "parked".
    * `at`: when this was so. `retry_after_s`, and what the breaker says of its times, count from there.
    * `fresh`: `catalogue` was fetched on the connection that is open now.
    * `era`: "legacy" or "modern"; `transport`: "stdio", "http", or "sse", the HTTP+SSE of 2024-11-05: as far as known,
      if only from earlier. `protocol`: the revision spoken, "" before the first connection.
    * `capabilities`: as the server declared them at the last handshake.
    * `refuses`: the breaker lets no call through: it is open, or half-open while somebody tries the server.
    * `tools_open`: tools whose own breaker is not closed; `tools_refused`: those whose breaker lets no call through.
    """

    server: ServerName
    at: float = 0.0
    state: str = "disconnected"
    reason: str = "never connected"
    generation: int = 0
    connection: int = 0
    era: Era = ""
    protocol: str = ""
    transport: Way = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict[str, Any])
    server_info: str = ""
    instructions: str = ""
    pid: int | None = None
    breaker: BreakerSnapshot = field(default_factory=BreakerSnapshot)
    refuses: bool = False
    tools_open: tuple[ToolName, ...] = ()
    tools_refused: tuple[ToolName, ...] = ()
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

    def breaker_at(self, now: float) -> BreakerSnapshot:
        """Return the breaker with the times that it has left by then; half-open once the time to be open is over."""
        passed_s, then = max(now - self.at, 0.0), self.breaker
        forced_for_s = None if then.forced_for_s is None else max(then.forced_for_s - passed_s, 0.0)
        open_for_s = max(then.open_for_s - passed_s, 0.0)
        is_over = then.state is BreakerState.OPEN and not then.forced and open_for_s == 0.0
        state = BreakerState.HALF_OPEN if is_over else then.state
        return replace(then, state=state, open_for_s=open_for_s, forced_for_s=forced_for_s)

    def retry_after_at(self, now: float) -> float | None:
        """Return the seconds from then to the next try; None if nobody knows."""
        return None if self.retry_after_s is None else max(self.retry_after_s - max(now - self.at, 0.0), 0.0)

    @property
    def belief(self) -> Belief:
        """What is thought of the server, for its next actor."""
        return Belief(era=self.era, transport=self.transport)

    def standing(self, tool: ToolName) -> Literal["up", "on trial", "away"]:
        """Say whether a call of `tool` would go through; "on trial": one may, to see if the server is well again."""
        if not self.ready or self.refuses or tool in self.tools_refused:
            return "away"
        return "on trial" if self.breaker.state is BreakerState.HALF_OPEN or tool in self.tools_open else "up"

    def at_the_end(self, state: str, reason: str) -> "ServerStatus":
        """Return what is left to say once the actor has ended: what is known of the server, and nothing under way."""
        return replace(
            self,
            state=state,
            reason=reason,
            connection=0,
            pid=None,
            in_flight=0,
            waiting=0,
            owed=0,
            retry_after_s=None,
            fresh=False,
        )

    @property
    def ready(self) -> bool:
        """Whether a handshake is done and the way is open."""
        return self.state == "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that happened to a server and that a person may want to know.

    * `at`: seconds since 1970. `text`: why, in words; may be empty.
    * `kind`: "connected", "lost", "connect_failed", "crash_loop", "throttled", "auth_required", "config",
      "disconnected", "disabled", "stopped"; "breaker_open", "breaker_half_open", "breaker_closed",
      "tool_breaker_open"; of pings "down"; of its actor "crashed", "hung", "parked"; of its section "added",
      "removed", "reconfigured", "enabled".
    """

    at: float
    server: ServerName
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthStatus:
    """What the pings of one server said. `state`: "unknown", "up", "down". Times on the runtime's clock."""

    state: str = "unknown"
    misses: int = 0
    checks: int = 0
    last_check_at: float | None = None
    response_time_s: float | None = None
