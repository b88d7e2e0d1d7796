"""Who waits for what, and who may go next. Pure; keys and records of the calls of one server."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.breaker import Permit
from actors.call import Call, RequestId, SendTicket, ToolName
from actors.config import ServerConfig
from actors.errors import Executed, MCPOrchestratorError
from actors.mcp.session import Session
from actors.retry import History
from actors.timers import Timers
from actors.transport import Handle


@dataclass(slots=True, kw_only=True, eq=False)
class Work:
    """What the owing actor knows of one call beyond the call itself. For `rounds` and what they carry, see `Rounds`."""

    call: Call
    tool: ToolName | None
    attempts: int = 0
    worst: Executed = "no"
    repaired: bool = False
    listed: bool = False  # A fresh catalogue has been asked for because of it.
    started_at: float | None = None  # Of the first attempt.
    exchange: int | None = None  # Under way.
    rounds: int = 0  # How often the server has answered with questions.
    question: int | None = None  # Being asked.
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])  # To be sent along, in this round alone.
    error: MCPOrchestratorError | None = None  # Of the last attempt.
    permit: Permit | None = None
    tool_permit: Permit | None = None

    def began(self, exchange: int, now: float) -> None:
        """Note that an attempt begins."""
        self.attempts += 1
        self.exchange = exchange
        if self.started_at is None:
            self.started_at = now
        if self.call.trace is not None:
            self.call.trace.began(self.attempts)

    def ended(self, error: MCPOrchestratorError) -> History:
        """Note how an attempt ended; return the call's history."""
        self.error = error
        if self.call.trace is not None:
            self.call.trace.failed(error)
        if error.executed == "unknown":
            self.worst = "unknown"
        attempts = self.attempts - self.rounds
        return History(attempts=attempts - self.repaired, worst=self.worst, repaired=self.repaired)

    def asked(self) -> SendTicket | None:
        """Note that an attempt ended with questions of the server's. Return the next one's ticket; None: given up."""
        self.rounds += 1
        self.worst, self.error, self.inputs = "unknown", None, {}
        return self.call.ticket.renew("unknown")

    @property
    def may_have_run_before(self) -> bool:
        """Whether the last attempt is a repeat, and one before it may have run. Going on after a question is none."""
        return self.worst == "unknown" and self.attempts - self.rounds > 1

    @property
    def where(self) -> str:
        """Say for people what keeps the call."""
        if self.question is not None:
            return "waiting for an answer to its server's question"
        return "waiting" if self.exchange is None else "under way"


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One slot in use. The slot is free again when the transport reports, not before: not by an abort.

    `session`: what the connection speaks that it went out on; its answer may come when there is another.
    """

    work: Work
    connection: int
    session: Session
    handle: Handle
    replay_safe: bool  # As listed on the connection it went out on, which may be lost when it ends.
    timed_out: bool = False


class Admission:
    """The waiting room of one server and its slots.

    * First come, first served; a repeat re-enters at the head.
    * A tool that is at its own limit does not keep the others waiting: its calls stand aside until it has room.
    * What leaves, leaves from anywhere at once: a settled call is nowhere in here.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._slots = config.max_concurrent
        self._limits = {name: tool.max_concurrent for name, tool in config.tools.items() if tool.max_concurrent}
        self._running: dict[ToolName, int] = dict.fromkeys(self._limits, 0)
        self._queue: OrderedDict[RequestId, Work] = OrderedDict()
        self._aside: dict[ToolName, OrderedDict[RequestId, Work]] = {name: OrderedDict() for name in self._limits}
        self._unlisted: OrderedDict[RequestId, Work] = OrderedDict()  # Their tool is in no catalogue yet.
        self._resting: dict[RequestId, Work] = {}  # Between two attempts.
        self._rests = Timers[RequestId]()
        self.in_flight = 0

    def __len__(self) -> int:
        """How many wait: for a slot, or for their next attempt."""
        waiting = len(self._queue) + len(self._unlisted) + len(self._resting)
        return waiting + sum(map(len, self._aside.values())) if self._aside else waiting

    @property
    def has_slot(self) -> bool:
        """Whether one more may begin."""
        return self.in_flight < self._slots

    def enter(self, work: Work) -> None:
        """Wait at the end."""
        self._queue[work.call.request_id] = work

    def enter_first(self, works: Iterable[Work]) -> None:
        """Wait at the head, in this order."""
        for work in reversed(list(works)):
            self._queue[work.call.request_id] = work
            self._queue.move_to_end(work.call.request_id, last=False)

    def await_list(self, work: Work) -> None:
        """Stand aside until `listed`."""
        self._unlisted[work.call.request_id] = work

    def listed(self) -> None:
        """Let those who waited for a catalogue wait at the head."""
        self.enter_first(self._unlisted.values())
        self._unlisted.clear()

    def rest(self, work: Work, until: float) -> None:
        """Wait for the next attempt; hold no slot meanwhile."""
        self._resting[work.call.request_id] = work
        self._rests.set(work.call.request_id, until)

    def next_due(self) -> float:
        """When the next rest is over; infinity if nobody rests."""
        return self._rests.next_due()

    def tick(self, now: float) -> None:
        """Let those whose rest is over wait at the head."""
        self.enter_first([self._resting.pop(request_id) for request_id in self._rests.take_due(now)])

    def leave(self, work: Work) -> None:
        """Wait no longer, wherever it was."""
        self._queue.pop(work.call.request_id, None)
        self._unlisted.pop(work.call.request_id, None)
        if self._resting.pop(work.call.request_id, None) is not None:
            self._rests.drop(work.call.request_id)
        if (tool := self._limited(work)) is not None:
            self._aside[tool].pop(work.call.request_id, None)

    def waiting(self) -> list[Work]:
        """Everybody who waits here, the first first."""
        aside = (work for works in self._aside.values() for work in works.values())
        return [*self._queue.values(), *self._unlisted.values(), *aside, *self._resting.values()]

    def next(self) -> Work | None:
        """Take the first who may go, if there is a slot."""
        while self._queue and self.has_slot:
            request_id, work = self._queue.popitem(last=False)
            tool = self._limited(work)
            if tool is None or self._running[tool] < self._limits[tool]:
                return work
            self._aside[tool][request_id] = work
        return None

    def began(self, work: Work) -> None:
        """Take a slot."""
        self.in_flight += 1
        if (tool := self._limited(work)) is not None:
            self._running[tool] += 1

    def finished(self, work: Work) -> None:
        """Give the slot back; who stood aside for this tool is first again."""
        self.in_flight -= 1
        if (tool := self._limited(work)) is not None:
            self._running[tool] -= 1
            self.enter_first(self._aside[tool].values())
            self._aside[tool].clear()

    def _limited(self, work: Work) -> ToolName | None:
        """Return the call's tool if that has a limit of its own."""
        return work.tool if work.tool is not None and work.tool in self._limits else None
