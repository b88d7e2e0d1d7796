"""Whole lists that are kept: who fetches, who waits, and who shares what with whom."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from media_servers.errors import BadAnswerError
from media_servers.kept import KEEP_S, Kept
from tests.fixtures.media import SettableClock
from tests.fixtures.orchestrating import PATIENCE_S, eventually

OTHERS = 7


class Fetching:
    """Fetches numbers, one for each time; the first goes on when it is told, and may fail. `begun`: how often."""

    def __init__(self, error: BadAnswerError | None = None) -> None:
        self.begun = 0
        self.is_fetching, self.go_on = Event(), Event()
        self._error, self._numbers = error, count(1)

    def __call__(self) -> int:
        self.begun += 1
        number = next(self._numbers)
        if number == 1:
            self.is_fetching.set()
            assert self.go_on.wait(PATIENCE_S)
            if self._error is not None:
                raise self._error
        return number


def ask_at_once(kept: Kept[int], fetching: Fetching) -> list[Future[int]]:
    """Have one thread fetch, and others ask meanwhile; then let it go on, and wait for all."""
    asking: list[int] = []

    def ask(number: int) -> int:
        asking.append(number)
        return kept.get(0, "library", fetching)

    with ThreadPoolExecutor(OTHERS + 1) as threads:
        first = threads.submit(ask, 0)
        assert fetching.is_fetching.wait(PATIENCE_S)
        others = [threads.submit(ask, number) for number in range(1, OTHERS + 1)]
        eventually(lambda: len(asking) == OTHERS + 1, "all ask")
        fetching.go_on.set()
    return [first, *others]


def test_those_that_ask_for_a_large_list_at_once_share_one_that_was_fetched_after_they_asked() -> None:
    fetching = Fetching()

    first, *others = ask_at_once(Kept(SettableClock(), in_turn=True), fetching)

    assert first.result() == 1
    assert all(other.result() >= 2 for other in others)  # What was being fetched may lack what they know of.
    assert fetching.begun < 1 + OTHERS


def test_when_a_fetch_fails_those_that_waited_for_it_do_not_try_one_after_the_other() -> None:
    fetching = Fetching(BadAnswerError("Sonarr did not answer within 108 s."))
    kept: Kept[int] = Kept(SettableClock(), in_turn=True)

    asked = ask_at_once(kept, fetching)
    afterwards = kept.get(0, "library", fetching)

    assert isinstance(asked[0].exception(), BadAnswerError)
    assert afterwards == fetching.begun


def test_small_lists_do_not_wait_for_one_another() -> None:
    kept: Kept[int] = Kept(SettableClock())
    fetching = Fetching()

    def meanwhile() -> int:
        return kept.get(0, "another", lambda: 100)

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(kept.get, 0, "one", fetching)
        assert fetching.is_fetching.wait(PATIENCE_S)
        assert meanwhile() == 100
        fetching.go_on.set()

    assert first.result() == 1


@pytest.mark.parametrize("passed_s", [0.0, KEEP_S - 1, KEEP_S, -1.0])
def test_later_pages_are_of_the_list_that_is_kept_for_a_time(passed_s: float) -> None:
    clock = SettableClock()
    kept: Kept[int] = Kept(clock, in_turn=True)
    fetch: Callable[[], int] = count(1).__next__
    kept.get(0, "library", fetch)

    clock.advance(passed_s)

    assert kept.get(20, "library", fetch) == (1 if 0 <= passed_s < KEEP_S else 2)
