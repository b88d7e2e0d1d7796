"""Whether an attempt that failed is made again, when, and what is said when it is not."""

import pytest

from actors.backoff import backoff_s
from actors.breaker import Verdict
from actors.call import Outcome, ServerName
from actors.config import ServerConfig
from actors.errors import (
    CallCancelledError,
    CircuitBreakerOpenError,
    InvalidCallError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
    OverloadedError,
    ResponseTooLargeError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.retry import History, delay_s, final, is_repairable, may_repeat, verdict

CONFIG = ServerConfig(name=ServerName("weather"), command=("weather",))
FIRST = History(attempts=1, worst="no", repaired=False)


@pytest.mark.parametrize(
    "error",
    [
        MCPConnectionError("refused"),
        OverloadedError("stdin is full"),
        NotExecutedError("broken off before it was sent"),
        MCPTimeoutError("attempt", executed="no"),
    ],
    ids=repr,
)
def test_what_was_not_executed_is_repeated(error: MCPOrchestratorError) -> None:
    assert may_repeat(error, FIRST, replay_safe=False, max_retries=3)


@pytest.mark.parametrize(
    "error", [OutcomeUnknownError("reset"), MCPTimeoutError("attempt", executed="unknown")], ids=repr
)
@pytest.mark.parametrize("replay_safe", [True, False])
def test_what_may_have_run_is_repeated_only_if_that_does_no_harm(
    error: MCPOrchestratorError, *, replay_safe: bool
) -> None:
    assert may_repeat(error, FIRST, replay_safe=replay_safe, max_retries=3) is replay_safe


@pytest.mark.parametrize(
    "error",
    [
        MCPToolError("isError", executed="yes"),
        MCPToolError("unknown tool", executed="no", code=-32602),
        MCPToolError("internal", executed="unknown", code=-32603),
        ResponseTooLargeError("20 MiB"),
        ServerUnavailableError("HTTP 401", state="auth_required"),
        SessionLostError("HTTP 404"),
        InvalidCallError("cannot be sent as JSON"),
    ],
    ids=repr,
)
def test_no_answer_and_no_mistake_is_repeated_and_what_is_repairable_has_its_own_rule(
    error: MCPOrchestratorError,
) -> None:
    assert not may_repeat(error, FIRST, replay_safe=True, max_retries=3)


@pytest.mark.parametrize(("attempts", "again"), [(3, True), (4, False)])
def test_there_are_so_many_retries_and_no_more(attempts: int, *, again: bool) -> None:
    history = History(attempts=attempts, worst="no", repaired=False)

    assert may_repeat(MCPConnectionError("refused"), history, replay_safe=True, max_retries=3) is again


@pytest.mark.parametrize(
    ("error", "repairable"),
    [
        (SessionLostError("HTTP 404"), True),
        (ServerUnavailableError("HTTP 429", state="throttled"), True),
        (ServerUnavailableError("HTTP 401", state="auth_required"), False),
        (MCPConnectionError("refused"), False),
        (MCPToolError("headers", executed="no", code=-32020), True),
        (MCPToolError("headers", executed="unknown", code=-32020), False),
    ],
)
def test_what_was_refused_for_a_reason_that_is_being_mended_is_repaired(
    error: MCPOrchestratorError, *, repairable: bool
) -> None:
    assert is_repairable(error) is repairable


def test_the_back_off_doubles_up_to_the_cap() -> None:
    pauses_s = [
        delay_s(MCPConnectionError("refused"), History(attempts=attempts, worst="no", repaired=False), CONFIG, 0.5)
        for attempts in range(1, 8)
    ]

    assert pauses_s == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


@pytest.mark.parametrize(("jitter", "pause_s"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_a_back_off_varies_by_a_fifth(jitter: float, pause_s: float) -> None:
    assert backoff_s(0, base_s=1.0, cap_s=9.0, jitter=jitter) == pytest.approx(pause_s)


def test_a_back_off_after_very_many_waits_is_the_cap() -> None:
    assert backoff_s(10**6, base_s=0.5, cap_s=30.0, jitter=0.5) == 30.0


@pytest.mark.parametrize(("asked_s", "pause_s"), [(0.01, 0.1), (5.0, 5.0)])
def test_a_server_that_asks_for_more_time_gets_it(asked_s: float, pause_s: float) -> None:
    error = OutcomeUnknownError("HTTP 503", retry_after_s=asked_s)

    assert delay_s(error, FIRST, CONFIG, 0.5) == pause_s


def test_without_an_unknown_attempt_the_error_is_what_it_is() -> None:
    error = MCPConnectionError("refused")

    assert final(error, "no") is error


def test_once_an_attempt_was_unknown_the_call_never_ends_not_executed() -> None:
    error = CircuitBreakerOpenError("open", retry_after_s=5.0)

    told = final(error, "unknown")

    assert type(told) is OutcomeUnknownError
    assert (told.executed, told.retry_after_s, told.__cause__) == ("unknown", 5.0, error)


@pytest.mark.parametrize("kind", [MCPTimeoutError, CallCancelledError])
def test_a_timeout_after_an_unknown_attempt_stays_a_timeout(
    kind: type[MCPTimeoutError | CallCancelledError],
) -> None:
    told = final(kind("late", executed="no"), "unknown")

    assert (type(told), told.executed) == (kind, "unknown")


def test_an_answer_is_told_as_it_is_whatever_went_before() -> None:
    answer = MCPToolError("isError", executed="yes")

    assert final(answer, "unknown") is answer
    assert answer.executed == "yes"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ({}, Verdict.SUCCESS),
        (MCPToolError("isError", executed="yes"), Verdict.SUCCESS),
        (MCPToolError("bad params", executed="no", code=-32602), Verdict.SUCCESS),
        (ResponseTooLargeError("20 MiB"), Verdict.SUCCESS),
        (MCPConnectionError("refused"), Verdict.FAILURE),
        (OutcomeUnknownError("reset"), Verdict.FAILURE),
        (OutcomeUnknownError("EOF", stale=True), Verdict.IGNORED),
        (CallCancelledError("cancelled", executed="unknown"), Verdict.IGNORED),
        (MCPTimeoutError("late", executed="unknown"), Verdict.IGNORED),
        (OverloadedError("stdin is full"), Verdict.IGNORED),
        (ServerUnavailableError("HTTP 429", state="throttled"), Verdict.IGNORED),
        (SessionLostError("HTTP 404"), Verdict.IGNORED),
    ],
    ids=repr,
)
def test_what_the_end_of_a_call_says_about_its_server(outcome: Outcome, said: Verdict) -> None:
    assert verdict(outcome) is said
