"""Whether an attempt that failed is made again, and what is said when it is not. Pure."""

from dataclasses import dataclass

from actors.backoff import backoff_s
from actors.breaker import Verdict
from actors.call import Outcome
from actors.config import ServerConfig
from actors.errors import (
    CallCancelledError,
    Executed,
    InvalidCallError,
    InvalidResultError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
    ResponseTooLargeError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.mcp.era import HEADERS_REFUSED, speaks_our_version

EARLIER = "an earlier attempt may have run; then: "


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a call has been through.

    `attempts`: of those that `max_retries` limits; they that failed for want of a connection, too.
    """

    attempts: int
    worst: Executed  # Of the attempts that ended.
    repaired: bool  # Its one try outside `max_retries` is spent.


def is_repairable(error: MCPOrchestratorError) -> bool:
    """Say if this was sent and refused, so not executed, for a reason that is being mended: then once more."""
    if isinstance(error, MCPToolError):
        return error.executed == "no" and (error.code == HEADERS_REFUSED or speaks_our_version(error))
    return isinstance(error, SessionLostError) or (
        isinstance(error, ServerUnavailableError) and error.state == "throttled"
    )


def may_repeat(error: MCPOrchestratorError, history: History, *, replay_safe: bool, max_retries: int) -> bool:
    """Say whether to attempt again what ended with `error`, on a connection as good as this one.

    Never after an answer, though it be an error: the server is well, and asking again is the caller's to decide.
    What is repairable has its own rule.
    """
    if history.attempts > max_retries:
        return False
    if isinstance(error, InvalidCallError | InvalidResultError | MCPToolError | ResponseTooLargeError):
        return False
    if isinstance(error, ServerUnavailableError | SessionLostError):
        return False
    return error.executed == "no" or replay_safe


def delay_s(error: MCPOrchestratorError, history: History, config: ServerConfig, jitter: float) -> float:
    """Seconds before the next attempt: the back-off, or longer if the server asked for it."""
    pause_s = backoff_s(history.attempts - 1, base_s=config.retry_base_s, cap_s=config.retry_cap_s, jitter=jitter)
    return max(pause_s, error.retry_after_s or 0.0)


def final(error: MCPOrchestratorError, worst: Executed) -> MCPOrchestratorError:
    """Return what to tell the caller: once an attempt ended "unknown", the call never ends "no"."""
    if worst == "no" or error.executed != "no":
        return error
    if not isinstance(error, NotExecutedError):
        error.executed = "unknown"
        return error
    unknown = OutcomeUnknownError(f"{EARLIER}{error.message}", retry_after_s=error.retry_after_s)
    unknown.__cause__ = error
    return unknown


def verdict(outcome: Outcome) -> Verdict:
    """Return what a call that ended like this says about the health of its server."""
    if isinstance(outcome, MCPConnectionError):
        return Verdict.FAILURE
    if isinstance(outcome, OutcomeUnknownError):
        return Verdict.IGNORED if outcome.stale else Verdict.FAILURE
    if isinstance(outcome, NotExecutedError | MCPTimeoutError | CallCancelledError):
        return Verdict.IGNORED
    return Verdict.SUCCESS  # A well-formed answer, whatever it says.
