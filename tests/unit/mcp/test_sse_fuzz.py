"""The parser against the slow reference, on thousands of streams by chance: cut anyhow, with any limit."""

import os
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.sse import EventTooLargeError, SseEvent, SseParser
from tests.fixtures.sse_reference import ENDS, LINES, PlainEvent, random_pieces, random_stream, reference

STREAMS = int(os.environ.get("SEEDS", "1000")) * 20
LIMITS = (1, 5, 20, 100, 300, 1000, 10**6)


def parse(pieces: Iterable[bytes], limit: int, *, skips: bool) -> tuple[list[SseEvent], bool]:
    """Return the events, and whether the parser then refused to go on."""
    parser, events = SseParser(limit, skips=skips), list[SseEvent]()
    try:
        for piece in pieces:
            for event in parser.feed(piece):
                events.append(event)
    except EventTooLargeError:
        return events, True
    return events, False


def plain(event: PlainEvent) -> SseEvent:
    return SseEvent(event=event.event, data=event.data, id=event.id, retry_ms=event.retry_ms)


def check_refusing(stream: bytes, pieces: list[bytes], limit: int) -> bool:
    expected, before = reference(stream, limit)

    events, refused = parse(pieces, limit, skips=False)

    assert refused == (before is not None)
    assert events == [plain(event) for event in expected[:before]]
    return refused


def check_skipping(stream: bytes, pieces: list[bytes], limit: int) -> int:
    expected, _ = reference(stream, limit, skips=True)

    events, refused = parse(pieces, limit, skips=True)

    assert not refused
    assert len(events) == len(expected)
    for event, whole in zip(events, expected, strict=True):
        assert (event.event, event.id, event.retry_ms) == (whole.event, whole.id, whole.retry_ms)
        if whole.is_large:
            assert event.oversized is not None
            assert event.oversized.size == len(whole.data)
            assert whole.data.startswith(event.oversized.head)
            assert whole.data.endswith(event.oversized.tail)
            assert event.data == b""
        else:
            assert (event.data, event.oversized) == (whole.data, None)
    return sum(event.oversized is not None for event in events)


def test_thousands_of_streams_are_read_as_the_reference_reads_them() -> None:
    seen = Counter[str]()
    for seed in range(STREAMS):
        random = Random(seed)
        stream, limit = random_stream(random), random.choice(LIMITS)
        pieces = random_pieces(random, stream)

        try:
            seen["refused"] += check_refusing(stream, pieces, limit)
            seen["oversized"] += check_skipping(stream, pieces, limit)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
        seen["events"] += len(reference(stream)[0])

    print(STREAMS, "streams:", dict(seen))  # noqa: T201 -- one whose streams all end the same proves nothing
    assert min(seen.values()) > STREAMS // 20


@given(
    lines=st.lists(st.tuples(st.sampled_from(LINES) | st.binary(max_size=40), st.sampled_from(ENDS)), max_size=20),
    limit=st.sampled_from(LIMITS),
    data=st.data(),
)
def test_any_lines_are_read_as_the_reference_reads_them(
    lines: list[tuple[bytes, bytes]], limit: int, data: st.DataObject
) -> None:
    stream = b"".join(line + end for line, end in lines)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    check_refusing(stream, pieces, limit)
    check_skipping(stream, pieces, limit)


ENDLESS = {
    "lines without data": b"data\n" * 1_000,
    "lines of a letter": b"data: x\r\n" * 1_000,
    "a line": b"data: " + b"x" * 5_000,
    "a comment": b": " * 2_500,
    "a name": b"event: " + b"x" * 5_000,
    "names": b"event: x\nid: y\n" * 500,
    "retry times": b"retry: 1\n" * 500,
}


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS.keys())
def test_no_more_is_held_than_the_limit_of_an_event_that_never_ends(piece: bytes, *, skips: bool) -> None:
    limit = 10_000
    parser = SseParser(limit, skips=skips)
    tracemalloc.start()
    try:
        for _ in range(15):
            assert list(parser.feed(piece)) == []
        held, _ = tracemalloc.get_traced_memory()
    except EventTooLargeError:
        assert not skips
    else:
        assert held < 2 * limit  # A buffer that grows reserves some more than it needs.
    finally:
        tracemalloc.stop()
