"""Which answers are kept, for how long, and what ends them sooner."""

from typing import Any

import pytest

from actors.answer_cache import AnswerCache, copied
from tests.fixtures.caching import METHODS, READ, Clock, answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> AnswerCache:
    return AnswerCache(clock)


def params_of(method: str) -> dict[str, Any]:
    return dict(READ) if method == "resources/read" else {}


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_is_kept_until_its_time_is_over(method: str, cache: AnswerCache, clock: Clock) -> None:
    kept = answer(1500)
    cache.put(method, params_of(method), kept)

    clock.now += 1.499
    assert cache.get(method, params_of(method)) is kept
    clock.now += 0.001
    assert cache.get(method, params_of(method)) is None
    assert len(cache) == 0


@pytest.mark.parametrize("method", ["tools/call", "prompts/get", "completion/complete", "ping", "subscriptions/listen"])
def test_other_answers_are_not_kept(method: str, cache: AnswerCache) -> None:
    cache.put(method, None, answer())

    assert cache.get(method, None) is None
    assert len(cache) == 0


@pytest.mark.parametrize("ttl_ms", [None, 0, -1, True, "60000", 60_000.0, [60_000], {}])
def test_an_answer_without_a_time_to_live_is_not_kept(ttl_ms: object, cache: AnswerCache) -> None:
    cache.put("tools/list", None, answer(ttl_ms))
    cache.put("prompts/list", None, {"prompts": []})

    assert len(cache) == 0


@pytest.mark.parametrize("kind", ["input_required", "task", "", None, 5])
def test_an_answer_that_is_not_complete_is_not_kept(kind: object, cache: AnswerCache) -> None:
    cache.put("resources/read", READ, answer(resultType=kind))

    assert len(cache) == 0


def test_an_answer_of_an_old_peer_that_names_no_kind_is_complete(cache: AnswerCache) -> None:
    cache.put("tools/list", None, {"ttlMs": 1000})

    assert cache.get("tools/list", None) == {"ttlMs": 1000}


@pytest.mark.parametrize("extra", ["inputResponses", "requestState", "filter"])
@pytest.mark.parametrize("method", METHODS)
def test_the_answer_to_a_request_that_says_more_is_not_kept_and_not_given(
    method: str, extra: str, cache: AnswerCache
) -> None:
    cache.put(method, params_of(method), answer())

    assert cache.get(method, {**params_of(method), extra: {"a": 1}}) is None
    cache.clear()
    cache.put(method, {**params_of(method), extra: {"a": 1}}, answer())
    assert len(cache) == 0


def test_each_page_and_each_resource_has_its_own_answer(cache: AnswerCache) -> None:
    asked: list[tuple[str, dict[str, Any] | None]] = [
        ("tools/list", None),
        ("tools/list", {"cursor": ""}),
        ("tools/list", {"cursor": "2"}),
        ("prompts/list", {"cursor": "2"}),
        ("resources/read", {"uri": "file:///a"}),
        ("resources/read", {"uri": "file:///b"}),
    ]
    answers = [answer(number=number) for number in range(len(asked))]

    for (method, params), result in zip(asked, answers, strict=True):
        cache.put(method, params, result)

    assert [cache.get(method, params) for method, params in asked] == answers


def test_meta_makes_no_difference_and_no_cursor_is_a_null_one(cache: AnswerCache) -> None:
    cache.put("tools/list", {"_meta": {"progressToken": 1}}, answer())

    for params in (None, {}, {"cursor": None}, {"_meta": {"progressToken": 2}}):
        assert cache.get("tools/list", params) is not None


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/list", {"cursor": 5}),
        ("tools/list", {"cursor": ["a"]}),
        ("resources/read", {}),
        ("resources/read", None),
        ("resources/read", {"uri": None}),
        ("resources/read", {"uri": {"a": 1}}),
        ("server/discover", {"cursor": "a"}),
    ],
)
def test_what_the_params_do_not_name_is_not_kept(
    method: str, params: dict[str, Any] | None, cache: AnswerCache
) -> None:
    cache.put(method, params, answer())

    assert cache.get(method, params) is None
    assert len(cache) == 0


@pytest.mark.parametrize("newer", [answer(0), answer(resultType="input_required"), {}, answer(text="x" * 100_000)])
def test_a_newer_answer_ends_the_older_even_if_it_is_not_kept(newer: dict[str, Any], clock: Clock) -> None:
    cache = AnswerCache(clock, most_bytes=10_000)
    cache.put("tools/list", None, answer())

    cache.put("tools/list", None, newer)

    assert cache.get("tools/list", None) is None


