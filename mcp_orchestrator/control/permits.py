"""Which tools a caller may see and call: by the names that the gateway gives them, so that one rule holds for both."""

from collections.abc import Mapping

from actors.call import ServerName
from actors.names import Names
from mcp_orchestrator.access import Identity
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.refusals import ForbiddenError
from mcp_orchestrator.gateway.names import JOINT, Origin, is_exposed, published


class Permits:
    """Decides by what the servers list now. On the loop's thread."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, live: Live) -> None:
        self._orchestrator, self._live = orchestrator, live
        self._made_of: tuple[object, ...] = ()
        self._names: Mapping[Origin, str] = {}

    def name(self, server: ServerName, tool: str) -> str | None:
        """Return what the gateway calls a tool, both by their own names; None: it is hidden there."""
        if not is_exposed(self._orchestrator.config.servers[server], tool):
            return None
        return self._published().get(Origin(server, tool)) or f"{server}{JOINT}{tool}"

    def may_see(self, identity: Identity, server: ServerName, tool: str) -> bool:
        """Say if a caller is shown a tool."""
        return not identity.tools or self._may_call(identity, server, tool)

    def check(self, identity: Identity, server: str | None, tool: str) -> str:
        """Return what the audit calls it: server__tool. ForbiddenError: he may not call it; UnknownServerError.

        * What the configuration hides from callers of the gateway, only an administrator may call here.
        * Where no server is named, it may be the tool of any that lists it: he has to be let call all of them.
        """
        names = Names(self._orchestrator.config.servers)
        servers = self._listing(names, tool) if server is None else [names.server(server)]
        what = f"{servers[0] if server is not None else '?'}{JOINT}{tool}"
        if not all(self._may_call(identity, one, names.tool(one, tool)) for one in servers):
            remedy = "" if server is not None else ": name the server whose tool it is"
            raise ForbiddenError(f"{identity.name} may not call {what}{remedy}")
        return what

    def _listing(self, names: Names, tool: str) -> list[ServerName]:
        return [name for name in names.servers if names.tool(name, tool) in self._live.status(name).catalogue.tools]

    def _may_call(self, identity: Identity, server: ServerName, tool: str) -> bool:
        name = self.name(server, tool)
        return identity.may("admin") if name is None else identity.may_call(Origin(server, tool).full_name)

    def _published(self) -> Mapping[Origin, str]:
        servers = {name: one for name, one in self._orchestrator.config.servers.items() if one.enabled}
        catalogues = {name: self._live.status(name).catalogue for name in servers}
        made_of = (*servers.values(), *catalogues.values())
        if len(made_of) != len(self._made_of) or any(a is not b for a, b in zip(made_of, self._made_of, strict=True)):
            names = published(servers, {name: list(catalogue.tools) for name, catalogue in catalogues.items()})
            self._names = {origin: name for name, origin in names.offered.items()}
            self._made_of = made_of
        return self._names
