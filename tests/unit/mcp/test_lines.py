"""Lines out of bytes, and what can be known of a line that is too long to be kept."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.lines import LineSplitter, Oversized

STREAMS = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=8)


def chopped(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(edges)]


def the_oversized(line: bytes) -> Oversized:
    (only,) = LineSplitter(max_bytes=100).feed(line + b"\n")
    assert isinstance(only, Oversized)
    return only


@given(lines=STREAMS, cuts=st.lists(st.integers(min_value=0), max_size=6))
def test_lines_come_out_whole_however_the_stream_was_chopped_up(lines: list[bytes], cuts: list[int]) -> None:
    splitter = LineSplitter(max_bytes=100)

    came_out = [
        line for chunk in chopped(b"".join(line + b"\n" for line in lines), cuts) for line in splitter.feed(chunk)
    ]

    assert came_out == lines
    assert splitter.flush() == []


def test_what_no_newline_ended_comes_out_at_the_end_once() -> None:
    splitter = LineSplitter(max_bytes=100)

    assert splitter.feed(b"a\nb") == [b"a"]
    assert splitter.flush() == [b"b"]
    assert splitter.flush() == []


@given(
    size=st.integers(min_value=0, max_value=2000),
    limit=st.integers(min_value=1, max_value=1000),
    step=st.integers(min_value=1, max_value=700),
)
def test_a_line_is_too_long_from_the_first_byte_beyond_the_limit_on(size: int, limit: int, step: int) -> None:
    line = bytes(65 + number % 26 for number in range(size))
    stream, splitter = line + b"\nnext\n", LineSplitter(max_bytes=limit)

    first, *_ = [out for start in range(0, len(stream), step) for out in splitter.feed(stream[start : start + step])]

    if size <= limit:
        assert first == line
    else:
        assert isinstance(first, Oversized)
        assert first.size == size
        assert line.startswith(first.head)
        assert line.endswith(first.tail)
        assert min(size, limit, 200) <= len(first.head) <= max(limit, 200) + step


def test_an_oversized_line_is_kept_as_its_two_ends_only() -> None:
    splitter = LineSplitter(max_bytes=1000)

    for _ in range(100):
        assert splitter.feed(b"x" * 1000) == []
    (line,) = splitter.feed(b"end\nnext")

    assert line == Oversized(head=b"x" * 200, tail=b"x" * 197 + b"end", size=100_003)
    assert splitter.flush() == [b"next"]


@pytest.mark.parametrize(
    "form",
    [
        '{"jsonrpc":"2.0","id":42,"result":RESULT}',
        '{"jsonrpc": "2.0", "id": 42, "result": RESULT}',
        '{"id":42,"jsonrpc":"2.0","result":RESULT}',
        '{"result":RESULT,"jsonrpc":"2.0","id":42}',
        '{"jsonrpc":"2.0","result":RESULT,"id":42}',
        '{"result":RESULT,"id":42,"jsonrpc":"2.0"} \r',
    ],
)
def test_the_id_of_an_oversized_answer_is_found_at_either_end(form: str) -> None:
    result = json.dumps({"id": 7, "items": [{"id": 8, "x": "x" * 1000}], "last": {"id": 9}})

    line = the_oversized(form.replace("RESULT", result).encode())

    assert line.may_be_answer
    assert line.answer_id() == 42


@pytest.mark.parametrize(
    "form",
    [
        '{"jsonrpc":"2.0","result":RESULT,"id":"42"}',
        '{"jsonrpc":"2.0","id":"42","result":RESULT}',
        '{"jsonrpc":"2.0","id":4.2,"result":RESULT}',
        '{"jsonrpc":"2.0","result":RESULT}',
        '{"result":{"id":7,"x":RESULT}}',
        '{"result":{"x":RESULT,"id":7}}',
    ],
)
def test_no_other_number_passes_for_the_id_of_an_oversized_answer(form: str) -> None:
    line = the_oversized(form.replace("RESULT", json.dumps({"id": 7, "x": "x" * 1000, "y": {"id": 9}})).encode())

    assert line.may_be_answer
    assert line.answer_id() is None


@pytest.mark.parametrize(
    "form",
    [
        '{"jsonrpc":"2.0","method":"notifications/message","params":RESULT}',
        '{"jsonrpc":"2.0","id":42,"method":"sampling/createMessage","params":RESULT}',
        '{"method":"notifications/message","params":RESULT,"jsonrpc":"2.0"}',
        "RESULT is what I would say",
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(form: str) -> None:
    line = the_oversized(form.replace("RESULT", json.dumps("x" * 1000)).encode())

    assert not line.may_be_answer
    assert line.answer_id() is None
