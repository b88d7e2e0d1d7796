"""How much memory JSON takes: about what Python says, and never more work than asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.sizes import size_of

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda of: st.lists(of) | st.dictionaries(st.text(), of),
)


@given(JSON)
def test_a_value_takes_more_memory_than_it_has_letters_and_not_much_more(value: object) -> None:
    letters = len(json.dumps(value, ensure_ascii=False))

    assert letters / 6 <= size_of(value) <= 60 * letters  # At worst six letters are one byte: \u0000.


@pytest.mark.parametrize(
    "value", ["x" * 1000, ["x" * 1000], {"x" * 1000: 1}, {"x": [{"x": ["x" * 1000]}]}, ("x" * 1000,)]
)
def test_a_text_counts_wherever_it_is(value: object) -> None:
    assert 1000 < size_of(value) < 1000 + 8 * 300


def test_however_deep_a_value_is_its_size_is_known() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert size_of(deep) > 100_000


@pytest.mark.timeout(20)
def test_measuring_stops_where_nobody_wants_to_know_more() -> None:
    parts: list[Any] = []
    for _ in range(60):
        parts = [parts, parts]  # 2 ** 60 of them, to one who counts them all.

    assert 10_000 < size_of(parts, 10_000) < 11_000
