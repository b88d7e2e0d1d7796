"""Server-sent events from the bytes of a stream, in whatever pieces they come. Pure; for the HTTP transports.

Source: the event stream format of the WHATWG HTML standard, section 9.2. Two things differ on purpose: an event
without data is told if it carries an id or a retry time, since revision 2025-11-25 opens streams with such an event
to be resumed by; and `data` stays bytes, since JSON is decoded as a whole or not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from actors.mcp.lines import Clipping, Oversized

_BOM = b"\xef\xbb\xbf"
_FIELD_BYTES = len(_BOM + b"data: ")  # So many bytes of a line may be no data.
_SHORT_BYTES = 200  # A line that is always kept where events are skipped: it may say whose they are.
_TOO_LONG = "(too long)"  # For a name of which only the ends are left: nobody knows it.
_MOST_DIGITS = 9  # Of a retry time: eleven days in milliseconds. A longer one is no time to wait.


class EventTooLargeError(ValueError):
    """One event is larger than the parser may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SseEvent:
    """One event. `data` is empty where there was none: then it is no message. `id`, `retry_ms`: None if not given.

    `oversized`: what is left of data that was too large to be kept, `data` is empty then.
    """

    event: str = "message"
    data: bytes = b""
    id: str | None = None
    retry_ms: int | None = None
    oversized: Oversized | None = None


class SseParser:
    """Takes one stream from its first byte. It never holds much more than `max_event_bytes` and the piece just fed.

    An event is too large if its data, name and id, and with them any one of its lines, are more than that. With
    `skips` it is told as what is left of it, for streams that carry the messages of many; else it is an error.
    """

    def __init__(self, max_event_bytes: int, *, skips: bool = False) -> None:
        self._max_event_bytes, self._skips = max_event_bytes, skips
        self._line = Clipping()  # Without its end, which has not come.
        self._after_cr = False  # A CR ended the last piece: a LF now belongs to it.
        self._at_start = True
        self._event, self._data, self._has_data = "", Clipping(), False
        self._id: str | None = None
        self._retry_ms: int | None = None

    def feed(self, piece: bytes) -> Iterator[SseEvent]:
        """Yield the events that `piece` completes; it is taken as they are.

        Raises EventTooLargeError, once the events before are told; the parser is of no use after it.
        """
        if self._after_cr and piece:
            self._after_cr = False
            piece = piece.removeprefix(b"\n")
        if not piece:
            return
        self._after_cr = piece.endswith(b"\r")
        lines = piece.splitlines()
        rest = b"" if piece.endswith((b"\n", b"\r")) else lines.pop()
        for part in lines:
            self._extend(part)
            event = self._end_line()
            if event is not None:
                yield event
        if rest:
            self._extend(rest)

    @property
    def _room(self) -> int:
        """How many bytes the data of this event may still grow by."""
        return max(self._max_event_bytes - len(self._data) - len(self._event) - len(self._id or ""), 0)

    def _extend(self, part: bytes) -> None:
        limit = max(self._room, _SHORT_BYTES if self._skips else 0) + _FIELD_BYTES
        self._line.add(part, limit)
        self._check(self._line, limit)

    def _check(self, kept: Clipping, limit: int) -> None:
        if len(kept) > limit and not self._skips:
            raise EventTooLargeError(f"an event of more than {self._max_event_bytes} bytes")

    def _end_line(self) -> SseEvent | None:
        line = self._line.take()
        start = line.head if isinstance(line, Oversized) else line
        if self._at_start:
            self._at_start = False
            start = start.removeprefix(_BOM)
        if not start:
            return self._end_event()
        field, _, value = start.partition(b":")
        value = value.removeprefix(b" ")
        if not isinstance(line, Oversized):
            self._take(field, value)
        elif field == b"data":
            size = line.size - len(line.head) + len(value)
            self._join(Oversized(head=value, tail=line.tail[-size:], size=size))
        elif field == b"event":
            self._event = _TOO_LONG
        return None

    def _take(self, field: bytes, value: bytes) -> None:
        match field:
            case b"data":
                self._join(value)
            case b"event":
                self._event = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case b"retry" if value.isdigit() and len(value) <= _MOST_DIGITS:
                self._retry_ms = int(value)
            case _:  # A comment (its field is empty), or a field nobody knows.
                pass

    def _join(self, value: bytes | Oversized) -> None:
        limit = len(self._data) + self._room
        if self._has_data:
            self._data.add(b"\n", limit)
        self._has_data = True
        if isinstance(value, Oversized):
            self._data.add_clipped(value)
        else:
            self._data.add(value, limit)
            self._check(self._data, limit)

    def _end_event(self) -> SseEvent | None:
        event = None
        data = self._data.take()
        if self._has_data or self._id is not None or self._retry_ms is not None:
            event = SseEvent(
                event=self._event or "message",
                data=b"" if isinstance(data, Oversized) else data,
                id=self._id,
                retry_ms=self._retry_ms,
                oversized=data if isinstance(data, Oversized) else None,
            )
        self._event, self._has_data, self._id, self._retry_ms = "", False, None, None
        return event
