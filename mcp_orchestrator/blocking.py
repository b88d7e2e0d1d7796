"""How a blocking face waits: to a deadline, and never longer."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitTimeoutError
from typing import TypeVar

from actors.call import Call, settle
from actors.errors import MCPTimeoutError

T = TypeVar("T")

GRACE_S = 1.0  # After a deadline, for the actor to say so, before a face says it in its place.


def outcome_of(call: Call, clock: Callable[[], float]) -> object:
    """Wait for the outcome of `call` and return it, or raise its error. Ctrl-C cancels the call and is raised.

    Should the actor not speak by `GRACE_S` after the deadline, the call is settled here, by its ticket.
    """
    try:
        return call.future.result(timeout=max(call.deadline - clock(), 0.0) + GRACE_S)
    except WaitTimeoutError:
        if not call.future.done():
            settle(call, MCPTimeoutError("no answer, and its actor is silent", executed=call.withdraw()))
        return call.future.result(timeout=0)
    except KeyboardInterrupt:
        call.future.cancel()
        raise


def reply_of(reply: Future[T], timeout_s: float, *, otherwise: T) -> T:
    """Wait for `reply` up to `timeout_s`; `otherwise` if it does not come."""
    try:
        return reply.result(timeout=max(timeout_s, 0.0))
    except WaitTimeoutError:
        return otherwise
