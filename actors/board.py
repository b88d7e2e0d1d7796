"""What every thread may read without asking anybody."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.call import Call, RequestId, ServerName
from actors.errors import MCPConnectionError, MCPOrchestratorError, ServerUnavailableError, Unavailable
from actors.mailbox import Mailbox, Nobody
from actors.status import HealthStatus, Incident, ServerStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who serves which name now. Immutable: the supervisor puts up a new one."""

    servers: Mapping[ServerName, Mailbox] = field(default_factory=dict[ServerName, Mailbox])
    absent: Mapping[ServerName, tuple[Unavailable | None, str]] = field(
        default_factory=dict[ServerName, tuple[Unavailable | None, str]]
    )  # State and reason; None where nobody ever wanted it.

    def refusal(self, server: ServerName) -> MCPOrchestratorError:
        """Return what to tell a caller whose server has no actor."""
        state, reason = self.absent.get(server, ("stopped", "not running"))
        if state is None:
            return MCPConnectionError(f"not connected: {reason}")
        return ServerUnavailableError(reason, state=state)


@dataclass(slots=True, kw_only=True)
class Board:
    """Each field has one writer, which replaces whole values; so nobody needs a lock.

    * `directory`, `health`, `incidents`: the supervisor. `statuses`: each server's actor its own entry.
    * `router`, `supervisor`: the orchestrator, at the start and when one of them has died.
    * `calls`: every call from its making to its outcome; whoever makes it enters it, its settling removes it.
    * `broken`: why nothing is served any more, for good; "" while all is well. `closing`: nothing new is taken.
    """

    router: Mailbox = field(default_factory=Nobody)
    supervisor: Mailbox = field(default_factory=Nobody)
    directory: Directory = field(default_factory=Directory)
    statuses: dict[ServerName, ServerStatus] = field(default_factory=dict[ServerName, ServerStatus])
    health: dict[ServerName, HealthStatus] = field(default_factory=dict[ServerName, HealthStatus])
    incidents: deque[Incident] = field(default_factory=lambda: deque[Incident](maxlen=1000))
    calls: dict[RequestId, Call] = field(default_factory=dict[RequestId, Call])
    broken: str = ""
    closing: bool = False

    def refusal(self) -> ServerUnavailableError | None:
        """Return why no call is taken at all, or None."""
        if self.broken:
            return ServerUnavailableError(self.broken, state="broken")
        return ServerUnavailableError("shutting down", state="draining") if self.closing else None
