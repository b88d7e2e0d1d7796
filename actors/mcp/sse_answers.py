"""Whom the events of a session over HTTP+SSE are for: the stream brings the answers to all requests, and the rest."""

import logging
from threading import Lock

from actors.errors import ResponseTooLargeError
from actors.mcp.http_answer import messages_in
from actors.mcp.jsonrpc import Answer
from actors.mcp.lines import Oversized
from actors.mcp.sse import SseEvent
from actors.mcp.sse_posting import Posting
from actors.transport import Listener, Received

logger = logging.getLogger(__name__)


class SseAnswers:
    """Ends the exchange that an event answers, and tells the listener what is meant for it.

    * An answer too large to be kept ends its own exchange, found by the id at either end of the answer, or by being
      the only one. If nobody can say whose an answer is, its call ends at its deadline; the others are not to suffer.
    * `skipped_events`: messages that were no JSON-RPC, or too large and no answer. `dropped_answers`: late, twice, or
      with an id that is none of ours. Both are written by the stream's thread; any may read.
    """

    def __init__(self, where: str, listener: Listener, max_response_bytes: int) -> None:
        self._where, self._listener, self._max_response_bytes = where, listener, max_response_bytes
        self._lock = Lock()
        self._awaited: dict[int, Posting] = {}
        self.skipped_events = self.dropped_answers = 0

    def expect(self, posting: Posting) -> None:
        """Take note of an exchange; only a request has an answer. Any thread, as `forget`."""
        if posting.request is not None:
            with self._lock:
                self._awaited[posting.request.id] = posting

    def forget(self, posting: Posting) -> None:
        """Take note that an exchange has ended."""
        if posting.request is not None:
            with self._lock:
                self._awaited.pop(posting.request.id, None)

    def hear(self, event: SseEvent) -> int:
        """Pass an event on, and return how many messages were in it. On the stream's thread."""
        if event.oversized is not None:
            if event.event == "message":
                self._throw_away(event.oversized)
            return 1
        try:
            messages = messages_in(event)
        except ValueError as error:
            logger.debug("%s: an event that is no JSON-RPC: %s", self._where, error)
            self.skipped_events += 1
            return 1
        for message in messages:
            if isinstance(message, Received):
                self._listener(message)
            else:
                self._answer(message)
        return len(messages)

    def _answer(self, answer: Answer) -> None:
        posting = self._sent(answer.id) if type(answer.id) is int else None
        if posting is None or not posting.end(answer.outcome):
            self.dropped_answers += 1

    def _throw_away(self, event: Oversized) -> None:
        if not event.may_be_answer:
            self.skipped_events += 1
            return
        request_id = event.answer_id()
        posting = self._only_one() if request_id is None else self._sent(request_id)
        too_large = f"an answer of {event.size} bytes, more than max_response_bytes = {self._max_response_bytes}"
        if posting is None or not posting.end(ResponseTooLargeError(too_large)):
            self.dropped_answers += 1

    def _sent(self, request_id: int) -> Posting | None:
        """Return the exchange of this id; None for one that has not even been sent: a server that guesses."""
        with self._lock:
            posting = self._awaited.get(request_id)
        return posting if posting is not None and posting.claimed else None

    def _only_one(self) -> Posting | None:
        with self._lock:
            sent = [posting for posting in self._awaited.values() if posting.claimed]
        return sent[0] if len(sent) == 1 else None
