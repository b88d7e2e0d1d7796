"""One server's control slot: conversations, one exchange at a time, beside the calls. Pure but for what it is given."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.asides import Aside, Asides, Begin
from actors.call import Outcome, SendTicket
from actors.errors import MCPOrchestratorError, MCPTimeoutError
from actors.mcp.conversations import Conversation
from actors.transport import Handle


@dataclass(slots=True, kw_only=True, eq=False)
class Errand:
    """A conversation with what becomes of it. `limit_s`: for all of it, from its first exchange."""

    conversation: Conversation[Any]
    limit_s: float
    on_end: Callable[[Any], None]  # The conversation's return value, or the error that ended it.
    deadline: float = math.inf


class ControlSlot:
    """Keeps a busy server from looking dead: handshake, ping, catalogue, cancel and answers never wait for a call.

    * Errands run one at a time, in order; asides beside them.
    * An errand whose time is up is sent an MCPTimeoutError, once its exchange, broken off, has reported. `on_overdue`
      hears of that exchange, if it was sent: the server may want to know.
    * `clear` ends them all with one error; a late report of the exchange that was under way is nobody's. It keeps its
      own deadline: a connection that is closed in good order ends when its exchanges have.
    """

    def __init__(self, begin: Begin, clock: Callable[[], float], on_overdue: Callable[[int], object]) -> None:
        self._begin, self._clock, self._on_overdue = begin, clock, on_overdue
        self._asides = Asides(begin, clock)
        self._errands: deque[Errand] = deque()
        self._exchange: int | None = None
        self._handle: Handle | None = None
        self._ticket, self._is_broken_off = SendTicket(), False

    def __len__(self) -> int:
        """How many errands are not done."""
        return len(self._errands)

    def send(self, aside: Aside) -> None:
        """Send a reply or a cancel at once, whatever errand is under way: the server may wait for it."""
        self._asides.send(aside)

    def run(self, errand: Errand) -> None:
        """Run it as soon as the slot is free."""
        self._errands.append(errand)
        if len(self._errands) == 1:
            self._go_on(None)

    def owns(self, exchange: int) -> bool:
        """Say whether this exchange was begun here."""
        return exchange == self._exchange or self._asides.owns(exchange)

    def finish(self, exchange: int, outcome: Outcome) -> None:
        """Take the outcome of an exchange begun here; say what is next."""
        if self._asides.owns(exchange):
            self._asides.finish(exchange, outcome)
            return
        self._exchange = self._handle = None
        errand = self._errands[0]
        if isinstance(outcome, MCPOrchestratorError) and self._clock() >= errand.deadline:
            outcome = MCPTimeoutError(f"no answer within {errand.limit_s:g} s", executed=outcome.executed)
        self._go_on(outcome)

    def next_due(self) -> float:
        """When an exchange under way is to be broken off; infinity if there is none."""
        is_timed = self._handle is not None and not self._is_broken_off
        own = self._errands[0].deadline if is_timed else math.inf
        return min(own, self._asides.next_due())

    def tick(self) -> None:
        """Break off what is overdue. For the actor's timer."""
        self._asides.tick()
        if self._handle is None or self._is_broken_off or self._clock() < self._errands[0].deadline:
            return
        self._is_broken_off = True
        if self._ticket.withdraw() == "unknown" and self._exchange is not None:
            self._on_overdue(self._exchange)
        self._handle.abort()

    def clear(self, error: MCPOrchestratorError) -> None:
        """End every errand with `error`, forget every aside."""
        self._asides.clear()
        errands, self._errands = self._errands, deque()
        if self._exchange is not None and self._handle is not None:
            self._asides.leave(self._exchange, self._handle, self._ticket, errands[0].deadline)
        self._exchange = self._handle = None
        for errand in errands:
            errand.conversation.close()
            errand.on_end(error)

    def _go_on(self, outcome: Outcome | None) -> None:
        while self._errands:
            errand = self._errands[0]
            try:
                message = next(errand.conversation) if outcome is None else errand.conversation.send(outcome)
            except StopIteration as end:
                self._errands.popleft()
                outcome = None
                errand.on_end(end.value)  # May run another errand: the deque is consistent by now.
                if self._exchange is not None:
                    return
                continue
            if errand.deadline == math.inf:
                errand.deadline = self._clock() + errand.limit_s
            self._ticket, self._is_broken_off = SendTicket(), False
            self._exchange, self._handle = self._begin(message, errand.deadline, self._ticket)
            return
