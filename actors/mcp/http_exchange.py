"""One message on its way over HTTP: what was asked, who waits, and what the answer's bytes say."""

import logging
from collections.abc import Callable

from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from actors.call import Outcome, SendTicket
from actors.errors import NotExecutedError, OutcomeUnknownError, ResponseTooLargeError
from actors.mcp.http_connection import Grip, HttpConnection
from actors.transport import OnDone, Reply, Request

logger = logging.getLogger(__name__)

PIECE_BYTES = 65536
EVENT_STREAM = "text/event-stream"
# Of a body that is not the answer to a request, so much is read to understand it and to keep the socket.
MOST_ASIDE_BYTES = 65536


class Exchange:
    """The handle that the actor holds, and the state that the worker thread keeps beside it.

    `message` is None where none goes out, as with GET and DELETE. `on_stuck` hears, on the aborting thread, of an
    exchange that no socket can end.
    """

    __slots__ = ("_on_done", "_on_stuck", "_reported", "_ticket", "claimed", "deadline", "grip", "message")

    def __init__(
        self,
        message: Request | Reply | None,
        deadline: float,
        ticket: SendTicket,
        on_done: OnDone,
        on_stuck: Callable[["Exchange"], None],
    ) -> None:
        self.message, self.deadline = message, deadline
        self._ticket, self._on_done, self._on_stuck = ticket, on_done, on_stuck
        self._reported = False
        self.grip = Grip()
        self.claimed = False

    def abort(self) -> None:
        """See Handle."""
        if self.grip.break_off():
            self._on_stuck(self)

    def claim(self) -> bool:
        """Whether a byte may go out. Also for the second time, after a redirect: the claim is this exchange's."""
        self.claimed = self.claimed or self._ticket.claim()
        return self.claimed

    def report(self, outcome: Outcome) -> None:
        """Tell who waits; only the first outcome counts. On the thread that owns the exchange."""
        if self._reported:
            return
        self._reported = True
        try:
            self._on_done(outcome)
        except Exception:  # Whoever waits is at fault; this thread and its next exchange are not.
            logger.exception("a report failed")

    @property
    def request(self) -> Request | None:
        """The message, if an answer in JSON-RPC has to come for it."""
        message = self.message
        return message if isinstance(message, Request) and not message.is_notification else None

    @property
    def replay_safe(self) -> bool:
        """Whether an idle connection will do. A reply to the server does no harm twice, nor do GET and DELETE."""
        return not isinstance(self.message, Request) or self.message.replay_safe

    def unfinished(self, text: str) -> Outcome:
        """Return the outcome of an exchange that ends without an answer."""
        return OutcomeUnknownError(text) if self.claimed else NotExecutedError(f"{text}, before it was sent")


def read_body(response: HTTPResponse, grip: Grip, max_bytes: int) -> bytes:
    """Read an answer to its end. Raises ResponseTooLargeError, AbortedError, urllib3's HTTPError."""
    announced = response.length_remaining
    if announced is not None and announced > max_bytes:
        raise ResponseTooLargeError(f"the answer has {announced} bytes, more than {max_bytes}")
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise ResponseTooLargeError(f"the answer has more than {max_bytes} bytes")
        if response.length_remaining == 0:
            break
    grip.check()
    return b"".join(pieces)


def read_aside(exchange: Exchange, connection: HttpConnection, response: HTTPResponse) -> bytes:
    """Read a body that decides nothing alone: what cannot be had of it is not missed, but ends the connection."""
    if content_type(response) == EVENT_STREAM:
        return b""
    try:
        return read_body(response, exchange.grip, MOST_ASIDE_BYTES)
    except (HTTPError, ResponseTooLargeError):
        connection.close()
        return b""


def content_type(response: HTTPResponse) -> str:
    """Return the type of a body without its parameters, in lower case; "" if none is given."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
