"""Calls of tools over HTTP, one or many: the routes POST /call and POST /batch."""

from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from actors.batches import CallOutcome
from actors.errors import MCPOrchestratorError, MCPToolError, UnknownServerError
from actors.results import ToolResult
from mcp_orchestrator.access import Identity, audit, identity_of
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.asking import ToolCall
from mcp_orchestrator.control import outcomes as documented
from mcp_orchestrator.control.bodies import BatchBody, CallBody
from mcp_orchestrator.control.permits import Permits
from mcp_orchestrator.control.refusals import ForbiddenError, Json, callers_mistakes, told
from mcp_orchestrator.gateway.presence import Presence

_GONE = Response(status_code=499)  # Nobody reads it.


def add_calls(router: APIRouter, orchestrator: AsyncMCPOrchestrator, permits: Permits) -> None:
    """Add the routes."""

    @router.post("/call", tags=["Calls"], response_model=documented.Called, responses=documented.OF_CALLS)
    async def call_tool(body: CallBody, request: Request) -> Response:
        """Call one tool, and wait for its outcome.

        A tool that says it failed (`isError`) has answered: that is 200 with `success: false`, as it is in a batch.
        Any other status says that there is no answer of a tool, and what may be done about it.
        Who disconnects gives the call up, at its server too.
        """
        identity = identity_of(request.scope)
        what = _checked(permits, identity, body)
        with Presence(request.receive), audit.call(identity, what) as line:
            try:
                with callers_mistakes():
                    result = await orchestrator.call_tool(body.server, body.tool, body.params, timeout=body.timeout)
            except MCPToolError as error:
                if error.result is None:
                    raise
                line.ended_badly(error)
                return Json(_failed(error))
            line.answered(result.metadata)
            return Json(_succeeded(result))
        return _GONE

    @router.post("/batch", tags=["Calls"], response_model=documented.Batch, responses=documented.refusals(404, 422))
    async def call_tools(body: BatchBody, request: Request) -> Response:
        """Call many tools, and wait for all outcomes. No failure of a call is one of the batch.

        Who disconnects gives all its calls up.
        """
        identity = identity_of(request.scope)
        names = [_checked_in_batch(permits, identity, one) for one in body.calls]
        with Presence(request.receive), ExitStack() as lines:
            audited = [lines.enter_context(audit.call(identity, name)) for name in names]
            with callers_mistakes():
                outcomes = await orchestrator.call_tools_parallel(
                    [ToolCall(**dict(one)) for one in body.calls],
                    timeout=body.timeout,
                    max_parallel=body.max_parallel,
                    cancel_on_critical_failure=body.cancel_on_critical_failure,
                )
            for line, outcome in zip(audited, outcomes, strict=True):
                if outcome.error is not None:
                    line.ended_badly(outcome.error)
                elif isinstance(outcome.result, ToolResult):
                    line.answered(outcome.result.metadata)
            succeeded = sum(outcome.success for outcome in outcomes)
            numbers = {"succeeded": succeeded, "failed": len(outcomes) - succeeded}
            return Json({"outcomes": [_outcome(one) for one in outcomes]} | numbers)
        return _GONE


def _checked(permits: Permits, identity: Identity, call: CallBody) -> str:
    try:
        return permits.check(identity, call.server, call.tool)
    except ForbiddenError:
        audit.denied(identity, f"{call.server or '?'}__{call.tool}")
        raise


def _checked_in_batch(permits: Permits, identity: Identity, call: CallBody) -> str:
    try:
        return _checked(permits, identity, call)
    except UnknownServerError:  # The outcome of this one call.
        return f"{call.server}__{call.tool}"


def _succeeded(result: ToolResult) -> dict[str, Any]:
    return {
        "server": result.metadata.server,
        "tool": result.metadata.tool,
        "success": True,
        "executed": "yes",
        "data": result.data,
        "result": result.raw,
        "error": None,
        "metadata": asdict(result.metadata),
    }


def _failed(error: MCPOrchestratorError) -> dict[str, Any]:
    return {
        "server": error.server,
        "tool": error.tool,
        "success": False,
        "executed": error.executed,
        "data": None,
        "result": error.result if isinstance(error, MCPToolError) else None,
        "error": told(error),
        "metadata": None,
    }


def _outcome(outcome: CallOutcome) -> dict[str, Any]:
    what = _succeeded(outcome.result) if outcome.error is None else _failed(outcome.error)
    return {"index": outcome.index, **what}
