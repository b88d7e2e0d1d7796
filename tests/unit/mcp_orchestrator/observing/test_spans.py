"""Calls as spans: what they say, what they are part of, and what their servers are told."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, TraceFlags, get_current_span

from actors.errors import MCPToolError, OutcomeUnknownError
from mcp_orchestrator import MCPOrchestratorError
from mcp_orchestrator.observing.spans import CallSpans, InContext
from tests.fixtures.asgi import META, Caller
from tests.fixtures.faces import Scripts, asynchronous, blocking
from tests.fixtures.gateways import LEGACY, MODERN, params_of, serving
from tests.fixtures.manual_time import eventually, in_background, on_a_loop, until

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"


class Noted:
    """Spans that have ended. `provider`: makes them."""

    def __init__(self, *, sampled: bool = True) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False) if sampled else TracerProvider(sampler=ALWAYS_OFF)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.calls = CallSpans(self.provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those of calls."""
        return [span for span in self._exporter.get_finished_spans() if span.kind is SpanKind.CLIENT]

    @property
    def span(self) -> ReadableSpan:
        """The only one."""
        (span,) = self.spans
        return span


def meta_of(scripts: Scripts, name: str = "a") -> Mapping[str, Any]:
    """Return `_meta` of the last request that a server got."""
    return dict(params_of(scripts.wire(name).exchanges[-1]).get("_meta", {}))


def text_of(span: ReadableSpan) -> str:
    """Return all that is sent of a span."""
    return str(span.to_json())


def header_of(span: ReadableSpan) -> str:
    """Return what names a span to others."""
    assert span.context is not None
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{span.context.trace_flags:02x}"


def test_a_call_says_what_it_was_and_how_it_went_by_the_conventions() -> None:
    noted = Noted()
    with blocking("a") as (orchestrator, _):
        orchestrator.trace(noted.calls)

        result = orchestrator.call_tool("a", "add_nzb", {"secret": "canary"})

    span = noted.span
    attributes = dict(span.attributes or {})
    assert span.name == "tools/call add_nzb"
    assert span.status.status_code is StatusCode.UNSET
    assert 0.0 <= float(str(attributes.pop("mcp_orchestrator.queued_s"))) < 60.0
    assert attributes == {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "add_nzb",
        "mcp.protocol.version": "2025-11-25",
        "network.transport": "pipe",
        "mcp_orchestrator.server": "a",
        "mcp_orchestrator.request_id": result.metadata.request_id,
        "mcp_orchestrator.attempts": 1,
        "mcp_orchestrator.executed": "yes",
    }
    assert [event.name for event in span.events] == ["attempt"]
    assert "canary" not in text_of(span)


def test_each_attempt_is_an_event_and_all_are_one_span() -> None:
    noted = Noted()
    with blocking("a") as (orchestrator, scripts):
        orchestrator.trace(noted.calls)
        scripts.hold = True
        calling = in_background(lambda: orchestrator.call_tool("a", "get_queue"))
        first = scripts.exchange("a", "get_queue")
        first.write()
        scripts.hold = False
        first.lose()
        scripts.runtime.pass_on()

        calling.result(5)
        sent = [params_of(exchange)["_meta"]["traceparent"] for exchange in scripts.wire("a").exchanges]

    events = [(event.name, dict(event.attributes or {})) for event in noted.span.events]
    assert events == [
        ("attempt", {"mcp_orchestrator.attempt": 1}),
        ("attempt failed", {"error.type": "OutcomeUnknownError", "mcp_orchestrator.executed": "unknown"}),
        ("attempt", {"mcp_orchestrator.attempt": 2}),
    ]
    assert sent == [header_of(noted.span)] * 2


