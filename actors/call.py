"""A call and its one outcome. Nothing outside this file settles anything."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NewType, TypeAlias

from actors.caller import Caller
from actors.errors import Executed, MCPOrchestratorError
from actors.tracing import Trace

RequestId = NewType("RequestId", int)
ServerName = NewType("ServerName", str)
ToolName = NewType("ToolName", str)
Result: TypeAlias = dict[str, Any]  # What the server said, raw.
Outcome: TypeAlias = Result | MCPOrchestratorError
RunLater: TypeAlias = Callable[[Callable[[], object]], None]
OnProgress: TypeAlias = Callable[[float, float | None, str | None], object]

_HOLDER: Literal["holder"] = "holder"
_NEXT: Literal["next"] = "next"
_WITHDRAWN = object()
_CLOSED = object()


class SendTicket:
    """Decides once, for all threads, whether one attempt may still reach the wire.

    * `claim` is True for one caller at most, ever: that one may write its first byte, nobody else.
    * `withdraw` closes the call: no attempt that has not claimed yet, this or a later one, ever will.
      It answers the same as often as it is asked, whoever asks, through whichever attempt's ticket.
    * `renew` gives the next attempt its ticket, unless a withdrawal came first.

    `dict.setdefault` with a str key is atomic (CPython issue 13521). `list.pop` is too, but cannot say who
    popped: the second of two withdrawers (a stopping actor, a face at its deadline, the supervisor of a hung
    actor) would take the first for the wire, and call "unknown" what never ran.
    """

    __slots__ = ("_before", "_decided")

    def __init__(self, *, before: Executed = "no") -> None:
        self._decided: dict[str, object] = {}
        self._before: Executed = before  # The worst of the attempts that ended earlier.

    def claim(self) -> bool:
        """For the transport, immediately before its first byte; False: write nothing."""
        mine = object()
        return self._decided.setdefault(_HOLDER, mine) is mine

    def withdraw(self) -> Executed:
        """For whoever is about to end the call; "no": nothing was or will be executed."""
        ticket = self
        while True:
            unsent = ticket._decided.setdefault(_HOLDER, _WITHDRAWN) is _WITHDRAWN
            later = ticket._decided.setdefault(_NEXT, _CLOSED)
            if not isinstance(later, SendTicket):
                return ticket._before if unsent else "unknown"
            ticket = later

    @property
    def is_claimed(self) -> bool:
        """Whether this attempt is, or was, on the wire. Final once it was withdrawn or claimed."""
        return self._decided.get(_HOLDER, _WITHDRAWN) is not _WITHDRAWN

    def renew(self, ended: Executed) -> "SendTicket | None":
        """For the actor, after this attempt `ended` and before the next; None: the call is closed."""
        later = SendTicket(before="unknown" if "unknown" in (ended, self._before) else "no")
        return later if self._decided.setdefault(_NEXT, later) is later else None


class CallFuture(Future[Any]):
    """What the caller holds. Waiting on it, from any thread, is all that a caller can do to it.

    * The result is a `ToolResult` for tools/call, the raw result dict for every other method.
    * Callbacks run on the runtime's callbacks thread, never on an actor's: one that called the same server
      again would wait for itself, and a `sys.exit()` in it would make pykka stop every actor of the process.
    * `cancel` only tells. The outcome still comes, once, from the actor, and says what was executed.
    """

    def __init__(self, request_id: RequestId, *, tell_cancel: Callable[[RequestId], None], run_later: RunLater) -> None:
        super().__init__()
        # Running, so that no second settler exists: asyncio cancels pending Futures behind our back.
        self.set_running_or_notify_cancel()
        self.request_id, self._tell_cancel, self._run_later = request_id, tell_cancel, run_later

    def cancel(self) -> bool:
        """Ask the actor to give the call up. Always False: whether it was in time, the outcome tells."""
        if not self.done():
            self._tell_cancel(self.request_id)
        return False

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """Run `fn(self)` on the callbacks thread once the outcome is there; what it raises is logged."""
        run_later = self._run_later  # Not self: the callbacks of a Future outlive its settling, a cycle would too.
        super().add_done_callback(lambda done: run_later(partial(fn, done)))

    def tell_when_done(self, tell: Callable[[Future[Any]], object]) -> None:
        """Run `tell(self)` on the settling thread. For code of ours that only tells: never blocks, never raises."""
        super().add_done_callback(tell)


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One request on its way. `deadline`, `submitted_at`: absolute, seconds on the runtime's clock.

    Frozen but for three: `owner`, the ledger of the actor that owes it, which that actor sets before it does
    anything else with the call; `ticket`, which the owner alone replaces from one attempt to the next; and
    `attempts`, how many of them there were, which it notes just before it settles the call.
    """

    request_id: RequestId
    server: ServerName
    method: str
    params: Mapping[str, Any]
    submitted_at: float
    deadline: float
    future: CallFuture
    on_progress: OnProgress | None = None
    caller: Caller | None = None  # Of a gateway's; None: whoever made it.
    trace: Trace | None = None  # Mostly nobody notes anything.
    ticket: SendTicket = field(default_factory=SendTicket)
    owner: object = None
    attempts: int = 0

    @property
    def tool(self) -> ToolName | None:
        """The tool's name if this is a tools/call."""
        return self.params.get("name") if self.method == "tools/call" else None

    def refuse(self, error: MCPOrchestratorError) -> bool:
        """End the call for want of somebody who takes it."""
        return settle(self, error)

    def withdraw(self) -> Executed:
        """Keep the call off the wire if that is still possible, and say whether it was."""
        return self.ticket.withdraw()


def settle(call: Call, outcome: Any) -> bool:  # noqa: ANN401 -- an error, or the result in the shape its face wants
    """Give `call` its outcome; True for the one winner, who also counts, journals and reports it."""
    try:
        if isinstance(outcome, MCPOrchestratorError):
            call.future.set_exception(outcome.of_call(call.server, call.tool, call.request_id))
        else:
            call.future.set_result(outcome)
    except InvalidStateError:  # Somebody was first: an answer, a deadline, a death. All of them are fine.
        return False
    return True
