"""Many calls, one list of outcomes. Pure but for the calls' futures; the router runs it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, NewType

from actors.call import Call, RunLater, SendTicket
from actors.calling import Plan
from actors.errors import (
    CallCancelledError,
    Executed,
    MCPOrchestratorError,
    MCPTimeoutError,
    ServerUnavailableError,
    Unavailable,
)
from actors.ledger import epitaph
from actors.results import ToolResult

BatchId = NewType("BatchId", int)
_next_batch_id = count(1).__next__


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What became of one call of a batch; `error` is None if and only if it succeeded.

    `index`: its place in the list that was asked for. `result`: a ToolResult, or the raw result of another method.
    """

    index: int
    server: str
    tool: str
    result: Any = None
    error: MCPOrchestratorError | None = None

    @property
    def success(self) -> bool:
        """Whether there is a result."""
        return self.error is None

    @property
    def data(self) -> Any:  # noqa: ANN401 -- any JSON
        """The result's data; None if it failed."""
        return self.result.data if isinstance(self.result, ToolResult) else self.result

    @property
    def executed(self) -> Executed:
        """Whether the server can have run it."""
        return "yes" if self.error is None else self.error.executed


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One call of a batch: a plan, or the mistake that its caller made."""

    server: str
    tool: str
    plan: Plan | None
    mistake: MCPOrchestratorError | None = None
    critical: bool = False


class BatchFuture(Future[list[CallOutcome]]):
    """What the caller of a batch holds: its list, in the order asked for. It has no exception."""

    def __init__(self, tell_cancel: Callable[[], None]) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()  # See CallFuture.
        self._tell_cancel = tell_cancel

    def cancel(self) -> bool:
        """Ask the router to cancel all calls that have not ended. Always False: the list still comes."""
        if not self.done():
            self._tell_cancel()
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWishes:
    """How a batch is to be run. `deadline`: absolute, for all of it. The callables are the caller's."""

    deadline: float
    max_parallel: int
    cancel_on_critical_failure: bool = False
    progress_callback: Callable[[int, int], object] | None = None
    on_result: Callable[[CallOutcome], object] | None = None


class Batch:
    """At most `max_parallel` calls under way; a call's own time starts when it is released.

    * A call's deadline is the batch's at the latest, so the batch needs no timer: the last one under way ends it.
    * Each call has its ticket from the start, released or not: who withdraws it knows what was executed.
    * Lives on the router's thread, but for `refuse` before the router owns it, and `settle_all`. `owner` as in Call.
    """

    def __init__(
        self,
        items: Sequence[BatchItem],
        wishes: BatchWishes,
        *,
        run_later: RunLater,
        tell_cancel: Callable[[BatchId], None],
    ) -> None:
        self.batch_id = BatchId(_next_batch_id())
        self.owner: object = None
        self.wishes = wishes
        batch_id = self.batch_id  # Not self: the future must not hold the batch.
        self.future = BatchFuture(lambda: tell_cancel(batch_id))
        self._items, self._run_later = items, run_later
        self._tickets = [SendTicket() for _ in items]
        self._outcomes: list[CallOutcome | None] = [None] * len(items)
        self._calls: dict[int, Call] = {}
        self._next = self._ended = 0
        self._cancelled = False
        self._finish_if_done()

    def to_release(self) -> Iterator[tuple[int, Plan, SendTicket]]:
        """Yield the calls to make now; mistakes end on the way. The caller calls `began` for each."""
        while self._next < len(self._items) and len(self._calls) < self.wishes.max_parallel:
            index, item = self._next, self._items[self._next]
            if item.plan is None:
                self._next += 1
                self.ended(index, item.mistake)
            else:
                yield index, item.plan, self._tickets[index]

    def began(self, index: int, call: Call) -> None:
        """Note that this call is under way. Until then it is one of those that never began, whatever happens."""
        self._calls[index] = call
        self._next = index + 1

    def ended(self, index: int, outcome: Any) -> None:  # noqa: ANN401 -- a result or an error
        """Note what became of one call."""
        self._calls.pop(index, None)
        entry = self._outcomes[index] = self._entry(index, outcome)
        self._ended += 1
        if self.wishes.on_result is not None:
            self._run_later(partial(self.wishes.on_result, entry))
        if self.wishes.progress_callback is not None:
            self._run_later(partial(self.wishes.progress_callback, self._ended, len(self._items)))
        if not entry.success and self._items[index].critical and self.wishes.cancel_on_critical_failure:
            self.cancel("a critical call of the batch failed")
        self._finish_if_done()

    def cancel(self, why: str) -> None:
        """End what has not begun; ask for the end of what has."""
        if self._cancelled:  # By every critical call that a cancel ends, else.
            return
        self._cancelled = True
        for call in self._calls.values():
            call.future.cancel()
        self._end_unreleased(lambda: CallCancelledError(f"never begun: {why}", executed="no"))

    def overdue(self) -> None:
        """End what has not begun: the time of the batch is over."""
        self._end_unreleased(lambda: MCPTimeoutError("never begun: the batch's time was over", executed="no"))

    def refuse(self, error: ServerUnavailableError) -> None:
        """End all of it: nobody took it."""
        self._end_unreleased(lambda: ServerUnavailableError(error.reason, state=error.state))

    def pay(self, why: str, state: Unavailable) -> None:
        """End all of it by ticket: the router is ending. Known results stay."""
        self._cancelled = True  # Nobody is left to ask.
        for index, call in list(self._calls.items()):
            self.ended(index, outcome_of(call) if call.future.done() else epitaph(call, why, state))
        self._end_unreleased(lambda: ServerUnavailableError(why, state=state))

    def settle_all(self, why: str) -> None:
        """End all of it by ticket, in the place of a silent router, and change nothing of his. For any thread."""
        entries: list[CallOutcome] = []
        for index, known in enumerate(self._outcomes.copy()):
            call = self._calls.get(index)
            if known is not None:
                entries.append(known)
            elif call is not None and call.future.done():
                entries.append(self._entry(index, outcome_of(call)))
            else:
                error = MCPTimeoutError(why, executed=self._tickets[index].withdraw())
                entries.append(self._entry(index, self._items[index].mistake or error))
        self._finish(entries)

    def _entry(self, index: int, outcome: Any) -> CallOutcome:  # noqa: ANN401 -- a result or an error
        item, error = self._items[index], outcome if isinstance(outcome, MCPOrchestratorError) else None
        if error is not None and error.server is None:
            error.server, error.tool = item.server, item.tool
        result = None if error is not None else outcome
        return CallOutcome(index=index, server=item.server, tool=item.tool, result=result, error=error)

    def _end_unreleased(self, error: Callable[[], MCPOrchestratorError]) -> None:
        first, self._next = self._next, len(self._items)
        for index in range(first, len(self._items)):
            self.ended(index, self._items[index].mistake or error())

    def _finish_if_done(self) -> None:
        if self._ended == len(self._items):
            self._finish([outcome for outcome in self._outcomes if outcome is not None])

    def _finish(self, outcomes: list[CallOutcome]) -> None:
        with suppress(InvalidStateError):  # The router and a face, each in its own time.
            self.future.set_result(outcomes)


def outcome_of(call: Call) -> Any:  # noqa: ANN401 -- a result or an error
    """Return what a settled call was settled with."""
    return call.future.exception(timeout=0) or call.future.result(timeout=0)
