"""How much is kept: so many answers and bytes, none for ever, and nothing stale whatever comes in which order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.answer_cache import AnswerCache
from tests.fixtures.caching import METHODS, Clock, answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> AnswerCache:
    return AnswerCache(clock)


def test_of_too_many_answers_the_oldest_go(clock: Clock) -> None:
    cache = AnswerCache(clock, most_entries=2)
    cache.put("tools/list", None, answer())
    cache.put("prompts/list", None, answer())
    cache.put("tools/list", None, answer())  # Again: the younger now.

    cache.put("resources/list", None, answer())

    assert cache.get("prompts/list", None) is None
    assert cache.get("tools/list", None) is not None
    assert cache.get("resources/list", None) is not None


def test_of_too_large_answers_the_oldest_go(clock: Clock) -> None:
    cache = AnswerCache(clock, most_bytes=25_000)
    for number in range(4):
        cache.put("resources/read", {"uri": f"file:///{number}"}, answer(contents=[{"text": "x" * 9_000}]))

    kept = [number for number in range(4) if cache.get("resources/read", {"uri": f"file:///{number}"})]

    assert kept == [2, 3]


def test_room_is_there_again_when_answers_go(clock: Clock) -> None:
    cache = AnswerCache(clock, most_bytes=12_000)

    for _ in range(3):
        cache.put("tools/list", None, answer(text="x" * 9_000))
        assert cache.get("tools/list", None) is not None
        cache.changed("notifications/tools/list_changed", {})
        cache.put("prompts/list", None, answer(text="x" * 9_000))
        assert cache.get("prompts/list", None) is not None
        cache.clear()


def test_an_answer_larger_than_the_cache_costs_the_others_nothing(clock: Clock) -> None:
    cache = AnswerCache(clock, most_bytes=10_000)
    cache.put("prompts/list", None, answer())

    cache.put("tools/list", None, answer(tools=[{"name": "x" * 10} for _ in range(1000)]))

    assert cache.get("prompts/list", None) is not None
    assert cache.get("tools/list", None) is None


@pytest.mark.parametrize("ttl_ms", [2**63, 10**400])
def test_for_ever_is_a_day(ttl_ms: int, cache: AnswerCache, clock: Clock) -> None:
    cache.put("tools/list", None, answer(ttl_ms))

    clock.now += 24 * 3600 - 1
    assert cache.get("tools/list", None) is not None
    clock.now += 1
    assert cache.get("tools/list", None) is None


def test_a_deep_answer_is_measured_like_any_other(cache: AnswerCache) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    cache.put("tools/list", None, answer(tools=deep))

    assert cache.get("tools/list", None) is not None


def test_long_names_count_too(clock: Clock) -> None:
    cache = AnswerCache(clock, most_bytes=10_000)

    cache.put("tools/list", None, answer(**{"x" * 10_000: 1}))

    assert len(cache) == 0


@pytest.mark.timeout(20)
def test_measuring_stops_where_there_is_no_more_room(cache: AnswerCache) -> None:
    parts: list[Any] = []
    for _ in range(60):
        parts = [parts, parts]  # 2 ** 60 of them, to one who counts them all.

    cache.put("tools/list", None, answer(parts=parts))

    assert len(cache) == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(METHODS), st.integers(0, 5), st.integers(-1, 3)),
        st.tuples(st.just("changed"), st.sampled_from(["tools", "prompts", "resources"]), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("clear"), st.just(""), st.just(0), st.just(0)),
    )
)


@given(STEPS)
def test_nothing_comes_back_stale_and_nothing_grows(steps: list[tuple[str, str, int, int]]) -> None:
    clock, truth = Clock(), dict[tuple[str, str], tuple[dict[str, Any], float]]()
    cache = AnswerCache(clock, most_entries=3, most_bytes=4_000)

    for step, word, number, seconds in steps:
        if step == "put":
            params = {"uri" if word == "resources/read" else "cursor": str(number)}
            result = answer(1000 * seconds, text="x" * 500 * number)
            cache.put(word, params, result)
            truth[word, str(number)] = (result, clock.now + seconds)
        elif step == "changed":
            cache.changed(f"notifications/{word}/list_changed", {})
            truth = {key: kept for key, kept in truth.items() if not key[0].startswith(word) or key[0].endswith("read")}
        elif step == "wait":
            clock.now += number
        else:
            cache.clear()
            truth.clear()

        assert len(cache) <= 3
        for method, name in [(method, str(number)) for method in METHODS for number in range(6)]:
            got = cache.get(method, {"uri" if method == "resources/read" else "cursor": name})
            if got is not None:
                result, stale_at = truth[method, name]
                assert got is result
                assert clock.now < stale_at
