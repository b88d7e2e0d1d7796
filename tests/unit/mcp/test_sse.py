"""Server-sent events, whole and in pieces. The standard's own parser is written out line by line as the reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.sse import EventTooLargeError, SseEvent, SseParser

LIMIT = 1_000_000


def events_of(*pieces: bytes, limit: int = LIMIT) -> list[SseEvent]:
    parser = SseParser(limit)
    return [event for piece in pieces for event in parser.feed(piece)]


def reference(stream: bytes) -> list[SseEvent]:
    """Parse a whole stream the slow way."""
    lines = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    events: list[SseEvent] = []
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(b":")
            ignored = (name == b"id" and b"\0" in value) or (
                name == b"retry" and not value.removeprefix(b" ").isdigit()
            )
            if not ignored:
                fields.setdefault(name, []).append(value[1:] if value[:1] == b" " else value)
            continue
        if fields.keys() & {b"data", b"id", b"retry"}:
            events.append(
                SseEvent(
                    event=fields.get(b"event", [b""])[-1].decode(errors="replace") or "message",
                    data=b"\n".join(fields.get(b"data", [])),
                    id=fields[b"id"][-1].decode(errors="replace") if b"id" in fields else None,
                    retry_ms=int(fields[b"retry"][-1]) if b"retry" in fields else None,
                )
            )
        fields = {}
    return events


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
        (b"data: 1234", b"5678", b"9012"),
    ],
)
def test_an_event_larger_than_the_limit_is_refused(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(EventTooLargeError):
        events_of(*pieces, limit=10)


def test_the_limit_is_for_one_event_not_for_the_stream() -> None:
    assert len(events_of(*[b": filler\ndata: 1", b"234\n\n"] * 100, limit=10)) == 100


LINES = st.sampled_from(
    [
        b"data: {}",
        b"data",
        b"data:x",
        b"id: 1",
        b"id",
        b"retry: 5",
        b"retry: x",
        b"event: e",
        b": c",
        b"",
        b"",
        b"\xc3\xa9",
    ]
) | st.binary(max_size=6)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=20).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


@given(stream=STREAMS, start=st.sampled_from([b"", b"\xef\xbb\xbf"]), data=st.data())
def test_however_a_stream_is_cut_its_events_are_the_same(stream: bytes, start: bytes, data: st.DataObject) -> None:
    stream = start + stream
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert events_of(*pieces) == reference(stream)


@given(stream=STREAMS)
def test_a_stream_may_come_byte_by_byte(stream: bytes) -> None:
    assert events_of(*[bytes([byte]) for byte in stream]) == reference(stream)
