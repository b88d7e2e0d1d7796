"""Errors go to many callers, into copies and over to other processes, and lose nothing on the way."""

import copy
import pickle

import pytest

from actors.errors import (
    CircuitBreakerOpenError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
)


@pytest.mark.parametrize(
    "error",
    [
        MCPConnectionError("refused", retry_after_s=2.0),
        ServerUnavailableError("HTTP 401", state="auth_required"),
        OutcomeUnknownError("reset", stale=True),
        MCPTimeoutError("late", executed="unknown"),
        MCPToolError("no such tool", executed="no", code=-32602, data={"why": "typing error"}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_copy_and_a_pickle_say_the_same(error: MCPOrchestratorError) -> None:
    error = error.of_call("plex", "search", 7)

    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 -- our own
        assert type(other) is type(error)
        assert (str(other), vars(other)) == (str(error), vars(error))


def test_the_error_of_one_call_stays_as_it_is_when_another_gets_it_too() -> None:
    first = CircuitBreakerOpenError("open").of_call("plex", "search", 1)

    second = first.of_call("plex", "get_sessions", 2)

    assert (first.tool, first.request_id) == ("search", 1)
    assert (second.tool, second.request_id) == ("get_sessions", 2)


def test_an_error_says_where_what_whether_executed_and_when_to_come_back() -> None:
    error = CircuitBreakerOpenError("circuit breaker open", retry_after_s=4.25).of_call("plex", "search", 1)

    assert str(error) == "plex.search: circuit breaker open (executed: no, try again in 4.2 s)"
