"""The daemon as one ASGI application: MCP on the shortest way, everything else behind FastAPI."""

from fastapi import FastAPI

from mcp_orchestrator.config import Source, load
from mcp_orchestrator.gateway import Gateway
from mcp_orchestrator.gateway.application import PATH
from mcp_orchestrator.gateway.http_request import LOOPBACK, Receive, Scope
from mcp_orchestrator.gateway.streams import Send


class Daemon:
    """Serves what one orchestrator is for: `gateway` at /mcp, and `site`, all other paths."""

    def __init__(self, config: Source) -> None:
        loaded = load(config)
        self.gateway = Gateway(loaded, hosts=(*LOOPBACK, loaded.daemon.host, *loaded.daemon.hosts))
        self.orchestrator = self.gateway.orchestrator
        self.site = FastAPI(title="MCP Orchestrator")

    async def start(self) -> dict[str, bool]:
        """See Gateway."""
        return await self.gateway.start()

    async def close(self) -> list[str]:
        """See Gateway."""
        return await self.gateway.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == PATH:
            await self.gateway(scope, receive, send)
        else:
            await self.site(scope, receive, send)
