"""The control API as a router for FastAPI."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.acting import Orders, add_care, add_orders, add_reload
from mcp_orchestrator.control.calling import add_calls
from mcp_orchestrator.control.configuration_source import ConfigurationSource
from mcp_orchestrator.control.facts import Facts
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.looking import Tools, add_overviews, add_servers
from mcp_orchestrator.control.permits import Permits
from mcp_orchestrator.control.refusals import ControlRoute
from mcp_orchestrator.control.stop_signals import on_stop_signal

PREFIX = "/api/v1"


def control_api(
    orchestrator: AsyncMCPOrchestrator,
    *,
    configuration: ConfigurationSource | None = None,
    prefix: str = PREFIX,
    endpoint: str | None = None,
    connects: bool = True,
) -> APIRouter:
    """Return the control API of an orchestrator as a router, for an application of your own.

    >>> from fastapi import FastAPI
    >>> from mcp_orchestrator import AsyncMCPOrchestrator
    >>> from mcp_orchestrator.control import control_api
    >>> orchestrator = AsyncMCPOrchestrator("orchestrator.toml")
    >>> app = FastAPI()
    >>> app.include_router(control_api(orchestrator))

    * The orchestrator is connected when the application starts, as `async with` does, and shut down when it ends:
      by the router's lifespan, which `include_router` adds to the application's. `connects=False`: both are yours.
    * `configuration`: what POST /reload reads again. `endpoint`: the path of an MCP gateway in the application.
    * It asks for no token: put before it what guards the rest of the application, as with any router.
    """
    control = Control(orchestrator, configuration=configuration, prefix=prefix, endpoint=endpoint)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        control.begin()
        with on_stop_signal(control.end_streams):
            try:
                if connects:
                    await orchestrator.connect_all()
                yield
            finally:
                control.end_streams()
                if connects:
                    await orchestrator.shutdown()

    control.router.lifespan_context = lifespan
    return control.router


class Control:
    """The control API of a daemon, which says itself when it begins and ends: `router`, `live`. See `control_api`."""

    def __init__(
        self,
        orchestrator: AsyncMCPOrchestrator,
        *,
        configuration: ConfigurationSource | None = None,
        prefix: str = PREFIX,
        endpoint: str | None = None,
    ) -> None:
        facts = Facts(orchestrator, configuration, endpoint)
        self.live = Live(orchestrator, facts)
        self.router = APIRouter(prefix=prefix, route_class=ControlRoute, generate_unique_id_function=_operation)
        add_overviews(self.router, facts, self.live)
        add_servers(self.router, orchestrator, facts, Tools(orchestrator))
        orders = Orders(orchestrator, facts)
        add_orders(self.router, orders)
        add_care(self.router, orders)
        add_reload(self.router, orders, facts, self.live, configuration)
        add_calls(self.router, orchestrator, Permits(orchestrator, self.live))

    def begin(self) -> None:
        """Sample, and tell what happens, on the loop that runs now."""
        self.live.begin()

    def end_streams(self) -> None:
        """Say to everybody who reads the events that this was all, and sample no more. May be called again."""
        self.live.end()


def _operation(route: APIRoute) -> str:
    return route.name
