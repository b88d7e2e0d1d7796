"""Why a call of one server must end before it is sent, if it must. Pure."""

import math

from actors.admission import Work
from actors.breakers import Breakers
from actors.call import ToolName
from actors.errors import CircuitBreakerOpenError, MCPConnectionError, MCPOrchestratorError
from actors.link import Link, State


class Refusals:
    """Looks at the link and at the breakers of one server."""

    def __init__(self, link: Link, breakers: Breakers) -> None:
        self._link, self._breakers = link, breakers

    def of(self, work: Work) -> MCPOrchestratorError | None:
        """Return why this call must end now; None if it may be sent, or wait."""
        refusal = self._link.refusal() or self.of_breakers(work.tool)
        if refusal is None and self.comes_too_late(work):
            link = self._link
            return MCPConnectionError(f"not connected: {link.reason}", retry_after_s=link.retry_after_s())
        return refusal

    def of_breakers(self, tool: ToolName | None) -> CircuitBreakerOpenError | None:
        """Return what the breakers say, with what is wrong: whose connection is missing, the caller can mend that."""
        link = self._link
        return self._breakers.refusal(tool, "" if link.state is State.READY else link.reason)

    def comes_too_late(self, work: Work) -> bool:
        """Say if the next connect is due after the deadline of a call that needs it."""
        link = self._link
        return link.state is State.RECONNECTING and work.call.deadline < link.next_due() < math.inf
