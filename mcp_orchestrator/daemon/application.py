"""The daemon as one ASGI application: MCP on the shortest way, everything else behind FastAPI."""

from typing import Literal

from fastapi import FastAPI

from mcp_orchestrator.config import Source
from mcp_orchestrator.daemon.configuration import Configuration
from mcp_orchestrator.gateway import Gateway
from mcp_orchestrator.gateway.application import PATH
from mcp_orchestrator.gateway.http_request import LOOPBACK, Receive, Scope
from mcp_orchestrator.gateway.streams import Send


class Daemon:
    """Serves what one orchestrator is for: `gateway` at /mcp, and `site`, all other paths.

    `configuration`: what is in force, and how it is read again.
    """

    def __init__(self, config: Source | Configuration) -> None:
        self.configuration = config if isinstance(config, Configuration) else Configuration(config)
        loaded = self.configuration.in_force
        self.gateway = Gateway(loaded, hosts=(*LOOPBACK, loaded.daemon.host, *loaded.daemon.hosts))
        self.orchestrator = self.gateway.orchestrator
        self.configuration.serve(self.orchestrator.reload)
        self.site = FastAPI(title="MCP Orchestrator")
        self._is_draining = False

    @property
    def state(self) -> Literal["serving", "draining", "broken"]:
        """What it does with new calls: it takes them, or will be gone soon, or can answer none any more."""
        if self._is_draining:
            return "draining"
        return "broken" if self.orchestrator.broken else "serving"

    def summary(self) -> str:
        """Return in one line how it is: "3/4 servers up; not up: plex (reconnecting)"."""
        orchestrator = self.orchestrator
        if orchestrator.broken:
            return f"broken: {orchestrator.broken}"
        enabled = [name for name, server in orchestrator.config.servers.items() if server.enabled]
        states = {name: str(orchestrator.get_server_status(name)["state"]) for name in enabled}
        down = [f"{name} ({state})" for name, state in states.items() if not orchestrator.is_connected(name)]
        words = [f"{len(enabled) - len(down)}/{len(enabled)} servers up"]
        if self._is_draining:
            words.insert(0, f"draining, {orchestrator.get_pending_calls()} calls under way")
        elif down:
            words.append(f"not up: {', '.join(down)}")
        if self.configuration.error:
            words.append(f"the file was not reloaded: {self.configuration.error}")
        return "; ".join(words)

    async def start(self) -> dict[str, bool]:
        """See Gateway."""
        return await self.gateway.start()

    async def close(self) -> list[str]:
        """End the streams of those who only listen, let calls under way finish; see Gateway."""
        self._is_draining = True
        return await self.gateway.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == PATH:
            await self.gateway(scope, receive, send)
        else:
            await self.site(scope, receive, send)
