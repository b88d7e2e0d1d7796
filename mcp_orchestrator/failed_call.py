"""What an application is told of a call that failed."""

import logging
from dataclasses import dataclass

from actors.errors import InvalidResultError, MCPOrchestratorError, MCPToolError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """What `on_error` is called with, on the callbacks thread. `attempt`: how many there were, 0 if none was made."""

    server: str
    tool: str | None
    error: MCPOrchestratorError
    attempt: int

    @staticmethod
    def is_logged() -> bool:
        """Say if anybody reads what `log` writes."""
        return logger.isEnabledFor(logging.INFO)

    def log(self) -> None:
        """Write a line. It is information: whoever called was told."""
        call = {"server": self.server, "tool": self.tool, "request_id": self.error.request_id}
        fields = {**call, "executed": self.error.executed, "attempts": self.attempt}
        logger.info("a call failed: %s", self._told(), extra=fields)

    def _told(self) -> str:
        """Return what happened, without the server's words: these may repeat arguments, or be a result."""
        match self.error:
            case MCPToolError(code=None):
                what = "the tool reported an error"
            case MCPToolError(code=code):
                what = f"the server answered with error {code}"
            case InvalidResultError():
                what = "its result is not what the tool's outputSchema says"
            case error:
                return str(error)
        where = ".".join(part for part in (self.server, self.tool) if part)
        return f"{where}: {what} (executed: {self.error.executed})"
