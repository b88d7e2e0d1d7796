"""One time limit for a call of a tool, however many requests it takes: each has what those before it have left."""

import time
from contextvars import ContextVar

_began: ContextVar[float] = ContextVar("began")  # Goes with the call to the thread that it runs on.


def begin() -> None:
    """Say that a call of a tool begins here."""
    _began.set(time.monotonic())


def passed_s() -> float:
    """Return for how many seconds the call has been going on; 0 outside of one."""
    now = time.monotonic()
    return now - _began.get(now)
