"""Where a stream of events goes on, and when; and how fast one may be read."""

import pytest

from actors.mcp.event_cursor import (
    LEAST_RETRY_S,
    LONGEST_ID,
    MOST_MESSAGES_PER_S,
    RETRY_CAP_S,
    RETRY_S,
    EventCursor,
    Pace,
)
from actors.mcp.sse import SseEvent


def test_without_a_word_of_the_server_the_next_connection_comes_after_a_second() -> None:
    cursor = EventCursor()
    cursor.note(SseEvent(id="1"))

    assert (cursor.wait_s(), RETRY_S) == (1.0, 1.0)


def test_the_time_that_the_server_names_is_kept_to() -> None:
    cursor = EventCursor()
    cursor.note(SseEvent(id="1", retry_ms=500))
    cursor.note(SseEvent(data=b"{}"))

    assert cursor.wait_s() == 0.5


def test_while_nothing_comes_the_wait_doubles_up_to_a_limit() -> None:
    cursor = EventCursor()
    waits: list[float] = []
    for _ in range(2000):
        cursor.connect()
        waits.append(cursor.wait_s())

    assert waits[:6] == [2.0, 4.0, 8.0, 16.0, RETRY_CAP_S, RETRY_CAP_S]
    assert waits[-1] == RETRY_CAP_S


def test_a_wait_that_the_server_wants_longer_than_the_limit_stays_so_long() -> None:
    cursor = EventCursor()
    cursor.note(SseEvent(retry_ms=90_000))
    cursor.connect()

    assert cursor.wait_s() == 90.0


def test_an_event_ends_the_doubling() -> None:
    cursor = EventCursor()
    for _ in range(5):
        cursor.connect()
    cursor.note(SseEvent(data=b"{}"))

    assert cursor.wait_s() == RETRY_S


def test_a_server_that_wants_no_wait_gets_a_short_one() -> None:
    cursor = EventCursor()
    cursor.note(SseEvent(retry_ms=0))

    assert cursor.wait_s() == LEAST_RETRY_S


def test_the_last_id_stays_until_another_comes_and_an_empty_one_takes_it_back() -> None:
    cursor = EventCursor()
    seen: list[str | None] = []
    for event in (SseEvent(id="7"), SseEvent(data=b"{}"), SseEvent(id="8"), SseEvent(id="")):
        cursor.note(event)
        seen.append(cursor.last_id)

    assert seen == ["7", "7", "8", None]


@pytest.mark.parametrize(("length", "taken"), [(LONGEST_ID, True), (LONGEST_ID + 1, False)])
def test_an_id_that_no_server_would_take_back_is_none(length: int, *, taken: bool) -> None:
    cursor = EventCursor()
    cursor.note(SseEvent(id="x" * length))

    assert (cursor.last_id is not None) is taken


def test_a_stream_that_is_not_too_fast_is_never_held_up() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    rests: set[float] = set()
    for _ in range(100):
        now[0] += 0.6
        rests.add(pace.rest_s(MOST_MESSAGES_PER_S // 2))

    assert rests == {0.0}


def test_a_stream_that_is_too_fast_is_held_up_until_it_is_not() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(1000):
        now[0] += 0.001
        now[0] += pace.rest_s(1000)

    assert now[0] == pytest.approx(1_000_000 / MOST_MESSAGES_PER_S)


def test_many_messages_at_once_are_made_up_for() -> None:
    pace = Pace(lambda: 0.0)

    assert pace.rest_s(30 * MOST_MESSAGES_PER_S) == pytest.approx(30.0)
