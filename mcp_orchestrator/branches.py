"""Engines beside an engine, each for one caller: connections of his own, on the threads of the first."""

from collections.abc import Sequence
from concurrent.futures import Future
from itertools import count
from typing import Protocol


class Branch(Protocol):
    """An engine, as the one that it belongs to knows it."""

    def shut_down(self, *, finish_s: float, gone_s: float) -> Future[list[str]]:
        """See Engine."""
        ...

    def end(self, timeout_s: float) -> list[str]:
        """See Engine."""
        ...

    def connected_children(self) -> int:
        """Return how many child processes its connections may have."""
        ...


class Branches:
    """Those of one engine, which have to end before it does. For any thread."""

    def __init__(self) -> None:
        self._all: dict[Branch, None] = {}

    def add(self, branch: Branch) -> None:
        """Take care of it from now on."""
        self._all[branch] = None

    def discard(self, branch: Branch) -> None:
        """Forget one that has ended."""
        self._all.pop(branch, None)

    def connected_children(self) -> int:
        """Return how many child processes they may have."""
        return sum(branch.connected_children() for branch in self._all.copy())

    def shut_down(self, *, finish_s: float, gone_s: float) -> list[Future[list[str]]]:
        """Begin to end all of them; return what each replies."""
        return [branch.shut_down(finish_s=finish_s, gone_s=gone_s) for branch in self._all.copy()]

    def end(self, timeout_s: float) -> list[str]:
        """Stop what is left of each, one after the other; return what is left behind."""
        return [name for branch in self._all.copy() for name in branch.end(timeout_s)]


def joined(replies: Sequence[Future[list[str]]]) -> Future[list[str]]:
    """Return a future that has the lists of all of them, once the last has come. They are never cancelled."""
    whole: Future[list[str]] = Future()
    number = count(1).__next__  # Atomic: one thread alone gets the last one.

    def come(_: Future[list[str]]) -> None:
        if number() == len(replies):
            whole.set_result([name for reply in replies for name in reply.result()])

    for reply in replies:
        reply.add_done_callback(come)
    return whole
