"""How long a connection may take to say what it wants, how long a head that may have, and who is told of its end.

uvicorn 0.54, with httptools (measured): took a head of 1 MiB, and trailers without end, which it makes headers of; has
no timer before an answer; answers 400 to what follows a request in the place of that one's answer; and of requests sent
before the answer to the one before, tells the last one alone that the caller has gone.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST_HEAD_BYTES = 64 * 1024  # And what else has come in the same piece: of the event loop's 256 KiB at most.
_TOO_LARGE = b"431 Request Header Fields Too Large"
_TOO_SLOW = b"408 Request Timeout"


class BoundedProtocol(HttpToolsProtocol):
    """One connection, which is closed if a request on it has too long a head, or does not come whole in time.

    What waits for its answer, and what waits between two requests, is none of its business: uvicorn ends the latter.
    """

    whole_within_s = 30.0  # From the connect, or a request's first byte, to the last of its body. Arbitrary.
    _timer: asyncio.TimerHandle | None = None
    _beside_bytes = 0  # Of heads, trailers and the like, since the last piece of a body.
    _served: RequestResponseCycle | None = None  # What uvicorn calls `cycle` is the last one that came.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._came_whole()
        if self._served is not None and not self._served.response_complete:
            self._served.disconnected = True
            self._served.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._beside_bytes += len(data)
        super().data_received(data)
        if self._beside_bytes > MOST_HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        if self._timer is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._beside_bytes = 0
        super().on_headers_complete()
        self.headers = []  # Trailers are none of the head, which has been understood by now.

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._beside_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._beside_bytes = 0
        self._came_whole()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """See HttpToolsProtocol. What came before is being done: this would be read as the answer to it."""
        if self._owes_an_answer:
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    @property
    def _owes_an_answer(self) -> bool:
        served = self._served
        return served is not None and not served.more_body and not served.response_complete

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.whole_within_s, self._waited)

    def _waited(self) -> None:
        if self._owes_an_answer:  # What follows is not read meanwhile.
            self._wait()
        else:
            self._refuse(_TOO_SLOW)

    def _came_whole(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes) -> None:
        self._came_whole()
        if self.transport.is_closing():
            return
        if not self._owes_an_answer:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
