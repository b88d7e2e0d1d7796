"""What only looks: how everything is, was, and what happens."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from actors.call import ServerName
from mcp_orchestrator.access import Identity, identity_of
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control import answers
from mcp_orchestrator.control.facts import INCIDENTS, Facts
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.outcomes import refusals
from mcp_orchestrator.control.permits import Permits
from mcp_orchestrator.control.readers import EventStream
from mcp_orchestrator.control.refusals import Json

ServerPath = Annotated[str, Path(description="Name or alias of a server")]
_KEPT = 1000  # Incidents.
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; each has JSON as its data. See the documentation of the control API.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class Looking:
    """Shows tools as a caller may see them."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, permits: Permits) -> None:
        self._orchestrator, self._permits = orchestrator, permits

    async def tools(self, identity: Identity, server: str) -> list[dict[str, Any]]:
        """Return the tools of one server, raw, each with what is known of it here."""
        repeatable = self._orchestrator.get_repeatability(server)
        name = ServerName(server)
        return [
            {
                **tool,
                "server": name,
                "published": self._permits.name(name, tool["name"]),
                "repeatable": asdict(repeatable[tool["name"]]),
            }
            for tool in await self._orchestrator.list_tools(server)
            if tool["name"] in repeatable and self._permits.may_see(identity, name, tool["name"])
        ]

    async def all_tools(self, identity: Identity) -> list[dict[str, Any]]:
        """Return those of all servers that are enabled."""
        servers = await self._orchestrator.list_all_tools()
        return [tool for server in servers for tool in await self.tools(identity, server)]


def add_overviews(router: APIRouter, facts: Facts, live: Live) -> None:
    """Add the routes that show everything."""
    status: dict[str, Any] = {"tags": ["Status"], "responses": refusals()}

    @router.get("/overview", **status, response_model=answers.Overview)
    async def overview() -> Response:
        """Return all that is to be seen at one glance."""
        return Json(facts.overview())

    @router.get("/history", **status, response_model=answers.History)
    async def history() -> Response:
        """Return what happened within each interval of the last minutes: calls, failures, latencies."""
        return Json(live.history.whole())

    @router.get(
        "/events", tags=["Status"], responses=refusals(503) | _STREAM, response_class=EventStream, status_code=200
    )
    async def events() -> Response:
        """Tell what happens as it happens: first an overview, then what changes."""
        return EventStream(live.reading)

    @router.get("/statistics", **status, response_model=answers.Statistics)
    async def statistics() -> Response:
        """Return the numbers of all servers together."""
        return Json(facts.statistics())

    @router.get("/incidents", tags=["Status"], responses=refusals(404, 422), response_model=answers.Incidents)
    async def incidents(
        server: Annotated[str | None, Query(description="Of this server alone, by name or alias")] = None,
        limit: Annotated[int, Query(description="The last so many", ge=1, le=_KEPT)] = INCIDENTS,
    ) -> Response:
        """Return the last things that happened to servers, oldest first, those of earlier runs included."""
        return Json({"incidents": facts.incidents(server=server, limit=limit)})

    @router.get("/configuration", tags=["Configuration"], responses=refusals(), response_model=answers.Configuration)
    async def configuration() -> Response:
        """Return where the configuration in force is from, and what is wrong with the file as it is now."""
        return Json(facts.configuration())


def add_servers(router: APIRouter, orchestrator: AsyncMCPOrchestrator, facts: Facts, looking: Looking) -> None:
    """Add the routes that show servers and their tools."""
    all_of_them: dict[str, Any] = {"tags": ["Servers"], "responses": refusals()}
    one: dict[str, Any] = {"tags": ["Servers"], "responses": refusals(404)}

    @router.get("/servers", **all_of_them, response_model=answers.Servers)
    async def servers() -> Response:
        """Return everything known of all servers."""
        return Json({"servers": facts.servers()})

    @router.get("/servers/{name}", **one, response_model=answers.Server)
    async def server(name: ServerPath) -> Response:
        """Return everything known of one server."""
        return Json(facts.server(name))

    @router.get("/servers/{name}/explain", **one, response_model=answers.Explanation)
    async def explain(name: ServerPath) -> Response:
        """Say in sentences what state a server is in, why, and what happens next."""
        return Json({"server": facts.name(name), "explain": orchestrator.explain(name)})

    @router.get("/servers/{name}/tools", **one, response_model=answers.Tools)
    async def server_tools(name: ServerPath, request: Request) -> Response:
        """Return the tools of a server as it lists them, those included that the gateway hides."""
        return Json({"tools": await looking.tools(identity_of(request.scope), facts.name(name))})

    @router.get("/servers/{name}/stderr", **one, response_model=answers.Stderr)
    async def stderr(name: ServerPath) -> Response:
        """Return the last lines that the child process of a server wrote on stderr."""
        return Json({"server": facts.name(name), "lines": orchestrator.get_stderr(name)})

    @router.get("/tools", **all_of_them, response_model=answers.Tools)
    async def tools(request: Request) -> Response:
        """Return the tools of all servers that are enabled."""
        return Json({"tools": await looking.all_tools(identity_of(request.scope))})
