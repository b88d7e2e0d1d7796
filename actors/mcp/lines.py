"""Bytes of a pipe to lines, none longer than allowed. Pure."""

import re
from dataclasses import dataclass

_ENDS_BYTES = 200  # Of an oversized line: enough for `"id"` wherever the SDKs put it, before or after the result.

# Anchored, so that no "id" within a result can pass for the answer's own.
_ID_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(-?\d+)\s*,')
_ID_LAST = re.compile(rb'"id"\s*:\s*(-?\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')
_METHOD_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?(?:"id"\s*:[^,]*,\s*)?"method"\s*:')


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """What is left of a line that was too long: both its ends and its length in bytes."""

    head: bytes
    tail: bytes
    size: int

    @property
    def may_be_answer(self) -> bool:
        """Whether it looks like an answer rather than a message of the server's own, or no JSON-RPC at all."""
        return self.head.lstrip().startswith(b"{") and not _METHOD_FIRST.match(self.head)

    def answer_id(self) -> int | None:
        """Return the id of the request it answers, if that stands at one of its ends."""
        if not self.may_be_answer:
            return None
        found = _ID_FIRST.match(self.head) or _ID_LAST.search(self.tail)
        return None if found is None else int(found[1])


class LineSplitter:
    """Cuts a stream into lines (without their newline), however it was chopped up on its way.

    A line longer than `max_bytes` is thrown away up to its newline, and only its ends are kept meanwhile.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._rest = bytearray()  # The line not yet ended, or the tail of one that is too long.
        self._head = b""
        self._skipped = 0  # Bytes of the current line thrown away so far.

    def feed(self, chunk: bytes) -> list[bytes | Oversized]:
        """Take what was read; return the lines that ended in it."""
        *ends, rest = chunk.split(b"\n")
        lines: list[bytes | Oversized] = []
        for end in ends:
            self._extend(end)
            lines.append(self._take())
        self._extend(rest)
        return lines

    def flush(self) -> list[bytes | Oversized]:
        """At the end of the stream: return the line that no newline ended, if there is one."""
        return [self._take()] if self._rest else []

    def _extend(self, part: bytes) -> None:
        self._rest += part
        if len(self._rest) + self._skipped <= self._max_bytes:
            return
        if not self._skipped:
            self._head = bytes(self._rest[:_ENDS_BYTES])
        surplus = max(len(self._rest) - _ENDS_BYTES, 0)
        del self._rest[:surplus]
        self._skipped += surplus

    def _take(self) -> bytes | Oversized:
        line, head, skipped = bytes(self._rest), self._head, self._skipped
        self._rest, self._head, self._skipped = bytearray(), b"", 0
        return Oversized(head=head, tail=line, size=skipped + len(line)) if head else line
