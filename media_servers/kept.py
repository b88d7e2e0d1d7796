"""Whole lists, kept for their next pages."""

from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from media_servers.errors import BackendError

KEEP_S = 300.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched(Generic[T]):
    number: int  # Of the fetch, from 1.
    of: Hashable
    at: float
    whole: T


class Kept(Generic[T]):
    """The last whole list, for its next pages: consistent, and at the cost of one request. For any thread.

    `clock`: seconds. `in_turn`: for a list that may be large. 20,000 movies are 110 MB of JSON and take 0.4 GB while
    they are read, and eight threads that read them at once took 2 GB. So they take turns, and those that waited share
    what was fetched after they had asked; when a fetch fails, all that waited for it have failed.
    """

    def __init__(self, clock: Callable[[], float], *, in_turn: bool = False) -> None:
        self._clock = clock
        self._last: _Fetched[T] | None = None
        self._failed: BackendError | None = None
        self._begun = 0
        self._turn = Lock() if in_turn else nullcontext()

    def get(self, offset: int, of: Hashable, fetch: Callable[[], T]) -> T:
        """Return the list `of` this; for the first page, or when none is kept, it is fetched. Raises what that does."""
        last, begun, failed = self._last, self._begun, self._failed
        if offset and last is not None and last.of == of and 0 <= self._clock() - last.at < KEEP_S:
            return last.whole
        with self._turn:
            last = self._last
            if last is not None and last.of == of and last.number > begun:
                return last.whole
            if self._failed is not None and self._failed is not failed:
                raise self._failed
            return self._fetched(of, fetch)

    def _fetched(self, of: Hashable, fetch: Callable[[], T]) -> T:
        self._begun = number = self._begun + 1
        try:
            whole = fetch()
        except BackendError as error:
            self._failed = error
            raise
        self._last = _Fetched(number=number, of=of, at=self._clock(), whole=whole)
        return whole
