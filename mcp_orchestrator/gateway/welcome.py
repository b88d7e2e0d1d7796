"""What the gateway says of itself: capabilities, name, instructions; the same in both eras."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actors.status import ServerStatus
from mcp_orchestrator.access import Identity
from mcp_orchestrator.gateway.shapes import SERVER_INFO

# All that any server may have: which of it there is, the lists say, and servers come and go.
CAPABILITIES: Mapping[str, Any] = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "completions": {},
    "logging": {},
}
_LONGEST = 4000  # Characters of one server's instructions: models read them all.


class Welcome:
    """Introduces the gateway. `statuses`: of all servers, in order."""

    def __init__(self, statuses: Callable[[], Sequence[ServerStatus]]) -> None:
        self._statuses = statuses

    def discovered(self, versions: Sequence[str], identity: Identity) -> dict[str, Any]:
        """Return the result of server/discover."""
        return {"supportedVersions": list(versions), "capabilities": CAPABILITIES, **self._instructions(identity)}

    def initialized(self, version: str, identity: Identity) -> dict[str, Any]:
        """Return the result of initialize."""
        return {
            "protocolVersion": version,
            "capabilities": CAPABILITIES,
            "serverInfo": SERVER_INFO,
            **self._instructions(identity),
        }

    def _instructions(self, identity: Identity) -> dict[str, str]:
        """Return what the servers tell models, those of which he may use something: see Identity.may_read."""
        known = (status for status in self._statuses() if identity.may_read(status.server))
        told = [(status.server, status.instructions.strip()[:_LONGEST]) for status in known]
        text = "\n\n".join(f"# {server}\n{words}" for server, words in told if words)
        return {"instructions": text} if text else {}
