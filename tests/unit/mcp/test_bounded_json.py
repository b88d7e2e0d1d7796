"""Copies that know their size, say little of themselves, and are never larger than allowed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.bounded_json import TooLargeError, bounded, canonical, size

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=60), inner, max_size=4),
    max_leaves=12,
)


def copied(value: Any) -> Any:
    return bounded(value, most_values=1_000, most_levels=20)


@given(VALUES)
def test_a_copy_is_equal_and_another(value: Any) -> None:
    copy = copied(value)

    assert copy == value
    assert not isinstance(value, list | dict) or copy is not value


@given(VALUES)
def test_a_copy_says_little_of_itself(value: Any) -> None:
    assert len(repr(copied(value))) < 500


def test_a_long_text_is_quoted_by_its_beginning() -> None:
    assert repr(copied("short")) == "'short'"
    assert repr(copied("x" * 41)) == f"'{'x' * 40}'…"
    assert repr(copied({"x" * 41: 1}).popitem()[0]) == f"'{'x' * 40}'…"
    assert (repr(copied({"a": 1})), repr(copied([1, 2]))) == ("{…}", "[…]")


def test_the_size_counts_every_part_and_long_texts_more() -> None:
    assert size(copied(5)) == 1
    assert size(copied([])) == 1
    assert size(copied([1, [2, 3]])) == 5
    assert size(copied({"a": 1, "b": [1]})) == 6
    assert size(copied("x" * 3_200)) == 101
    assert size(copied({"x" * 3_200: "x" * 3_200})) == 203


def test_there_is_room_for_so_many_values_and_levels() -> None:
    assert bounded([1, 2, 3], most_values=4, most_levels=1) == [1, 2, 3]
    for value in ([1, 2, 3], {"a": 1, "b": 2, "c": 3}, [{"a": [5]}]):
        with pytest.raises(TooLargeError):
            bounded(value, most_values=3, most_levels=9)
        with pytest.raises(TooLargeError):
            bounded(value, most_values=9, most_levels=0)


@pytest.mark.parametrize("value", ["abcd", ["abcd"], {"abcd": 1}, {"a": "abcd"}])
def test_there_is_room_for_texts_so_long(value: Any) -> None:
    assert bounded(value, most_values=9, most_levels=9, longest_text=4) == value
    with pytest.raises(TooLargeError):
        bounded(value, most_values=9, most_levels=9, longest_text=3)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0, -0.0), ([1, {"a": 2.0}], [1.0, {"a": 2}]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (1e20, 10**20)],
)
def test_what_is_equal_in_json_is_canonically_equal(one: Any, other: Any) -> None:
    assert canonical(copied(one)) == canonical(copied(other))
    assert hash(canonical(copied(one))) == hash(canonical(copied(other)))


DIFFERENT: list[tuple[Any, Any]] = [
    (1, True),
    (0, False),
    (0, None),
    (1, "1"),
    ("true", True),
    ("", None),
    ([], {}),
    ([1], [[1]]),
    (["a", 1], {"a": 1}),
    ({"a": True}, {"a": 1}),
    ({"a": 1}, {"a": 1, "b": 1}),
    ([1, 2], [2, 1]),
    (0.1, 0.2),
    (10**20, 10**20 + 1),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_in_json_differs_canonically(one: Any, other: Any) -> None:
    assert canonical(copied(one)) != canonical(copied(other))
