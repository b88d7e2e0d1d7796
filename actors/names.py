"""Which server and which tool a caller means. Pure, immutable; for any thread."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from actors.call import ServerName, ToolName
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, MCPOrchestratorError, MCPToolError, UnknownServerError
from actors.status import ServerStatus


class Names:
    """The names and aliases of one configuration. Its order decides between servers of one priority."""

    def __init__(self, servers: Mapping[ServerName, ServerConfig]) -> None:
        self.servers = servers
        self._servers: dict[str, ServerName] = {name: name for name in servers}
        self._tools: dict[tuple[ServerName, str], ToolName] = {}
        for name, config in servers.items():
            self._servers.update(dict.fromkeys(config.aliases, name))
            for tool, tool_config in config.tools.items():
                self._tools.update({(name, alias): tool for alias in tool_config.aliases})
        self._by_priority = sorted(servers, key=lambda name: servers[name].priority)

    def server(self, name: object) -> ServerName:
        """Return the server of this name or alias; UnknownServerError, with what was perhaps meant."""
        if isinstance(name, str) and (server := self._servers.get(name)) is not None:
            return server
        known = ", ".join(self.servers)
        close = get_close_matches(str(name), self._servers, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnknownServerError(f"Invalid server {name!r}: {hint}known servers: {known}")

    def tool(self, server: ServerName, name: str) -> ToolName:
        """Return the tool of this name or alias. Whether the server has it, its catalogue says."""
        return self._tools.get((server, name), ToolName(name))

    def offering(
        self,
        tool: str,
        statuses: Mapping[ServerName, ServerStatus],
        may_try: Callable[[ServerStatus], bool] = lambda _: True,
    ) -> ServerName | MCPOrchestratorError:
        """Return the server of the lowest priority that offers `tool` and is up, or why there is none.

        `may_try`: asked before a call goes to a server that is on trial. Where none is up, one that is connected is
        returned: its refusal says why, and when to come back.
        """
        offering = [name for name in self._by_priority if name in statuses and self._offers(statuses[name], tool)]
        for name in offering:
            standing = statuses[name].standing(self.tool(name, tool))
            if standing == "up" or (standing == "on trial" and may_try(statuses[name])):
                return name
        if (ready := next((name for name in offering if statuses[name].ready), None)) is not None:
            return ready
        if offering:
            return MCPConnectionError(f"no server that offers {tool!r} is ready: {_list(offering)}")
        return MCPToolError(f"no server offers a tool named {tool!r}", executed="no", code=-32602)

    def _offers(self, status: ServerStatus, tool: str) -> bool:
        return self.tool(status.server, tool) in status.catalogue.tools


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
