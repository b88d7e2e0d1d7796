"""What somebody may note of one call while it is under way. Who that is, and where he writes it, is not our matter."""

from collections.abc import Mapping
from typing import Any, Protocol

from actors.errors import MCPOrchestratorError


class Trace(Protocol):
    """Of one call. Told on whichever thread it happens: it only notes, and neither blocks nor raises."""

    @property
    def params(self) -> Mapping[str, Any]:
        """What is sent in place of the caller's own, so that the server can go on with the same trace."""
        ...

    def began(self, attempt: int) -> None:
        """Note that an attempt begins; the first is 1."""
        ...

    def failed(self, error: MCPOrchestratorError) -> None:
        """Note how an attempt ended that brought no answer."""
        ...

    def ended(self, attempts: int, error: BaseException | None) -> None:
        """Note that the call has its outcome; None: a result."""
        ...