@pytest.mark.parametrize(
    ("outcome", "kind", "text"),
    [
        (OutcomeUnknownError("reset by peer"), "OutcomeUnknownError", "reset by peer"),
        ({"isError": True, "content": [{"type": "text", "text": "canary"}]}, "tool_error", None),
        (MCPToolError("canary", executed="no", code=-32602), "-32602", None),
    ],
)
def test_a_failure_says_of_which_kind_and_nothing_that_the_tool_said(outcome: Any, kind: str, text: str | None) -> None:
    noted = Noted()
    with blocking("a", servers={"a": {"max_retries": 0}}) as (orchestrator, scripts):
        orchestrator.trace(noted.calls)
        scripts.hold = True
        future = orchestrator.submit("a", "add_nzb")
        exchange = scripts.exchange("a", "add_nzb")
        exchange.write()
        exchange.end(outcome)
        error = future.exception(5)

    assert isinstance(error, MCPOrchestratorError)
    attributes = noted.span.attributes or {}
    assert (attributes["error.type"], attributes["mcp_orchestrator.executed"]) == (kind, error.executed)
    assert attributes.get("rpc.response.status_code") == (kind if kind.startswith("-") else None)
    assert (noted.span.status.status_code, noted.span.status.description) == (StatusCode.ERROR, text)
    assert "canary" not in text_of(noted.span)


def test_a_call_that_never_began_has_no_time_in_a_queue() -> None:
    noted = Noted()
    with blocking("a") as (orchestrator, _):
        orchestrator.trace(noted.calls)
        orchestrator.force_circuit_breaker("a", "open", "maintenance")
        until(lambda: orchestrator.get_statuses()[0].refuses)
        with pytest.raises(MCPOrchestratorError):
            orchestrator.call_tool("a", "status")

    attributes = noted.span.attributes or {}
    assert attributes["mcp_orchestrator.executed"] == "no"
    assert "mcp_orchestrator.queued_s" not in attributes


def test_a_call_and_a_batch_are_part_of_the_span_they_are_made_in() -> None:
    noted = Noted()
    with blocking("a") as (orchestrator, _):
        orchestrator.trace(noted.calls)
        with noted.provider.get_tracer("application").start_as_current_span("work") as work:
            orchestrator.call_tool("a", "status")
            orchestrator.call_tools_parallel([{"server": "a", "tool": "status"}, {"server": "a", "tool": ""}])

    here = work.get_span_context()
    assert [span.parent.span_id if span.parent else None for span in noted.spans] == [here.span_id] * 2


@on_a_loop
async def test_the_asynchronous_face_traces_too_and_may_stop() -> None:
    noted = Noted()
    with asynchronous("a") as (orchestrator, scripts):
        await orchestrator.connect_all()
        orchestrator.trace(noted.calls)
        await orchestrator.call_tool("a", "status")
        orchestrator.trace(None)
        await orchestrator.call_tool("a", "status")

        assert "_meta" not in params_of(scripts.wire("a").exchanges[-1])
    assert noted.span.name == "tools/call status"


@pytest.mark.parametrize("era", [LEGACY, MODERN])
@on_a_loop
async def test_without_tracing_a_callers_own_context_reaches_the_server_as_it_is(era: dict[str, Any]) -> None:
    scripts = Scripts()
    said = {"traceparent": PARENT, "tracestate": "a=1", "baggage": "user=1", "x.example/y": 2}
    if era is MODERN:
        scripts.wire("a").script("server/discover", *[discovered()] * 3)
    async with serving({"a": era}, scripts) as (caller, _, _gateway):
        await caller.modern("tools/call", {"name": "a__status", "arguments": {}, "_meta": {**META, **said}}).done()

        assert {key: meta_of(scripts)[key] for key in said} == said
        if era is LEGACY:
            assert meta_of(scripts) == said


