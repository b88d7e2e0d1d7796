"""Bytes to lines, none longer than allowed, and what is left of one that was. Pure."""

import re
from dataclasses import dataclass

_ENDS_BYTES = 200  # Of an oversized line: enough for `"id"` wherever the SDKs put it, before or after the result.

# Anchored, so that no "id" within a result can pass for the answer's own.
_ID_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(-?\d+)\s*,')
_ID_LAST = re.compile(rb'"id"\s*:\s*(-?\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')
_METHOD_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?(?:"id"\s*:[^,]*,\s*)?"method"\s*:')


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """What is left of a line, or event, that was too long: both its ends and its length in bytes."""

    head: bytes
    tail: bytes
    size: int

    @property
    def may_be_answer(self) -> bool:
        """Whether it looks like an answer rather than a message of the server's own, or no JSON-RPC at all."""
        return self.head.lstrip().startswith(b"{") and not _METHOD_FIRST.match(self.head)

    def answer_id(self) -> int | None:
        """Return the id of the request it answers, if that stands at one of its ends."""
        return self.message_id() if self.may_be_answer else None

    def message_id(self) -> int | None:
        """Return its id, whatever kind of message it is, if that is a number and stands at one of its ends."""
        found = _ID_FIRST.match(self.head) or _ID_LAST.search(self.tail)
        return None if found is None else int(found[1])


class Clipping:
    """What comes piece by piece: kept whole up to a limit; once beyond it, only both its ends are kept."""

    __slots__ = ("_cut", "_head", "_kept")

    def __init__(self) -> None:
        self._kept: bytes | bytearray = b""  # All there is, or the tail of what is too long.
        self._head = b""
        self._cut = 0  # Bytes thrown away so far.

    def __len__(self) -> int:
        """How many bytes came, those thrown away included."""
        return len(self._kept) + self._cut

    def add(self, part: bytes, limit: int) -> None:
        """Take the next piece; from more than `limit` bytes on, the middle is thrown away."""
        if not self._kept:
            self._kept = part  # As it is: mostly it is the only one.
        elif isinstance(self._kept, bytes):
            self._kept = bytearray(self._kept) + part
        else:
            self._kept += part
        size = len(self)
        if size <= limit:
            return
        if not self._cut:
            self._head = bytes(self._kept[:_ENDS_BYTES])
        self._kept = self._kept[-_ENDS_BYTES:]
        self._cut = size - len(self._kept)

    def add_clipped(self, part: Oversized) -> None:
        """Take a piece of which itself only the ends are left."""
        if not self._head:
            self._head = bytes(self._kept + part.head)[:_ENDS_BYTES]
        self._cut += len(self._kept) + part.size - len(part.tail)
        self._kept = part.tail

    def take(self) -> bytes | Oversized:
        """Return what came, and begin anew."""
        kept, head, size = bytes(self._kept), self._head, len(self)
        self._kept, self._head, self._cut = b"", b"", 0
        return Oversized(head=head, tail=kept, size=size) if head else kept


class LineSplitter:
    """Cuts a stream into lines (without their newline), however it was chopped up on its way.

    A line longer than `max_bytes` is thrown away up to its newline, and only its ends are kept meanwhile.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._line = Clipping()  # The line not yet ended.

    def feed(self, chunk: bytes) -> list[bytes | Oversized]:
        """Take what was read; return the lines that ended in it."""
        *ends, rest = chunk.split(b"\n")
        lines: list[bytes | Oversized] = []
        for end in ends:
            self._line.add(end, self._max_bytes)
            lines.append(self._line.take())
        self._line.add(rest, self._max_bytes)
        return lines

    def flush(self) -> list[bytes | Oversized]:
        """At the end of the stream: return the line that no newline ended, if there is one."""
        return [self._line.take()] if len(self._line) else []
