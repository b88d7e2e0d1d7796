"""Calls as spans of OpenTelemetry. Needs the extra `otel`.

Names and attributes follow the semantic conventions for MCP and GenAI (opentelemetry.io/docs/specs/semconv/gen-ai/mcp,
in development when this was written); what these have no name for begins with `mcp_orchestrator.`. Never arguments, not
even the URI of a resource, nor results, nor what a tool says of its failure.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from actors.call import RequestId, ServerName
from actors.calling import Plan
from actors.catalogue import table
from actors.errors import InvalidResultError, MCPOrchestratorError, MCPToolError
from actors.status import ServerStatus

SCOPE = "mcp_orchestrator"
# As MCP has them in `_meta` of a request (SEP-414), and HTTP among its headers.
KEYS = ("traceparent", "tracestate")

_NAMED = {"tools/call": "gen_ai.tool.name", "prompts/get": "gen_ai.prompt.name"}
_W3C = TraceContextTextMapPropagator()

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]


class CallSpans:
    """Makes a span of every call. See Tracer; for `trace` of an orchestrator, blocking or not.

    It is part of what `_meta` of the call says; else of the span that is current where the call is made, which for the
    daemon is what the caller's HTTP headers say. `provider`: None for the application's global one.
    """

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=provider)

    def begin(self, request_id: RequestId, plan: Plan, statuses: Mapping[ServerName, ServerStatus]) -> "CallSpan":
        """See Tracer."""
        name = plan.params.get("name") if plan.method in _NAMED else None
        attributes: dict[str, AttributeValue] = {
            "mcp.method.name": plan.method,
            "mcp_orchestrator.server": plan.server,
            "mcp_orchestrator.request_id": request_id,
        }
        if isinstance(name, str):
            attributes[_NAMED[plan.method]] = name
        if plan.method == "tools/call":
            attributes["gen_ai.operation.name"] = "execute_tool"
        parent, links = _parent(plan.params)
        title = f"{plan.method} {name}" if isinstance(name, str) else plan.method
        span = self._tracer.start_span(title, parent, SpanKind.CLIENT, attributes, links)
        return CallSpan(span, plan, statuses)

    def carried(self, plan: Plan) -> Plan:
        """See Tracer."""
        here = trace.get_current_span()
        if not here.get_span_context().is_valid or _given(plan.params):
            return plan
        return replace(plan, params=_with_context(plan.params, here))


class CallSpan:
    """See Trace."""

    def __init__(self, span: Span, plan: Plan, statuses: Mapping[ServerName, ServerStatus]) -> None:
        self._span, self._server, self._statuses = span, plan.server, statuses
        self._made_at, self._has_begun = time.monotonic(), False
        self._params = _with_context(plan.params, span)

    @property
    def params(self) -> Mapping[str, Any]:
        """See Trace."""
        return self._params

    def began(self, attempt: int) -> None:
        """See Trace."""
        if not self._has_begun:
            self._has_begun = True
            self._span.set_attribute("mcp_orchestrator.queued_s", time.monotonic() - self._made_at)
        self._span.add_event("attempt", {"mcp_orchestrator.attempt": attempt})

    def failed(self, error: MCPOrchestratorError) -> None:
        """See Trace."""
        failure = {"error.type": _type_of(error), "mcp_orchestrator.executed": error.executed}
        self._span.add_event("attempt failed", failure)

    def ended(self, attempts: int, error: BaseException | None) -> None:
        """See Trace."""
        span, status = self._span, self._statuses.get(self._server)
        span.set_attribute("mcp_orchestrator.attempts", attempts)
        if status is not None and status.protocol:
            span.set_attribute("mcp.protocol.version", status.protocol)
            span.set_attribute("network.transport", "pipe" if status.transport == "stdio" else "tcp")
        if isinstance(error, MCPOrchestratorError):
            span.set_attribute("error.type", _type_of(error))
            span.set_attribute("mcp_orchestrator.executed", error.executed)
            if isinstance(error, MCPToolError) and error.code is not None:
                span.set_attribute("rpc.response.status_code", str(error.code))
            is_ours = not isinstance(error, MCPToolError | InvalidResultError)  # Else the server's own words.
            span.set_status(Status(StatusCode.ERROR, error.message if is_ours else None))
        else:
            span.set_attribute("mcp_orchestrator.executed", "yes")
        span.end()


class InContext:
    """An ASGI application in which the caller's HTTP headers say what his calls are part of."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 -- as ASGI has it
        """Serve one request."""
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        token = context.attach(_W3C.extract(given)) if KEYS[0] in given else None
        try:
            await self._app(scope, receive, send)
        finally:
            if token is not None:
                context.detach(token)


def _parent(params: Mapping[str, Any]) -> tuple[context.Context | None, list[Link]]:
    """Return what a call is part of, and what else it has to do with; None: whatever is current.

    Source: the conventions. What a message says goes before its transport, which then is linked.
    """
    if not (given := _given(params)):
        return None, []
    said = _W3C.extract(given)
    here, there = trace.get_current_span().get_span_context(), trace.get_current_span(said).get_span_context()
    if not there.is_valid:
        return None, []
    return said, [Link(here)] if here.is_valid and here.span_id != there.span_id else []


def _given(params: Mapping[str, Any]) -> dict[str, str]:
    meta = table(params.get("_meta"))
    if not isinstance(meta.get("traceparent"), str):
        return {}
    return {key: value for key in KEYS if isinstance(value := meta.get(key), str)}


def _with_context(params: Mapping[str, Any], span: Span) -> Mapping[str, Any]:
    """Return params that say that they are part of this span; as they are if nothing is to be said."""
    said: dict[str, str] = {}
    _W3C.inject(said, trace.set_span_in_context(span))
    if not said:
        return params
    others = {key: value for key, value in table(params.get("_meta")).items() if key not in KEYS}
    return {**params, "_meta": {**others, **said}}


def _type_of(error: MCPOrchestratorError) -> str:
    """Return the kind of an error, in the conventions' words where they have one."""
    if isinstance(error, MCPToolError):
        return "tool_error" if error.code is None else str(error.code)
    return type(error).__name__
