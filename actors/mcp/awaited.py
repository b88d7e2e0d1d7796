"""Who waits for which answer, where one stream brings the answers to all: a child's stdout, the stream of HTTP+SSE."""

from threading import Lock
from typing import Generic, Protocol, TypeVar

from actors.call import Outcome
from actors.errors import ResponseTooLargeError
from actors.mcp.jsonrpc import Answer
from actors.mcp.lines import Oversized


class Awaiting(Protocol):
    """An exchange. `begun`: the server can have seen the request."""

    @property
    def begun(self) -> bool:
        """See above."""
        ...

    def end(self, outcome: Outcome) -> bool:
        """Report the outcome; False: there is one already."""
        ...


E = TypeVar("E", bound=Awaiting)


class Awaited(Generic[E]):
    """The exchanges of one connection by the ids of their requests. Any thread; answers come on one.

    * An answer too large to be kept ends its own exchange, found by the id at either end of the answer, or by being
      the only one. If nobody can say whose an answer is, its call ends at its deadline; the others are not to suffer.
    * `dropped`: answers that nobody waited for: late, twice, or with an id that is none of ours.
    """

    def __init__(self, max_response_bytes: int) -> None:
        self._max_response_bytes = max_response_bytes
        self._lock = Lock()
        self._exchanges: dict[int, E] = {}
        self.dropped = 0

    def expect(self, request_id: int, exchange: E) -> None:
        """Take note of an exchange that an answer will end."""
        with self._lock:
            self._exchanges[request_id] = exchange

    def forget(self, request_id: int) -> None:
        """Take note that an exchange has ended, or ends elsewhere."""
        with self._lock:
            self._exchanges.pop(request_id, None)

    def take_all(self) -> list[E]:
        """Return all exchanges and forget them: whoever has them is to end them."""
        with self._lock:
            exchanges = list(self._exchanges.values())
            self._exchanges.clear()
        return exchanges

    def answered(self, answer: Answer) -> None:
        """End the exchange that this is the answer of."""
        self._end(self._take(answer.id) if type(answer.id) is int else None, answer.outcome)

    def answered_too_large(self, answer: Oversized) -> None:
        """End the exchange that this was the answer of."""
        request_id = answer.answer_id()
        exchange = self._take_the_only_one() if request_id is None else self._take(request_id)
        too_large = f"an answer of {answer.size} bytes, more than max_response_bytes = {self._max_response_bytes}"
        self._end(exchange, ResponseTooLargeError(too_large))

    def _end(self, exchange: E | None, outcome: Outcome) -> None:
        if exchange is None or not exchange.end(outcome):
            self.dropped += 1

    def _take(self, request_id: int) -> E | None:
        """Take an exchange out; None for one that has not even been sent: a server that guesses."""
        with self._lock:
            exchange = self._exchanges.get(request_id)
            return self._exchanges.pop(request_id) if exchange is not None and exchange.begun else None

    def _take_the_only_one(self) -> E | None:
        with self._lock:
            sent = [request_id for request_id, exchange in self._exchanges.items() if exchange.begun]
            return self._exchanges.pop(sent[0]) if len(sent) == 1 else None
