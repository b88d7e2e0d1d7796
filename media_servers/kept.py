"""Whole lists, kept for their next pages."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KEEP_S = 300.0

T = TypeVar("T")


class Kept(Generic[T]):
    """The last whole list, for its next pages: consistent, and at the cost of one request. For any thread.

    Two threads may both fetch: the later one's list is kept, and each got a good one. `clock`: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: tuple[Hashable, float, T] | None = None

    def get(self, offset: int, of: Hashable, fetch: Callable[[], T]) -> T:
        """Return the list `of` this; for the first page, or when none is kept, it is fetched."""
        last = self._last
        if offset and last is not None and last[0] == of and 0 <= self._clock() - last[1] < KEEP_S:
            return last[2]
        fetched = fetch()
        self._last = (of, self._clock(), fetched)
        return fetched
