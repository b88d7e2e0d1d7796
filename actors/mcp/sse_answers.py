"""Whom the events of a session over HTTP+SSE are for: the stream brings the answers to all requests, and the rest."""

import logging

from actors.mcp.awaited import Awaited
from actors.mcp.http_answer import messages_in
from actors.mcp.sse import SseEvent
from actors.mcp.sse_posting import Posting
from actors.transport import Listener, Received

logger = logging.getLogger(__name__)


class SseAnswers:
    """Ends the exchange that an event answers, and tells the listener what is meant for it. For the stream's thread.

    `skipped`: messages that were no JSON-RPC, or too large and no answer. Any thread may read it.
    """

    def __init__(self, where: str, awaited: Awaited[Posting], listener: Listener) -> None:
        self._where, self._awaited, self._listener = where, awaited, listener
        self.skipped = 0

    def hear(self, event: SseEvent) -> int:
        """Pass an event on, and return how many messages were in it."""
        if event.oversized is not None:
            if event.event == "message" and event.oversized.may_be_answer:
                self._awaited.answered_too_large(event.oversized)
            elif event.event == "message":
                self.skipped += 1
            return 1
        try:
            messages = messages_in(event)
        except ValueError as error:
            logger.debug("%s: an event that is no JSON-RPC: %s", self._where, error)
            self.skipped += 1
            return 1
        for message in messages:
            if isinstance(message, Received):
                self._listener(message)
            else:
                self._awaited.answered(message)
        return len(messages)
