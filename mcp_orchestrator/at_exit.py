"""Ends what a script forgot to shut down: the interpreter must end, and no child may be left."""

import atexit
import weakref
from concurrent.futures import Future
from contextlib import suppress
from typing import Protocol

_AT_EXIT_S = 2.0


class Ending(Protocol):
    """What the end needs of an engine."""

    def shut_down(self, *, finish_s: float, gone_s: float) -> Future[list[str]]:
        """Begin the end."""
        ...

    def end(self, timeout_s: float) -> list[str]:
        """Bring it about."""
        ...


_running: "weakref.WeakSet[Ending]" = weakref.WeakSet()


def not_to_be_forgotten(engine: Ending) -> None:
    """End `engine` with the interpreter, if nobody has until then."""
    _running.add(engine)


def may_be_forgotten(engine: Ending) -> None:
    """Note that `engine` has ended."""
    _running.discard(engine)


@atexit.register
def _end_forgotten() -> None:
    for engine in list(_running):
        with suppress(Exception):
            engine.shut_down(finish_s=0.0, gone_s=_AT_EXIT_S / 2).result(timeout=_AT_EXIT_S)
        with suppress(Exception):
            engine.end(_AT_EXIT_S / 4)
