"""What only looks: how everything is, was, and what happens."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from actors.call import ServerName
from actors.catalogue import Tool
from mcp_orchestrator.access import Identity, identity_of
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control import answers
from mcp_orchestrator.control.facts import INCIDENTS, Facts
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.outcomes import refusals
from mcp_orchestrator.control.permits import may_see
from mcp_orchestrator.control.readers import EventStream
from mcp_orchestrator.control.refusals import Json
from mcp_orchestrator.gateway.names import Origin, published

ServerPath = Annotated[str, Path(description="Name or alias of a server")]
_KEPT = 1000  # Incidents.
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; each has JSON as its data. See the documentation of the control API.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class Tools:
    """Shows the tools of one orchestrator as a caller may see them."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator) -> None:
        self._orchestrator = orchestrator

    async def seen_by(self, identity: Identity, server: ServerName | None = None) -> list[dict[str, Any]]:
        """Return the tools of one server, or of all that are enabled: raw, with what is known of them here."""
        lists = await self._orchestrator.list_all_tools()
        if server is not None and server not in lists:
            lists[server] = await self._orchestrator.list_tools(server)
        names = self._published({ServerName(name): tools for name, tools in lists.items()})
        return [
            {**tool, "server": name, "published": names.get(Origin(ServerName(name), tool["name"])), **repeatable}
            for name, tools in lists.items()
            if server in (None, name)
            for tool, repeatable in self._with_repeatable(name, tools)
            if may_see(identity, name, tool["name"])
        ]

    def _with_repeatable(self, server: str, tools: list[Tool]) -> Iterator[tuple[Tool, dict[str, Any]]]:
        repeatable = self._orchestrator.get_repeatability(server)
        for tool in tools:
            if tool["name"] in repeatable:
                yield tool, {"repeatable": asdict(repeatable[tool["name"]])}

    def _published(self, lists: Mapping[ServerName, list[Tool]]) -> dict[Origin, str]:
        servers = self._orchestrator.config.servers
        enabled = {name: servers[name] for name in lists if servers[name].enabled}
        offered = published(enabled, {name: [tool["name"] for tool in tools] for name, tools in lists.items()}).offered
        return {origin: name for name, origin in offered.items()}


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


def add_servers(router: APIRouter, orchestrator: AsyncMCPOrchestrator, facts: Facts, shown: Tools) -> None:
    """Add the routes that show servers and their tools."""
    all_of_them: dict[str, Any] = {"tags": ["Servers"], "responses": refusals()}
    one: dict[str, Any] = {"tags": ["Servers"], "responses": refusals(404, 422)}

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
        return Json({"tools": await shown.seen_by(identity_of(request.scope), facts.name(name))})

    @router.get("/servers/{name}/stderr", **one, response_model=answers.Stderr)
    async def stderr(name: ServerPath) -> Response:
        """Return the last lines that the child process of a server wrote on stderr."""
        return Json({"server": facts.name(name), "lines": orchestrator.get_stderr(name)})

    @router.get("/tools", **all_of_them, response_model=answers.Tools)
    async def tools(request: Request) -> Response:
        """Return the tools of all servers that are enabled."""
        return Json({"tools": await shown.seen_by(identity_of(request.scope))})
