"""The control API as a router for FastAPI."""

from fastapi import APIRouter, Response

from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.configuration_source import ConfigurationSource
from mcp_orchestrator.control.facts import Facts
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.readers import EventStream
from mcp_orchestrator.control.refusals import ControlRoute, Json

PREFIX = "/api/v1"


class Control:
    """The control API of one orchestrator, for a daemon that begins and ends it by itself. See `control_api`."""

    def __init__(
        self,
        orchestrator: AsyncMCPOrchestrator,
        *,
        configuration: ConfigurationSource | None = None,
        prefix: str = PREFIX,
        endpoint: str | None = None,
    ) -> None:
        facts = Facts(orchestrator, configuration, endpoint)
        self._live = Live(orchestrator, facts)
        self.router = APIRouter(prefix=prefix, route_class=ControlRoute)
        _add_reading(self.router, facts, self._live)

    def begin(self) -> None:
        """Sample and tell what happens, on the loop that runs now."""
        self._live.begin()

    def end_streams(self) -> None:
        """Say that this was all to everybody who reads the events. May be called again."""
        self._live.end()


def _add_reading(router: APIRouter, facts: Facts, live: Live) -> None:
    @router.get("/overview")
    async def overview() -> Response:
        return Json(facts.overview())

    @router.get("/history")
    async def history() -> Response:
        return Json(live.history.whole())

    @router.get("/events")
    async def events() -> Response:
        return EventStream(live.reading)
