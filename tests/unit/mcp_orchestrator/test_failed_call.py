"""What the log says of a call that failed: nothing of what the server said."""

import pytest

from actors.errors import InvalidResultError, MCPOrchestratorError, MCPTimeoutError, MCPToolError
from mcp_orchestrator.failed_call import FailedCall

DIARY = "the diary of somebody"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MCPToolError(DIARY, executed="yes", result={}), "the tool reported an error (executed: yes)"),
        (MCPToolError(DIARY, executed="no", code=-32602), "the server answered with error -32602 (executed: no)"),
        (
            InvalidResultError(DIARY, result={}),
            "its result is not what the tool's outputSchema says (executed: yes)",
        ),
    ],
)
def test_no_word_of_an_answer_is_logged(
    caplog: pytest.LogCaptureFixture, error: MCPOrchestratorError, told: str
) -> None:
    caplog.set_level("INFO")

    FailedCall(server="home", tool="read", error=error, attempt=1).log()

    assert caplog.messages == [f"a call failed: home.read: {told}"]


def test_what_we_say_ourselves_is_logged_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    FailedCall(server="home", tool="read", error=MCPTimeoutError("too late", executed="no"), attempt=0).log()

    assert caplog.messages == ["a call failed: too late (executed: no)"]
