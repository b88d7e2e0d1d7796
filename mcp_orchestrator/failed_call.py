"""What an application is told of a call that failed."""

import logging
from dataclasses import dataclass

from actors.errors import MCPOrchestratorError

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
        logger.info("a call failed: %s", self.error, extra=fields)
