"""What an application is told of a call that failed."""

from dataclasses import dataclass

from actors.errors import MCPOrchestratorError


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """What `on_error` is called with, on the callbacks thread. `attempt`: how many there were, 0 if none was made."""

    server: str
    tool: str | None
    error: MCPOrchestratorError
    attempt: int
