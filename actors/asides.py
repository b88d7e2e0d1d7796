"""What is sent beside everything else on one connection: replies to the server, cancels. Nobody waits for them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from actors.call import Outcome, SendTicket
from actors.mcp.sizes import size_of
from actors.timers import Timers
from actors.transport import Handle, Reply, Request

_AT_ONCE = 4  # On HTTP each has a socket. Arbitrary.
# Of replies, to a server that asks faster than it reads. Arbitrary.
_MOST_WAITING = 1024
_MOST_BYTES = 16 * 1024 * 1024  # In memory; what comes when there is room is taken whole, however large.


class Begin(Protocol):
    """How the actor puts an exchange on its connection."""

    def __call__(self, message: Request | Reply, deadline: float, ticket: SendTicket) -> tuple[int, Handle]:
        """Return the exchange's number and handle. Its `Finished` comes by message, never from within."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Aside:
    """A message that nobody waits for. `limit_s`: from its first byte. `on_end` hears its outcome."""

    message: Request | Reply
    limit_s: float
    on_end: Callable[[Any], None]


class Asides:
    """Sends at once, a few at a time, the rest in order. Pure but for what it is given.

    * No errand can keep a reply back: a server may wait for it before it answers the errand.
    * What is not done within its limit is broken off.
    * A server that asks faster than it reads loses replies, so that nothing grows without end; no cancel is lost.
    * After `clear` a late report is nobody's; what is under way is still broken off when its time is up.
    """

    def __init__(self, begin: Begin, clock: Callable[[], float]) -> None:
        self._begin, self._clock = begin, clock
        self._waiting: deque[tuple[Aside, int]] = deque()  # And how large it is.
        self._waiting_bytes = 0
        self._under_way: dict[int, tuple[Aside, Handle, SendTicket]] = {}
        self._due = Timers[int]()
        self._left: dict[int, tuple[Handle, SendTicket]] = {}  # Of connections that are over; each reports once more.

    def __len__(self) -> int:
        """How many are not done."""
        return len(self._waiting) + len(self._under_way)

    def send(self, aside: Aside) -> None:
        """Send this as soon as there is room."""
        is_full = len(self._waiting) >= _MOST_WAITING or self._waiting_bytes >= _MOST_BYTES
        if isinstance(aside.message, Request) or not is_full:
            size = _size_of(aside.message)
            self._waiting.append((aside, size))
            self._waiting_bytes += size
        self._go_on()

    def owns(self, exchange: int) -> bool:
        """Say whether this exchange was begun here."""
        return exchange in self._under_way or exchange in self._left

    def finish(self, exchange: int, outcome: Outcome) -> None:
        """Take the outcome of an exchange begun here."""
        self._due.drop(exchange)
        if self._left.pop(exchange, None) is not None:
            return
        aside, _, _ = self._under_way.pop(exchange)
        self._go_on()
        aside.on_end(outcome)  # Last: it may end the connection.

    def next_due(self) -> float:
        """When the next is to be broken off; infinity if none is under way."""
        return self._due.next_due()

    def tick(self) -> None:
        """Break off what is overdue. For the actor's timer."""
        for exchange in self._due.take_due(self._clock()):
            handle, ticket = self._left.get(exchange) or self._under_way[exchange][1:]
            ticket.withdraw()
            handle.abort()

    def clear(self) -> None:
        """Wait for nothing more: the connection is over."""
        self._left.update({exchange: (handle, ticket) for exchange, (_, handle, ticket) in self._under_way.items()})
        self._under_way.clear()
        self._waiting.clear()
        self._waiting_bytes = 0

    def leave(self, exchange: int, handle: Handle, ticket: SendTicket, due: float) -> None:
        """Look after an exchange that somebody else began, and that nobody waits for any more."""
        self._left[exchange] = handle, ticket
        self._due.set(exchange, due)

    def _go_on(self) -> None:
        while self._waiting and len(self._under_way) < _AT_ONCE:
            (aside, size), ticket = self._waiting.popleft(), SendTicket()
            self._waiting_bytes -= size
            deadline = self._clock() + aside.limit_s
            exchange, handle = self._begin(aside.message, deadline, ticket)
            self._under_way[exchange] = aside, handle, ticket
            self._due.set(exchange, deadline)


def _size_of(message: Request | Reply) -> int:
    """Return about how much memory a reply takes: what the server asked decides about that, even its id."""
    return size_of([message.id, message.result, message.error], _MOST_BYTES) if isinstance(message, Reply) else 0
