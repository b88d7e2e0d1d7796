"""How long a connection may take to say what it wants, and how long a head that may have.

uvicorn bounds neither: 0.54 took a head of 1 MiB (measured, with httptools), and it has no timer before an answer.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024  # And what else has come in the same piece: of the event loop's 256 KiB at most.
_TOO_LARGE = b"431 Request Header Fields Too Large"
_TOO_SLOW = b"408 Request Timeout"


class BoundedProtocol(HttpToolsProtocol):
    """One connection, which is closed if a request on it has too long a head, or does not come whole in time.

    What waits for its answer, and what waits between two requests, is none of its business: uvicorn ends the latter.
    """

    whole_within_s = 30.0  # From the connect, or a request's first byte, to the last of its body. Arbitrary.
    _timer: asyncio.TimerHandle | None = None
    _head_bytes, _reads_head = 0, True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.whole_within_s, self._refuse, _TOO_SLOW)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._came_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if self._reads_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        self._reads_head = True
        if self._timer is None:
            self._timer = self.loop.call_later(self.whole_within_s, self._refuse, _TOO_SLOW)

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._head_bytes, self._reads_head = 0, False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._came_whole()
        super().on_message_complete()

    def _came_whole(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes) -> None:
        self._came_whole()
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()
