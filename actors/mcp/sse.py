"""Server-sent events from the bytes of a stream, in whatever pieces they come. Pure; for the HTTP transports.

Source: the event stream format of the WHATWG HTML standard, section 9.2. Two things differ on purpose: an event
without data is told if it carries an id or a retry time, since revision 2025-11-25 opens streams with such an event
to be resumed by; and `data` stays bytes, since JSON is decoded as a whole or not at all.
"""

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"
_MOST_DIGITS = 9  # Of a retry time: eleven days in milliseconds. A longer one is no time to wait.


class EventTooLargeError(ValueError):
    """One event is larger than the parser may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SseEvent:
    """One event. `data` is empty where there was none: then it is no message. `id`, `retry_ms`: None if not given."""

    event: str = "message"
    data: bytes = b""
    id: str | None = None
    retry_ms: int | None = None


class SseParser:
    """Takes one stream from its first byte. It never holds more than `max_event_bytes` and the piece just fed."""

    def __init__(self, max_event_bytes: int) -> None:
        self._max_event_bytes = max_event_bytes
        self._line: list[bytes] = []  # The pieces of a line whose end has not come.
        self._held = 0  # Bytes in that line and in the data of the event.
        self._after_cr = False  # A CR ended the last piece: a LF now belongs to it.
        self._at_start = True
        self._event, self._data = "", list[bytes]()
        self._id: str | None = None
        self._retry_ms: int | None = None

    def feed(self, piece: bytes) -> list[SseEvent]:
        """Return the events that `piece` completes. Raises EventTooLargeError; the parser is of no use after it."""
        if self._after_cr and piece:
            self._after_cr = False
            piece = piece.removeprefix(b"\n")
        if not piece:
            return []
        self._after_cr = piece.endswith(b"\r")
        lines = piece.splitlines()
        rest = b"" if piece.endswith((b"\n", b"\r")) else lines.pop()
        if lines and self._line:
            self._held -= sum(map(len, self._line))
            lines[0] = b"".join((*self._line, lines[0]))
            self._line = []
        events = [event for line in lines if (event := self._end_line(line)) is not None]
        if rest:
            self._line.append(rest)
            self._hold(len(rest))
        return events

    def _end_line(self, line: bytes) -> SseEvent | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._end_event()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match field:
            case b"data":
                self._data.append(value)
                self._hold(len(value))
            case b"event":
                self._event = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case b"retry" if value.isdigit() and len(value) <= _MOST_DIGITS:
                self._retry_ms = int(value)
            case _:  # A comment (its field is empty), or a field nobody knows.
                pass
        return None

    def _end_event(self) -> SseEvent | None:
        event = None
        if self._data or self._id is not None or self._retry_ms is not None:
            data = b"\n".join(self._data)
            event = SseEvent(event=self._event or "message", data=data, id=self._id, retry_ms=self._retry_ms)
        self._clear()
        return event

    def _clear(self) -> None:
        self._held, self._event, self._data = 0, "", []
        self._id, self._retry_ms = None, None

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._max_event_bytes:
            raise EventTooLargeError(f"an event of more than {self._max_event_bytes} bytes")
