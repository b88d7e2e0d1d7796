"""How the audit log calls what became of a call."""

import asyncio

import pytest

from actors.errors import (
    CallCancelledError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    ResponseTooLargeError,
)
from mcp_orchestrator.access import EVERYTHING, audit
from tests.fixtures.guarding import audited


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MCPToolError("no", executed="yes"), "error"),
        (MCPTimeoutError("late", executed="unknown"), "timeout"),
        (CallCancelledError("given up", executed="no"), "cancelled"),
        (MCPConnectionError("away"), "not_executed"),
        (OutcomeUnknownError("lost"), "unknown"),
        (ResponseTooLargeError("large"), "executed"),
        (asyncio.CancelledError(), "cancelled"),
        (ValueError("junk"), "refused"),
    ],
)
def test_it_has_a_word_for_every_end(error: BaseException, outcome: str, caplog: pytest.LogCaptureFixture) -> None:
    if isinstance(error, MCPOrchestratorError):
        error.request_id = 7

    with audited(caplog) as records, pytest.raises(type(error)), audit.call(EVERYTHING, "a__b"):
        raise error

    assert records[0].getMessage() == f"local calls a__b: {outcome}"
    assert vars(records[0]).get("request_id") == (7 if isinstance(error, MCPOrchestratorError) else None)


def test_switched_off_it_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with audited(caplog) as records:
        audit.switch(on=False)
        with audit.call(EVERYTHING, "a__b"):
            pass
        audit.denied(EVERYTHING, "a__b")
        audit.administered(EVERYTHING, "POST /", 200)

    assert records == []


def test_what_somebody_made_up_is_one_line_and_short(caplog: pytest.LogCaptureFixture) -> None:
    with audited(caplog) as records:
        audit.denied(EVERYTHING, "a__\nroot calls b__c" + "x" * 1000)

    assert "\n" not in records[0].getMessage()
    assert len(records[0].getMessage()) < 200
