"""What each method of a caller means at the gateway: answered here, or asked of the server that it concerns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from actors.call import OnProgress, ServerName, ToolName
from actors.caller import Caller
from actors.catalogue import table
from actors.errors import MCPOrchestratorError, MCPToolError
from actors.mcp.paging import RESOURCES, TEMPLATES, ListMethod
from mcp_orchestrator.access import EVERYTHING, Identity, audit
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.gateway import meta_tools
from mcp_orchestrator.gateway.catalogue import OneCatalogue
from mcp_orchestrator.gateway.logs import Listeners
from mcp_orchestrator.gateway.meta_tools import MetaTools
from mcp_orchestrator.gateway.names import Origin
from mcp_orchestrator.gateway.own_connections import OwnConnections
from mcp_orchestrator.gateway.questions import CARRIED, MOST_ROUNDS, Ask, Put, UnansweredError, next_round
from mcp_orchestrator.gateway.refusals import (
    INVALID_PARAMS,
    RESOURCE_NOT_FOUND,
    RefusedError,
    ended_badly,
    invalid,
)
from mcp_orchestrator.gateway.tally import Tally

Tell = Callable[[str, Mapping[str, Any]], object]
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """One caller within one request. `tell`: to him, before his answer; on the loop's thread.

    `capabilities`, `log_level`: as he declared them for this request; of a session, what may be asked of him.
    `ask`: asks him, within a session; None: he gets questions as they are, and comes again with his answers.
    `put`, `own`: of a session, what sends him a request, and the connections that are his alone.
    `identity`: who he is, which decides what there is for him.
    """

    is_modern: bool
    tell: Tell
    capabilities: Mapping[str, Any]
    log_level: str | None = None
    ask: Ask | None = None
    put: Put | None = None
    own: OwnConnections | None = None
    identity: Identity = EVERYTHING


class Dispatch:
    """Answers requests. What is no usable request is a RefusedError. On the loop's thread."""

    def __init__(
        self, orchestrator: AsyncMCPOrchestrator, catalogue: OneCatalogue, listeners: Listeners, meta: MetaTools
    ) -> None:
        self._orchestrator, self._catalogue, self._listeners, self._meta = orchestrator, catalogue, listeners, meta
        self.tally = Tally()
        self._methods: dict[str, Callable[[Mapping[str, Any], Asker], Awaitable[Result]]] = {
            "tools/list": self._tools,
            "tools/call": self._call,
            "prompts/list": self._prompts,
            "prompts/get": self._prompt,
            "resources/list": partial(self._resources, RESOURCES),
            "resources/templates/list": partial(self._resources, TEMPLATES),
            "resources/read": self._read,
            "completion/complete": self._complete,
        }

    def knows(self, method: str) -> bool:
        """Say if both eras have this method."""
        return method in self._methods

    async def answer(self, method: str, params: Mapping[str, Any], asker: Asker) -> Result:
        """Return the result, in the shape its server gave it. A cancelled task cancels what it asked for."""
        return await self._methods[method](params, asker)

    async def _tools(self, params: Mapping[str, Any], asker: Asker) -> Result:
        _check_cursor(params)
        return {"tools": self._meta.listed(self._catalogue.listed(asker.identity, is_modern=asker.is_modern))}

    async def _call(self, params: Mapping[str, Any], asker: Asker) -> Result:
        name, arguments = params.get("name"), params.get("arguments", {})
        if not isinstance(name, str):
            raise invalid("params.name must be the name of a tool")
        if arguments is not None and not isinstance(arguments, dict):
            raise invalid("params.arguments must be an object")
        if self._meta.has(name):
            return await self._call_ours(name, params, cast("dict[str, Any]", arguments or {}), asker)
        origin = self._catalogue.tool(name, asker.identity)
        if origin is None:
            raise invalid(f"Unknown tool: {name}")
        params = {key: value for key, value in params.items() if key != "task"}  # We make none.
        wanted = {**params, "name": origin.name, "arguments": cast("dict[str, Any]", arguments or {})}
        server = self._orchestrator.config.servers.get(origin.server)  # A reload may just have taken it away.
        timeout_s = None if server is None else server.tool(ToolName(origin.name)).timeout_s
        return await self._ask(origin.server, "tools/call", wanted, asker, timeout_s)

    async def _call_ours(
        self, name: str, params: Mapping[str, Any], arguments: Mapping[str, Any], asker: Asker
    ) -> Result:
        if name == meta_tools.SEARCH:
            return self._meta.search(arguments, asker.identity)
        if name == meta_tools.EXPLAIN:
            return self._meta.explain(arguments, asker.identity)
        wanted, given = arguments.get("name"), cast("object", arguments.get("arguments"))
        if given is None:
            given = {}
        if not isinstance(wanted, str) or not isinstance(given, dict):
            return meta_tools.failed("name must be the name of a tool, and arguments an object")
        if self._meta.has(wanted) or self._catalogue.tool(wanted, asker.identity) is None:
            return self._meta.unknown(wanted, asker.identity)
        return await self._call({**params, "name": wanted, "arguments": given}, asker)

    async def _prompts(self, params: Mapping[str, Any], asker: Asker) -> Result:
        _check_cursor(params)
        return {"prompts": (await self._catalogue.prompts(asker.identity))[1]}

    async def _prompt(self, params: Mapping[str, Any], asker: Asker) -> Result:
        name = params.get("name")
        if not isinstance(name, str):
            raise invalid("params.name must be the name of a prompt")
        origin = (await self._catalogue.prompts(asker.identity))[0].origin(name)
        if origin is None:
            raise invalid(f"Unknown prompt: {name}")
        return await self._ask(origin.server, "prompts/get", {**params, "name": origin.name}, asker)

    async def _resources(self, kind: ListMethod, params: Mapping[str, Any], asker: Asker) -> Result:
        _check_cursor(params)
        return {kind.key: await self._catalogue.resources(kind, asker.identity)}

    async def _read(self, params: Mapping[str, Any], asker: Asker) -> Result:
        uri = params.get("uri")
        if not isinstance(uri, str):
            raise invalid("params.uri must be the URI of a resource")
        owner = await self._catalogue.owner(uri, asker.identity)
        if owner is None:
            raise _no_resource(uri, asker)
        try:
            return await self._ask(owner, "resources/read", params, asker)
        except RefusedError as error:
            if error.code == RESOURCE_NOT_FOUND and asker.is_modern:
                raise RefusedError(INVALID_PARAMS, error.message, error.data) from error
            raise

    async def _complete(self, params: Mapping[str, Any], asker: Asker) -> Result:
        ref = table(params.get("ref"))
        named = ref.get({"ref/prompt": "name", "ref/resource": "uri"}.get(str(ref.get("type")), ""))
        if not isinstance(named, str):
            raise invalid("params.ref must be a prompt by its name, or a resource by its URI")
        if ref["type"] == "ref/resource":
            owner = await self._catalogue.owner(named, asker.identity, of_template=True)
            if owner is None:
                raise _no_resource(named, asker)
            return await self._ask(owner, "completion/complete", params, asker)
        origin = (await self._catalogue.prompts(asker.identity))[0].origin(named)
        if origin is None:
            raise invalid(f"Unknown prompt: {named}")
        wanted = {**params, "ref": {**ref, "name": origin.name}}
        return await self._ask(origin.server, "completion/complete", wanted, asker)

    async def _ask(
        self,
        server: ServerName,
        method: str,
        params: Mapping[str, Any],
        asker: Asker,
        timeout_s: float | None = None,
    ) -> Result:
        own = asker.own if asker.own is not None and asker.own.serves(server) else None
        listeners, way = (self._listeners, self._orchestrator) if own is None else (own.listeners, own)
        progress, log = _telling(params, asker), listeners.on_log(asker)
        caller = Caller(capabilities=asker.capabilities, log_level=asker.log_level, on_log=log)
        with (
            audit.call(asker.identity, _what(server, method, params)) as line,
            listeners.during(server, log),
            nullcontext() if own is None else own.during(server, asker.put),
        ):
            try:
                request = partial(way.request, timeout=timeout_s, on_progress=progress, caller=caller)
                result: Result = await _in_rounds(partial(request, server, method), params, asker.ask)
            except MCPOrchestratorError as error:
                line.ended_badly(error)
                error.server = error.server or server
                result = ended_badly(method, error)
            except (ValueError, TypeError) as error:
                raise invalid(str(error)) from error
            if progress is not None or log is not None:  # What was said before the answer comes before it.
                await self._orchestrator.callbacks_done()
        return result


