"""One message on its way over HTTP: what was asked, who waits, and what the answer's bytes say."""

import logging
from collections.abc import Callable

from urllib3.response import HTTPResponse

from actors.call import Outcome, SendTicket
from actors.errors import NotExecutedError, OutcomeUnknownError, ResponseTooLargeError
from actors.mcp.http_connection import Grip
from actors.mcp.jsonrpc import Answer
from actors.transport import Listener, OnDone, Received, Reply, Request

logger = logging.getLogger(__name__)

PIECE_BYTES = 65536


class Exchange:
    """The handle that the actor holds, and the state that the worker thread keeps beside it.

    `message` is None for the DELETE that ends a session. `on_stuck` hears, on the aborting thread, of an exchange
    that no socket can end.
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
        """Whether an idle connection will do. A reply to the server does no harm twice, nor does a DELETE."""
        return not isinstance(self.message, Request) or self.message.replay_safe

    def unfinished(self, text: str) -> Outcome:
        """Return the outcome of an exchange that ends without an answer."""
        return OutcomeUnknownError(text) if self.claimed else NotExecutedError(f"{text}, before it was sent")


def answer_among(messages: list[Answer | Received], request_id: int, listener: Listener) -> Outcome | None:
    """Tell the listener what is meant for it, and return the outcome of the request if its answer is there.

    An error answers the request whatever id it names: on a POST of its own nothing else can be meant.
    """
    outcome: Outcome | None = None
    for message in messages:
        if isinstance(message, Received):
            listener(message)
        elif outcome is None and (message.ends(request_id) or not isinstance(message.outcome, dict)):
            outcome = message.outcome
    return outcome


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
