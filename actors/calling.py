"""Makes calls: the number, the deadline, the future, and the way a cancel takes."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from actors.board import Board
from actors.call import Call, CallFuture, OnProgress, RequestId, SendTicket, ServerName
from actors.caller import Caller
from actors.errors import MCPOrchestratorError
from actors.mailbox import tell
from actors.messages import CancelCall
from actors.runtime import Runtime

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


@dataclass(frozen=True, slots=True)
class CallMaker:
    """For any thread. `failed` hears of every call that ends with an error, on the settling thread: it only tells."""

    runtime: Runtime
    board: Board
    failed: Callable[[Call, MCPOrchestratorError], object]

    def make(self, plan: Plan, ticket: SendTicket, *, latest: float = float("inf")) -> Call:
        """Return the call, its deadline `plan.timeout_s` from now, `latest` at most; the board has it until it ends."""
        request_id, now, board = RequestId(_next_request_id()), self.runtime.clock(), self.board

        def tell_cancel(number: RequestId) -> None:  # Through the router of the time: a cancel follows its call.
            tell(board.router, CancelCall(server=plan.server, request_id=number))

        call = board.calls[request_id] = Call(
            request_id=request_id,
            server=plan.server,
            method=plan.method,
            params=plan.params,
            submitted_at=now,
            deadline=min(now + plan.timeout_s, latest),
            future=CallFuture(request_id, tell_cancel=tell_cancel, run_later=self.runtime.run_later),
            on_progress=plan.on_progress,
            caller=plan.caller,
            ticket=ticket,
        )
        call.future.tell_when_done(partial(self._ended, call))
        return call

    def _ended(self, call: Call, future: Future[Any]) -> None:
        del self.board.calls[call.request_id]
        error = future.exception(timeout=0)
        if isinstance(error, MCPOrchestratorError):
            self.failed(call, error)