def _what(server: ServerName, method: str, params: Mapping[str, Any]) -> str:
    """Return what the audit log says of a request: not the URI of a resource, which may hold a secret."""
    if method in {"tools/call", "prompts/get"}:
        return Origin(server, params["name"]).full_name
    return f"{server} {method}"


async def _in_rounds(
    request: Callable[[Mapping[str, Any]], Awaitable[Result]], params: Mapping[str, Any], ask: Ask | None
) -> Result:
    """Return the result of a request; where a server asks the caller first, and he can be asked, of the last round."""
    if ask is None:
        return await request(params)
    params = {key: value for key, value in params.items() if key not in CARRIED}  # No words of his era.
    for _ in range(MOST_ROUNDS + 1):
        result = await request(params)
        if result.get("resultType") != "input_required":
            return result
        try:
            params = await next_round(params, result, ask)
        except UnansweredError as error:
            raise MCPToolError(f"the server asks for input: {error}", executed="unknown") from error
    raise MCPToolError(f"the server asks for input: again after {MOST_ROUNDS} rounds", executed="unknown")


def _telling(params: Mapping[str, Any], asker: Asker) -> OnProgress | None:
    """Return what passes progress on to a caller who gave a token; from the callbacks thread."""
    token = table(params.get("_meta")).get("progressToken")
    if not isinstance(token, str | int) or isinstance(token, bool):
        return None
    loop = asyncio.get_running_loop()

    def told(done: float, total: float | None, text: str | None) -> None:
        said: dict[str, Any] = {"progressToken": token, "progress": done}
        said |= {} if total is None else {"total": total}
        said |= {} if text is None else {"message": text}
        loop.call_soon_threadsafe(asker.tell, "notifications/progress", said)

    return told


def _check_cursor(params: Mapping[str, Any]) -> None:
    if params.get("cursor") is not None:  # All lists are whole: nobody was ever given one.
        raise invalid("Invalid cursor")


def _no_resource(uri: str, asker: Asker) -> RefusedError:
    code = INVALID_PARAMS if asker.is_modern else RESOURCE_NOT_FOUND
    return RefusedError(code, f"Resource not found: {uri}", {"uri": uri})
