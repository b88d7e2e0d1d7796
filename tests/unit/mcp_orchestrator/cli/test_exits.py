"""Every error has an exit code that says what to do next, and one line."""

import pytest

from actors.errors import (
    CallCancelledError,
    CircuitBreakerOpenError,
    ConfigurationError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    ResponseTooLargeError,
    ServerUnavailableError,
    UnknownServerError,
)
from mcp_orchestrator.cli.exits import ExitCode, NotReadyError, UsageError, error_text, exit_code_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MCPToolError("failed", executed="yes"), ExitCode.FAILED),
        (ResponseTooLargeError("large"), ExitCode.FAILED),
        (UsageError("wrong"), ExitCode.USAGE),
        (ConfigurationError("wrong"), ExitCode.USAGE),
        (UnknownServerError("who"), ExitCode.USAGE),
        (ServerUnavailableError("no such program", state="config"), ExitCode.USAGE),
        (MCPToolError("bad params", executed="no", code=-32602), ExitCode.USAGE),
        (NotReadyError("not connected"), ExitCode.NOT_EXECUTED),
        (CircuitBreakerOpenError("open"), ExitCode.NOT_EXECUTED),
        (ServerUnavailableError("later", state="throttled"), ExitCode.NOT_EXECUTED),
        (OutcomeUnknownError("lost"), ExitCode.UNKNOWN),
        (MCPToolError("internal", executed="unknown", code=-32603), ExitCode.UNKNOWN),
        (MCPTimeoutError("late", executed="no"), ExitCode.TIMEOUT),
        (MCPTimeoutError("late", executed="unknown"), ExitCode.TIMEOUT),
        (CallCancelledError("gone", executed="unknown"), ExitCode.INTERRUPTED),
    ],
)
def test_every_error_has_the_exit_code_that_says_what_to_do(error: Exception, code: ExitCode) -> None:
    assert exit_code_of(error) is code


def test_an_error_is_one_line_that_no_terminal_obeys() -> None:
    assert error_text(OutcomeUnknownError("a\nb\x1b[31m\x9b")) == r"error: a b\x1b[31m\x9b (executed: unknown)"


def test_mistakes_of_a_configuration_have_a_line_each() -> None:
    assert error_text(ConfigurationError("file: 2 mistakes\n- a\n- b")) == "error: file: 2 mistakes\n- a\n- b"
