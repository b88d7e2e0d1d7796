"""What a daemon shows to machines: `/healthz`, `/readyz` and `/metrics`, as a router for FastAPI."""

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response

from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.configuration_source import ConfigurationSource
from mcp_orchestrator.gateway.tally import Numbers
from mcp_orchestrator.observing import probes
from mcp_orchestrator.observing.incidents import IncidentLog
from mcp_orchestrator.observing.metrics import Metrics
from mcp_orchestrator.observing.probes import Answer, Phase, Probe

_UNCACHED = {"Cache-Control": "no-store"}


class Observed:
    """One daemon, as far as it is observed. On the loop's thread.

    `gateway`: returns its numbers; `configuration`: where it is from; `metrics`: whether `/metrics` is served.
    """

    def __init__(
        self,
        orchestrator: AsyncMCPOrchestrator,
        gateway: Callable[[], Numbers],
        configuration: ConfigurationSource,
        *,
        metrics: bool,
    ) -> None:
        self._orchestrator, self._incidents = orchestrator, IncidentLog()
        self._phase: Phase = "starting"
        self._alive = Probe(self._liveness)
        self.router = APIRouter(tags=["observing"])
        self.router.add_api_route("/healthz", self._healthz, summary="Whether it lives, whatever its servers do")
        self.router.add_api_route("/readyz", self._readyz, summary="Whether calls are to be sent here")
        if metrics:
            self._metrics = Metrics(orchestrator, self._incidents, gateway, configuration)
            self.router.add_api_route("/metrics", self._read_metrics, summary="Metrics, for Prometheus")

    def begin(self) -> None:
        """Log and count incidents from now on."""
        self._incidents.begin()
        self._orchestrator.watch(self._incidents)

    def is_now(self, phase: Phase) -> None:
        """Take note of what the daemon is at."""
        self._phase = phase

    async def _healthz(self) -> JSONResponse:
        return _page(await self._alive.answer())

    async def _readyz(self) -> JSONResponse:
        return _page(probes.readiness(self._orchestrator, self._phase))

    async def _read_metrics(self, accept: str = Header(default="")) -> Response:
        # With hundreds of servers it takes a while, in which calls go on.
        body, content_type = await asyncio.to_thread(self._metrics.exposition, accept)
        return Response(body, headers={"Content-Type": content_type, **_UNCACHED})

    async def _liveness(self) -> Answer:
        return await probes.liveness(self._orchestrator)


def _page(answer: Answer) -> JSONResponse:
    return JSONResponse(answer.body, answer.status, _UNCACHED)