@pytest.mark.parametrize(
    ("notification", "ended"),
    [
        ("notifications/tools/list_changed", {"tools/list"}),
        ("notifications/prompts/list_changed", {"prompts/list"}),
        ("notifications/resources/list_changed", {"resources/list", "resources/templates/list"}),
        ("notifications/resources/updated", {"resources/read"}),
        ("notifications/message", set[str]()),
        ("notifications/unheard/of", set[str]()),
    ],
)
def test_a_change_ends_what_it_is_about(notification: str, ended: set[str], cache: AnswerCache) -> None:
    for method in METHODS:
        cache.put(method, params_of(method), answer())

    cache.changed(notification, READ)

    assert {method for method in METHODS if cache.get(method, params_of(method)) is None} == ended


def test_a_change_of_a_list_ends_all_its_pages(cache: AnswerCache) -> None:
    cache.put("tools/list", None, answer())
    cache.put("tools/list", {"cursor": "2"}, answer())

    cache.changed("notifications/tools/list_changed", {})

    assert len(cache) == 0


def test_an_update_ends_its_own_resource_only(cache: AnswerCache) -> None:
    cache.put("resources/read", {"uri": "file:///a"}, answer())
    cache.put("resources/read", {"uri": "file:///b"}, answer())

    cache.changed("notifications/resources/updated", {"uri": "file:///a"})

    assert cache.get("resources/read", {"uri": "file:///a"}) is None
    assert cache.get("resources/read", {"uri": "file:///b"}) is not None


@pytest.mark.parametrize("params", [{}, {"uri": None}, {"uri": 5}, {"uri": ["file:///a"]}])
def test_an_update_that_names_no_resource_ends_all(params: dict[str, Any], cache: AnswerCache) -> None:
    cache.put("resources/read", READ, answer())

    cache.changed("notifications/resources/updated", params)

    assert len(cache) == 0


def test_an_answer_that_a_change_overtook_is_not_kept(cache: AnswerCache, clock: Clock) -> None:
    asked_at = clock.now
    clock.now += 1
    cache.changed("notifications/tools/list_changed", {})

    cache.put("tools/list", None, answer(), asked_at=asked_at)
    cache.put("prompts/list", None, answer(), asked_at=asked_at)

    assert cache.get("tools/list", None) is None
    assert cache.get("prompts/list", None) is not None
    cache.put("tools/list", None, answer(), asked_at=clock.now)
    assert cache.get("tools/list", None) is not None


def test_clearing_forgets_all_and_what_is_on_its_way(cache: AnswerCache, clock: Clock) -> None:
    for method in METHODS:
        cache.put(method, params_of(method), answer())
    asked_at = clock.now
    clock.now += 1

    cache.clear()

    assert len(cache) == 0
    for method in METHODS:
        cache.put(method, params_of(method), answer(), asked_at=asked_at)
    assert len(cache) == 0


@pytest.mark.parametrize(("params", "kept"), [(None, True), ({"cursor": "2"}, False), ({"cursor": ""}, False)])
def test_a_page_that_is_refused_takes_the_others_with_it(
    cache: AnswerCache, params: dict[str, Any] | None, *, kept: bool
) -> None:
    for page in (None, {"cursor": "1"}):
        cache.put("tools/list", page, answer())
    cache.put("prompts/list", None, answer())

    cache.refused("tools/list", params)

    assert (cache.get("tools/list", None) is not None) is kept
    assert (cache.get("tools/list", {"cursor": "1"}) is not None) is kept
    assert cache.get("prompts/list", None) is not None


@pytest.mark.parametrize("method", ["tools/call", "resources/read", "server/discover"])
def test_what_has_no_pages_is_not_touched_by_a_refusal(method: str, cache: AnswerCache) -> None:
    cache.put("resources/read", {"uri": "file:///a"}, answer())

    cache.refused(method, {"uri": "file:///a", "name": "x"})
    cache.refused(method, {"uri": "file:///a"})

    assert cache.get("resources/read", {"uri": "file:///a"}) is not None


def test_a_copy_may_be_changed_however_deep_it_is() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    whole = answer(contents=[{"a": [1]}], deep=deep)

    copy = copied(whole)

    assert copy["contents"] == whole["contents"]
    copy["contents"][0]["a"].append(2)
    copy["deep"][0].append(3)
    assert (whole["contents"], len(deep[0])) == ([{"a": [1]}], 1)
