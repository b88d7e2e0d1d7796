"""Which tools a caller may see and call here: the same ones as at the gateway."""

from actors.call import ServerName
from actors.names import Names
from mcp_orchestrator.access import Identity
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.refusals import ForbiddenError
from mcp_orchestrator.gateway.names import JOINT, is_exposed


class Permits:
    """Decides by the configuration in force, and by what the servers list now. On the loop's thread."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, live: Live) -> None:
        self._orchestrator, self._live = orchestrator, live

    def check(self, identity: Identity, server: str | None, tool: str) -> str:
        """Return what the audit calls it: server__tool. ForbiddenError: he may not call it; UnknownServerError.

        * What the configuration hides from callers of the gateway, only an administrator may call here.
        * Where no server is named, it may become the tool of any that lists it: he has to be let call all of them.
        """
        names = Names(self._orchestrator.config.servers)
        servers = self._listing(names, tool) if server is None else [names.server(server)]
        chosen = [(name, names.tool(name, tool)) for name in servers]
        what = f"?{JOINT}{tool}" if server is None else f"{servers[0]}{JOINT}{names.tool(servers[0], tool)}"
        if not all(self._may_call(identity, *one) for one in chosen):
            remedy = ": name the server whose tool it is" if server is None else ""
            raise ForbiddenError(f"{identity.name} may not call {what}{remedy}")
        return what

    def _listing(self, names: Names, tool: str) -> list[ServerName]:
        return [name for name in names.servers if names.tool(name, tool) in self._live.status(name).catalogue.tools]

    def _may_call(self, identity: Identity, server: ServerName, tool: str) -> bool:
        is_hidden = not is_exposed(self._orchestrator.config.servers[server], tool)
        return may_see(identity, server, tool) and (identity.may("admin") or not is_hidden)


def may_see(identity: Identity, server: str, tool: str) -> bool:
    """Say if a caller is shown a tool, both by their own names."""
    return identity.may_call(f"{server}{JOINT}{tool}")
