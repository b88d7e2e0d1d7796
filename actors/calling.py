"""Makes calls: the number, the deadline, the future, and the way a cancel takes."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Protocol

from actors.board import Board
from actors.call import Call, CallFuture, OnProgress, RequestId, SendTicket, ServerName
from actors.caller import Caller
from actors.errors import MCPOrchestratorError
from actors.mailbox import tell
from actors.messages import CancelCall
from actors.runtime import Runtime
from actors.status import ServerStatus
from actors.tracing import Trace

_next_request_id = count(1).__next__  # Of the process, and atomic: no two calls share a number.


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A call to be made: what, where, and how long it may take from the moment it is made."""

    server: ServerName
    method: str
    params: Mapping[str, Any]
    timeout_s: float
    on_progress: OnProgress | None = None
    caller: Caller | None = None


class Tracer(Protocol):
    """Whoever notes calls. For any thread."""

    def begin(self, request_id: RequestId, plan: Plan, statuses: Mapping[ServerName, ServerStatus]) -> Trace:
        """Note that a call is made, on the thread that makes it. `statuses`: of all servers, whenever it is read."""
        ...

    def carried(self, plan: Plan) -> Plan:
        """Return a plan that says what it is a part of, for a call that another thread will make."""
        ...


@dataclass(slots=True)
class Tracing:
    """Who notes the calls of one orchestrator; None: nobody."""

    by: Tracer | None = None


@dataclass(frozen=True, slots=True)
class CallMaker:
    """For any thread. `failed` hears of every call that ends with an error, on the settling thread: it only tells."""

    runtime: Runtime
    board: Board
    failed: Callable[[Call, MCPOrchestratorError], object]
    tracing: Tracing = field(default_factory=Tracing)

    def make(self, plan: Plan, ticket: SendTicket, *, latest: float = float("inf")) -> Call:
        """Return the call, its deadline `plan.timeout_s` from now, `latest` at most; the board has it until it ends."""
        request_id, now, board = RequestId(_next_request_id()), self.runtime.clock(), self.board

        def tell_cancel(number: RequestId) -> None:  # Through the router of the time: a cancel follows its call.
            tell(board.router, CancelCall(server=plan.server, request_id=number))

        tracer = self.tracing.by
        trace = None if tracer is None else tracer.begin(request_id, plan, board.statuses)
        call = board.calls[request_id] = Call(
            request_id=request_id,
            server=plan.server,
            method=plan.method,
            params=plan.params if trace is None else trace.params,
            submitted_at=now,
            deadline=min(now + plan.timeout_s, latest),
            future=CallFuture(request_id, tell_cancel=tell_cancel, run_later=self.runtime.run_later),
            on_progress=plan.on_progress,
            caller=plan.caller,
            trace=trace,
            ticket=ticket,
        )
        call.future.tell_when_done(partial(self._ended, call))
        return call

    def _ended(self, call: Call, future: Future[Any]) -> None:
        del self.board.calls[call.request_id]
        error = future.exception(timeout=0)
        if call.trace is not None:
            call.trace.ended(call.attempts, error)
        if isinstance(error, MCPOrchestratorError):
            self.failed(call, error)
