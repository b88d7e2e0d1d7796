"""Why a call of one server must end before it is sent, if it must. Pure."""

import math

from actors.admission import Work
from actors.breakers import Breakers
from actors.errors import MCPConnectionError, MCPOrchestratorError
from actors.link import Link, State


class Refusals:
    """Looks at the link and at the breakers of one server."""

    def __init__(self, link: Link, breakers: Breakers) -> None:
        self._link, self._breakers = link, breakers

    def of(self, work: Work) -> MCPOrchestratorError | None:
        """Return why this call must end now; None if it may be sent, or wait."""
        refusal = self._link.refusal() or self._breakers.refusal(work.tool)
        if refusal is None and self.comes_too_late(work):
            link = self._link
            return MCPConnectionError(f"not connected: {link.reason}", retry_after_s=link.retry_after_s())
        return refusal

    def comes_too_late(self, work: Work) -> bool:
        """Say if the next connect is due after the deadline of a call that needs it."""
        link = self._link
        return link.state is State.RECONNECTING and work.call.deadline < link.next_due() < math.inf
