"""Server-sent events, whole and in pieces; test_sse_fuzz.py compares them with a reference."""

import pytest

from actors.mcp.sse import EventTooLargeError, SseEvent, SseParser

LIMIT = 1_000_000


def events_of(*pieces: bytes, limit: int = LIMIT) -> list[SseEvent]:
    parser = SseParser(limit)
    return [event for piece in pieces for event in parser.feed(piece)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_line_may_end_in_three_ways(end: bytes) -> None:
    stream = end.join([b"event: message", b"data: {}", b"", b""])

    assert events_of(stream) == [SseEvent(data=b"{}")]


def test_data_lines_are_joined_and_lose_one_leading_space() -> None:
    assert events_of(b"data:  a\ndata:b\ndata\n\n") == [SseEvent(data=b" a\nb\n")]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert events_of(b"\xef", b"\xbb\xbfdata: x\n\n") == [SseEvent(data=b"x")]


def test_comments_and_unknown_fields_are_ignored() -> None:
    assert events_of(b": keep-alive\n\n:\n\nfoo: bar\ndata: x\nDATA: y\n\n") == [SseEvent(data=b"x")]


def test_the_name_of_an_event_is_kept_and_holds_for_one_event() -> None:
    assert events_of(b"event: endpoint\ndata: /m\n\ndata: x\n\n") == [
        SseEvent(event="endpoint", data=b"/m"),
        SseEvent(data=b"x"),
    ]


def test_an_event_that_only_carries_an_id_and_a_retry_time_is_told() -> None:
    assert events_of(b"id: 7\nretry: 500\ndata:\n\nretry: 9\n\n") == [
        SseEvent(id="7", retry_ms=500),
        SseEvent(retry_ms=9),
    ]


@pytest.mark.parametrize("line", [b"retry: 1s", b"retry: -1", b"retry:", "retry: ٣".encode(), b"retry: " + b"9" * 5000])
def test_a_retry_time_that_is_none_is_ignored(line: bytes) -> None:
    assert events_of(line + b"\ndata: x\n\n") == [SseEvent(data=b"x")]


def test_an_id_with_a_nul_is_ignored() -> None:
    assert events_of(b"id: a\0b\ndata: x\n\n") == [SseEvent(data=b"x")]


def test_an_event_without_its_blank_line_is_not_told() -> None:
    assert events_of(b"data: x\n") == []


def test_an_event_name_alone_is_no_event() -> None:
    assert events_of(b"event: ping\n\n") == []


@pytest.mark.parametrize(
    "pieces",
    [
        (b"data: " + b"x" * 11, b"\n\n"),
        (b"data: 123456\ndata: 78901\n\n",),
        (b": no data and no end of line",),
        (b"data: 1234", b"5678", b"9012", b"3456"),
    ],
)
def test_an_event_larger_than_the_limit_is_refused(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(EventTooLargeError):
        events_of(*pieces, limit=10)


def test_the_limit_is_for_one_event_not_for_the_stream() -> None:
    assert len(events_of(*[b": filler\ndata: 1", b"234\n\n"] * 100, limit=10)) == 100


def test_the_events_before_one_that_is_too_large_are_told() -> None:
    events = SseParser(10).feed(b"data: 1\n\ndata: 2\n\ndata: " + b"x" * 30)

    assert (next(events), next(events)) == (SseEvent(data=b"1"), SseEvent(data=b"2"))
    with pytest.raises(EventTooLargeError):
        next(events)


def skipping(*pieces: bytes, limit: int) -> list[SseEvent]:
    parser = SseParser(limit, skips=True)
    return [event for piece in pieces for event in parser.feed(piece)]


def test_of_an_event_that_is_skipped_both_ends_are_left_and_the_next_one_is_whole() -> None:
    answer = b'{"id":7,"result":"' + b"x" * 10_000 + b'"}'
    stream = b"event: message\r\ndata: " + answer + b"\r\nid: 5\r\n\r\ndata: next\r\n\r\n"

    skipped, whole = skipping(*[stream[start : start + 100] for start in range(0, len(stream), 100)], limit=1000)

    assert whole == SseEvent(data=b"next")
    assert (skipped.event, skipped.data, skipped.id) == ("message", b"", "5")
    assert skipped.oversized is not None
    assert skipped.oversized.answer_id() == 7
    assert skipped.oversized.size == len(answer)


def test_an_event_of_many_lines_is_skipped_as_one() -> None:
    stream = b"data: {\n" + b'data: "x":"yyyyyyyy",\n' * 200 + b'data: "id":8}\n\ndata: next\n\n'

    skipped, whole = skipping(stream, limit=1000)

    assert whole == SseEvent(data=b"next")
    assert skipped.oversized is not None
    assert skipped.oversized.answer_id() == 8
    assert skipped.oversized.size == len(b"{") + 200 * len(b'\n"x":"yyyyyyyy",') + len(b'\n"id":8}')


def test_the_name_of_an_event_that_is_skipped_may_stand_after_its_data() -> None:
    (skipped,) = skipping(b"data: " + b"x" * 5000 + b"\nevent: ot", b"her\n\n", limit=1000)

    assert skipped.event == "other"


def test_a_comment_of_any_length_makes_no_event_too_large() -> None:
    assert skipping(b"data: 1\n:" + b"x" * 5000, b"x" * 5000 + b"\ndata: 2\n\n", limit=10) == [SseEvent(data=b"1\n2")]


def test_a_name_that_is_too_long_is_none_that_anybody_knows() -> None:
    (event,) = skipping(b"event: message" + b"s" * 1000 + b"\ndata: x\n\n", limit=100)

    assert event.event not in {"message", "endpoint"}
    assert event.data == b"x"
