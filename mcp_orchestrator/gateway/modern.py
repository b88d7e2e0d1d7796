"""Callers of revision 2026-07-28: every request stands for itself. On the loop's thread."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from actors.catalogue import table
from actors.errors import MCPOrchestratorError
from actors.mcp.envelope import MODERN_VERSIONS, SUBSCRIPTION_ID
from mcp_orchestrator.access import Identity
from mcp_orchestrator.access.answers import Receive, Send
from mcp_orchestrator.gateway import fanout, ladder
from mcp_orchestrator.gateway.catalogue import OneCatalogue
from mcp_orchestrator.gateway.dispatch import Asker, Dispatch
from mcp_orchestrator.gateway.fanout import UPDATED, Fanout, Kind
from mcp_orchestrator.gateway.http_request import Headers, takes_events
from mcp_orchestrator.gateway.presence import Presence
from mcp_orchestrator.gateway.refusals import INTERNAL, INVALID_PARAMS, METHOD_NOT_FOUND, RefusedError
from mcp_orchestrator.gateway.shapes import PREFIX, for_modern
from mcp_orchestrator.gateway.streams import Answer, Message, Stream, WayBack
from mcp_orchestrator.gateway.welcome import Welcome

_STATUS = {METHOD_NOT_FOUND: 404, INTERNAL: 200}
_OURS = frozenset({"server/discover", "subscriptions/listen"})
_FILTER: Mapping[Kind, str] = {
    "tools": "toolsListChanged",
    "prompts": "promptsListChanged",
    "resources": "resourcesListChanged",
}
_TASKS = f"{PREFIX}tasks"
_SUBSCRIPTIONS = "resourceSubscriptions"


def status_of(code: int) -> int:
    """Return the HTTP status of an error that comes alone."""
    if code in _STATUS:
        return _STATUS[code]
    return 400 if code in (-32700, -32600, -32602, -32020, -32021, -32022) else 200


class Modern:
    """Answers one request after the other; a caller who goes away gives up what he has asked for."""

    def __init__(self, dispatch: Dispatch, catalogue: OneCatalogue, fanout: Fanout, welcome: Welcome) -> None:
        self._dispatch, self._catalogue, self._fanout, self._welcome = dispatch, catalogue, fanout, welcome
        self._listening: dict[asyncio.Event, None] = {}
        self._is_closing = False

    async def post(self, message: Mapping[str, Any], headers: Headers, receive: Receive, send: Send) -> None:
        """Answer a request that came over HTTP, until the caller goes away."""
        answer = Answer(send, may_stream=takes_events(headers))
        with Presence(receive):
            try:
                reply = await self.reply(message, answer, headers.identity, headers)
                await answer.finish(status_of(reply["error"]["code"]) if "error" in reply else 200, reply)
            finally:
                answer.break_off()

    async def reply(
        self, message: Mapping[str, Any], way: WayBack, identity: Identity, headers: Headers | None = None
    ) -> Message:
        """Return the message that answers a request. `headers`: of HTTP, which say the same again; None: none exist.

        Whoever gives the request up cancels the task.
        """
        request_id, method, tally = message["id"], message["method"], self._dispatch.tally
        try:
            params = ladder.climb(message, headers, self._knows)
            if method == "subscriptions/listen":
                result: Message = await self._listen(request_id, params, identity, way)
            else:
                result = await self._result(method, params, identity, headers, way)
        except RefusedError as error:
            tally.refused(method)
            return error.body(request_id)
        except asyncio.CancelledError:
            tally.given_up(method)
            raise
        tally.answered(method, result)
        return {"jsonrpc": "2.0", "id": request_id, "result": result}

    @property
    def listening(self) -> int:
        """How many subscriptions there are."""
        return len(self._listening)

    def end_all(self) -> None:
        """End all subscriptions in good order; begin no more."""
        self._is_closing = True
        for end in self._listening:
            end.set()

    def _knows(self, method: str) -> bool:
        return method in _OURS or self._dispatch.knows(method)

    async def _result(
        self, method: str, params: Mapping[str, Any], identity: Identity, headers: Headers | None, way: WayBack
    ) -> Message:
        if method == "server/discover":
            return for_modern(method, self._welcome.discovered(MODERN_VERSIONS, identity))
        if method == "tools/call" and headers is not None:
            self._check_header_params(params, headers)
        meta = table(params.get("_meta"))
        level = meta.get(ladder.LOG_LEVEL)
        asker = Asker(
            is_modern=True,
            tell=way.tell,
            capabilities=_passed_on(table(meta.get(ladder.CAPABILITIES))),
            log_level=level if isinstance(level, str) else None,
            identity=identity,
        )
        return for_modern(method, await self._dispatch.answer(method, params, asker))

    def _check_header_params(self, params: Mapping[str, Any], headers: Headers) -> None:
        mirrored = self._catalogue.tools().header_params
        if mirrored and (origin := self._catalogue.tool(str(params.get("name")), headers.identity)) is not None:
            ladder.check_header_params(mirrored.get(origin, ()), params.get("arguments"), headers)

    async def _listen(
        self, request_id: str | int, params: Mapping[str, Any], identity: Identity, way: WayBack
    ) -> Message:
        wanted = table(params.get("notifications"))
        if "notifications" not in params:
            raise RefusedError(INVALID_PARAMS, "params.notifications must be an object")
        if self._is_closing:
            raise RefusedError(INTERNAL, "the gateway is shutting down")
        end, listen = asyncio.Event(), Listen(request_id, way.listen(), wanted)
        self._listening[end] = None
        try:
            honoured = listen.honoured | await self._subscribed(listen, wanted, identity)
            listen.acknowledge(honoured)
            self._fanout.add(listen)
            await end.wait()
        finally:
            del self._listening[end]
            self._fanout.remove(listen)
        return for_modern("subscriptions/listen", {"_meta": {SUBSCRIPTION_ID: request_id}})

    async def _subscribed(self, listen: "Listen", wanted: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
        """Return the resources of which he will hear: of the others nobody could tell him anything."""
        uris = wanted.get(_SUBSCRIPTIONS)
        if not isinstance(uris, list):
            return {}
        told = list[str]()
        for uri in cast("list[object]", uris)[: fanout.MOST_SUBSCRIPTIONS]:
            try:
                self._fanout.subscribe(listen, await self._fanout.owner(str(uri), identity), str(uri))
            except (RefusedError, MCPOrchestratorError):
                continue
            told.append(str(uri))
        return {_SUBSCRIPTIONS: told}


def _passed_on(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a server is to know of what a caller can do: not that he takes tasks, which nobody here fetches."""
    if _TASKS not in table(declared.get("extensions")):
        return declared
    return {**declared, "extensions": {key: value for key, value in declared["extensions"].items() if key != _TASKS}}


class Listen:
    """One subscriptions/listen: a filter, and the stream for what passes it."""

    def __init__(self, request_id: str | int, stream: Stream, wanted: Mapping[str, Any]) -> None:
        self._request_id, self._stream = request_id, stream
        self.honoured: dict[str, Any] = {key: True for key in _FILTER.values() if wanted.get(key) is True}

    def acknowledge(self, honoured: Mapping[str, Any]) -> None:
        """Say first of all what he will hear."""
        self._tell("notifications/subscriptions/acknowledged", {"notifications": honoured})

    def changed(self, kind: Kind) -> None:
        """See Hearer."""
        if _FILTER[kind] in self.honoured:
            self._tell(f"notifications/{kind}/list_changed", {})

    def updated(self, params: Mapping[str, Any]) -> None:
        """See Hearer."""
        self._tell(UPDATED, params)

    def _tell(self, method: str, params: Mapping[str, Any]) -> None:
        meta = {**table(params.get("_meta")), SUBSCRIPTION_ID: self._request_id}
        self._stream.push({"jsonrpc": "2.0", "method": method, "params": {**params, "_meta": meta}})