@on_a_loop
async def test_a_callers_context_goes_on_in_our_span_and_from_there_to_the_server() -> None:
    noted, scripts = Noted(), Scripts()
    async with serving({"a": LEGACY}, scripts) as (caller, _, gateway):
        gateway.orchestrator.trace(noted.calls)
        meta = {**META, "traceparent": PARENT, "tracestate": "a=1", "baggage": "user=1"}
        await caller.modern("tools/call", {"name": "a__status", "arguments": {}, "_meta": meta}).done()

        parent = noted.span.parent
        assert parent is not None
        assert (f"{parent.trace_id:032x}", f"{parent.span_id:016x}", parent.is_remote) == (TRACE, SPAN, True)
        assert meta_of(scripts) == {"traceparent": header_of(noted.span), "tracestate": "a=1", "baggage": "user=1"}


@pytest.mark.parametrize("era", ["legacy", "modern"])
@on_a_loop
async def test_what_a_message_says_goes_before_what_http_says_which_is_linked(era: str) -> None:
    noted, scripts = Noted(), Scripts()
    async with serving({"a": LEGACY}, scripts) as (_, _scripts, gateway):
        gateway.orchestrator.trace(noted.calls)
        caller = Caller(InContext(gateway))
        await caller.initialize()
        for said in ({}, {"traceparent": PARENT}, {"traceparent": "no-such-thing"}):
            params = {"name": "a__status", "arguments": {}, "_meta": {**META, **said}}
            if era == "modern":
                await caller.modern("tools/call", params, traceparent=OTHER).done()
            else:
                message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**params, "_meta": said}}
                await caller.http("POST", message, mcp_session_id=caller.session, traceparent=OTHER).done()

    of_http, of_message, of_junk = noted.spans
    assert [f"{span.parent.trace_id:032x}" for span in noted.spans if span.parent] == [OTHER[3:35], TRACE, OTHER[3:35]]
    assert [len(span.links) for span in (of_http, of_message, of_junk)] == [0, 1, 0]
    assert f"{of_message.links[0].context.trace_id:032x}" == OTHER[3:35]


@on_a_loop
async def test_what_a_request_was_part_of_ends_with_it() -> None:
    seen: list[int] = []

    async def app(scope: object, receive: object, send: object) -> None:
        del scope, receive, send
        seen.append(get_current_span().get_span_context().trace_id)

    for headers in ([(b"traceparent", PARENT.encode())], []):
        await InContext(app)({"type": "http", "headers": headers}, None, None)

    assert seen == [int(TRACE, 16), 0]


@on_a_loop
async def test_two_callers_at_once_are_not_mistaken_for_each_other() -> None:
    noted, scripts = Noted(), Scripts()
    async with serving({"a": LEGACY}, scripts) as (_, _scripts, gateway):
        gateway.orchestrator.trace(noted.calls)
        scripts.hold = True
        caller = Caller(InContext(gateway))
        asked = [
            caller.modern("tools/call", {"name": "a__status", "arguments": {}}, traceparent=header)
            for header in (PARENT, OTHER)
        ]
        await eventually(lambda: len(scripts.wire("a").exchanges) == 2)
        for exchange in scripts.wire("a").exchanges:
            exchange.write()
            exchange.answer()
        await asyncio.gather(*(one.done() for one in asked))

    traces = {f"{span.parent.trace_id:032x}" for span in noted.spans if span.parent}
    assert traces == {TRACE, OTHER[3:35]}


def test_what_is_not_sampled_is_still_said_to_be_not_sampled() -> None:
    noted = Noted(sampled=False)
    with blocking("a") as (orchestrator, scripts):
        orchestrator.trace(noted.calls)
        orchestrator.call_tool("a", "status")

        flags = int(meta_of(scripts)["traceparent"][-2:], 16)
    assert not flags & TraceFlags.SAMPLED
    assert noted.spans == []


def test_a_resources_uri_is_an_argument_and_stands_nowhere() -> None:
    noted = Noted()
    with blocking("a") as (orchestrator, _):
        orchestrator.trace(noted.calls)
        orchestrator.request("a", "resources/read", {"uri": "x://canary"})

    assert noted.span.name == "resources/read"
    assert "canary" not in text_of(noted.span)


def discovered() -> dict[str, Any]:
    """Return what a modern server says of itself."""
    return {
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "scripted", "version": "1"},
    }
