"""How a call may end badly, and what its caller gets."""

from typing import Any

import pytest

from actors.errors import (
    CircuitBreakerOpenError,
    InvalidCallError,
    InvalidResultError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
)
from mcp_orchestrator.gateway.refusals import RefusedError, ended_badly


def of_sab(error: MCPOrchestratorError) -> MCPOrchestratorError:
    """Return an error as the orchestrator gives it."""
    return error.of_call("sab", "add", 7)


def test_a_tool_that_failed_gives_its_result_as_it_came() -> None:
    result: dict[str, Any] = {"isError": True, "content": [], "odd": 1}

    assert ended_badly("tools/call", MCPToolError("no", executed="yes", result=result)) is result


def test_an_error_of_the_server_keeps_code_message_and_data() -> None:
    with pytest.raises(RefusedError, match="bad name") as refused:
        ended_badly("prompts/get", MCPToolError("bad name", executed="no", code=-32602, data={"x": 1}))

    assert refused.value.body(3) == {
        "jsonrpc": "2.0",
        "id": 3,
        "error": {"code": -32602, "message": "bad name", "data": {"x": 1}},
    }


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            CircuitBreakerOpenError("the breaker is open", retry_after_s=4.6),
            "sab: the breaker is open. Nothing was executed; it makes sense to try again in 5 s.",
        ),
        (
            MCPTimeoutError("no answer within 3 s.", executed="unknown"),
            "sab: no answer within 3 s. The tool may have run: look at what it has done before you repeat the call.",
        ),
        (
            InvalidResultError("the result breaks its schema", result={}),
            "sab: the result breaks its schema. The tool has run: do not repeat the call without looking first.",
        ),
    ],
)
def test_what_befell_a_tool_is_for_the_model_to_read(error: MCPOrchestratorError, text: str) -> None:
    assert ended_badly("tools/call", of_sab(error)) == {"content": [{"type": "text", "text": text}], "isError": True}


def test_what_befell_another_request_is_an_error_with_the_facts() -> None:
    with pytest.raises(RefusedError, match="sab: reset") as refused:
        ended_badly("prompts/get", of_sab(OutcomeUnknownError("reset", retry_after_s=1.5)))

    assert refused.value.code == -32603
    assert refused.value.data == {"executed": "unknown", "retry_after_s": 1.5, "server": "sab", "request_id": 7}


def test_a_mistake_of_the_caller_is_named_as_one() -> None:
    with pytest.raises(RefusedError) as refused:
        ended_badly("tools/call", of_sab(InvalidCallError("no JSON can say this")))

    assert refused.value.code == -32602


@pytest.mark.parametrize("code", [-32020, -32022])
def test_what_a_server_says_of_our_own_headers_is_none_of_the_callers_business(code: int) -> None:
    with pytest.raises(RefusedError) as refused:
        ended_badly("prompts/get", of_sab(MCPToolError("mismatch", executed="no", code=code)))

    assert refused.value.code == -32603
