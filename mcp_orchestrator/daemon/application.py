"""The daemon as one ASGI application: MCP on the shortest way, everything else behind FastAPI."""

import asyncio
from pathlib import Path
from typing import Literal, TypedDict

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from mcp_orchestrator.access import Guard, Tokens, audit, tokens_of
from mcp_orchestrator.access.answers import Receive, Scope, Send
from mcp_orchestrator.config import DaemonSettings, OrchestratorConfig, Source
from mcp_orchestrator.control import Control, refuse_http
from mcp_orchestrator.daemon import reference
from mcp_orchestrator.daemon.configuration import Configuration
from mcp_orchestrator.dashboard import Dashboard
from mcp_orchestrator.gateway import Gateway
from mcp_orchestrator.gateway.application import PATH
from mcp_orchestrator.gateway.http_request import LOOPBACK
from mcp_orchestrator.observing.pages import Observed
from mcp_orchestrator.observing.tracing import NO_TRACES, traces


class Daemon:
    """Serves what one orchestrator is for: `gateway` at /mcp, and `site`, all other paths.

    `configuration`: what is in force, and how it is read again. `tokens`: who gets in; None: as the configuration says.
    """

    def __init__(self, config: Source | Configuration, tokens: Tokens | None = None) -> None:
        self.configuration = config if isinstance(config, Configuration) else Configuration(config)
        loaded = self.configuration.in_force
        self._traces = traces() if loaded.daemon.tracing else NO_TRACES  # Before anything is started: it may fail.
        self.gateway = Gateway(loaded, hosts=None)  # The guard has looked before.
        self.orchestrator = self.gateway.orchestrator
        self.configuration.serve(self._put_in_force)
        self.control = Control(self.orchestrator, configuration=self.configuration, endpoint=PATH)
        self.site = FastAPI(title="MCP Orchestrator", docs_url=None, redoc_url=None)  # Its pages load from elsewhere.
        self.site.add_route(reference.PATH, reference.page(self.site.openapi))
        self.site.include_router(self.control.router)
        self.site.add_exception_handler(HTTPException, refuse_http)
        self.observed = Observed(
            self.orchestrator, self.gateway.numbers, self.configuration, metrics=loaded.daemon.metrics
        )
        self.orchestrator.trace(self._traces.tracer)
        app = self._traces.around(self._route)
        self._guard = Guard(app, tokens or tokens_for(self.configuration), **_limits(loaded.daemon))
        audit.switch(on=loaded.daemon.audit)
        self.site.include_router(self.observed.router)
        if loaded.daemon.dashboard:
            self.site.router.routes.extend(Dashboard().routes)
        self._is_draining = False

    @property
    def state(self) -> Literal["serving", "draining", "broken"]:
        """What it does with new calls: it takes them, or will be gone soon, or can answer none any more."""
        if self._is_draining:
            return "draining"
        return "broken" if self.orchestrator.broken else "serving"

    async def start(self) -> dict[str, bool]:
        """See Gateway."""
        self.control.begin()
        self.observed.begin()
        ready = await self.gateway.start()
        if not self._is_draining:
            self.observed.is_now("serving")
        return ready

    def drain(self) -> None:
        """End the streams of those who only listen, and take no more calls. The first part of an end."""
        self._is_draining = True
        self.observed.is_now("draining")
        self.control.end_streams()
        self.gateway.end_streams()

    async def close(self) -> list[str]:
        """Drain, let calls under way finish, and end everything; return what is left behind."""
        self.drain()
        left = await self.gateway.close()
        await asyncio.to_thread(self._traces.close)
        return left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if it may come in."""
        await self._guard(scope, receive, send)

    async def _put_in_force(self, config: OrchestratorConfig) -> list[str]:
        self._guard.limit(**_limits(config.daemon))
        audit.switch(on=config.daemon.audit)
        return await self.orchestrator.reload(config)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/") == PATH:
            await self.gateway(scope, receive, send)
        else:
            await self.site(scope, receive, send)


def tokens_for(configuration: Configuration) -> Tokens:
    """Return the tokens that a daemon with this configuration asks for."""
    path = configuration.path
    return tokens_of(configuration.in_force.daemon, None if path is None else Path(path))


def _limits(settings: DaemonSettings) -> "_Limits":
    return {
        "hosts": (*LOOPBACK, *(name.lower() for name in (settings.host, *settings.hosts))),
        "max_streams": settings.max_streams,
        "max_body_bytes": settings.max_body_bytes,
    }


class _Limits(TypedDict):
    """Of the guard, which may be other ones after a reload."""

    hosts: tuple[str, ...]
    max_streams: int
    max_body_bytes: int
