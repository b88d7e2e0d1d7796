"""How a blocking face waits: to a deadline, and never longer."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeAlias, TypeVar, cast

from actors.batches import Batch, CallOutcome
from actors.call import Call, Outcome, ServerName, settle
from actors.errors import Executed, MCPOrchestratorError, MCPTimeoutError
from actors.mcp.paging import Entry
from mcp_orchestrator.offers import Fetching

T = TypeVar("T")

GRACE_S = 1.0  # After a deadline, for the actor to say so, before a face says it in its place.
SILENT = "no answer, and its actor is silent"

Replies: TypeAlias = dict[ServerName, tuple[Future[bool], float]]  # With the time at which to give up waiting.


def outcome_of(call: Call, clock: Callable[[], float]) -> object:
    """Wait for the outcome of `call` and return it, or raise its error. Ctrl-C cancels the call and is raised.

    Should the actor not speak by `GRACE_S` after the deadline, the call is settled here, by its ticket.
    """
    try:
        _wait(call.future, max(call.deadline - clock(), 0.0) + GRACE_S)
    except BaseException:  # KeyboardInterrupt, or whatever else a signal handler of the application raises.
        call.future.cancel()
        raise
    if not call.future.done():
        settle(call, silent_actor(call.withdraw()))
    return call.future.result(timeout=0)


def all_of(fetching: Fetching, clock: Callable[[], float]) -> list[Entry]:
    """Wait for all pages of a list and return its entries, or raise the error that ended it."""
    outcome: Outcome | None = None
    while True:
        try:
            call = fetching.send(outcome)
        except StopIteration as end:
            return cast("list[Entry]", end.value)
        try:
            outcome = cast("Outcome", outcome_of(call, clock))
        except MCPOrchestratorError as error:
            outcome = error


def list_of(batch: Batch, longest_s: float) -> list[CallOutcome]:
    """Wait for the list of a batch, as for a call's outcome."""
    try:
        _wait(batch.future, longest_s + GRACE_S)
    except BaseException:  # As above.
        batch.future.cancel()
        raise
    if not batch.future.done():
        batch.settle_all(SILENT)
    return batch.future.result(timeout=0)


def reply_of(reply: Future[T], timeout_s: float, *, otherwise: T) -> T:
    """Wait for `reply` up to `timeout_s`; `otherwise` if it does not come."""
    _wait(reply, max(timeout_s, 0.0))
    return reply.result(timeout=0) if reply.done() else otherwise


def replies_of(replies: Replies, clock: Callable[[], float]) -> dict[str, bool]:
    """Wait for each of `replies` until its time; False for one that does not come."""
    return {
        name: reply_of(reply, give_up_at - clock(), otherwise=False) for name, (reply, give_up_at) in replies.items()
    }


def _wait(future: Future[T], timeout_s: float) -> None:
    with suppress(TimeoutError):  # Of the wait: an outcome that is one is returned here, not raised.
        future.exception(timeout=timeout_s)


def silent_actor(executed: Executed) -> MCPTimeoutError:
    """Return what a face says in the place of an actor that does not."""
    return MCPTimeoutError(SILENT, executed=executed)
