"""Sends every call to the actor that serves its name, and gathers batches."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never

from actors.base import OwingActor
from actors.batches import Batch, BatchId, outcome_of
from actors.board import Board
from actors.call import Call
from actors.calling import CallMaker
from actors.errors import Unavailable
from actors.mailbox import hand_over, tell
from actors.messages import CancelCall, Missed, PerformCall, RollCall, Tick
from actors.replies import answer
from actors.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBatch:
    """From a face: from here on the router owes `batch` its list."""

    batch: Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBatch:
    """From the batch's future."""

    batch_id: BatchId


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCallEnded:
    """From a call's future, on the thread that settled it."""

    batch_id: BatchId
    index: int
    call: Call


RouterMessage: TypeAlias = PerformCall | CancelCall | RunBatch | CancelBatch | BatchCallEnded | RollCall | Tick


class RouterActor(OwingActor[RouterMessage]):
    """One hop: it never waits, and owes a single call only while it passes it on.

    * A batch is owed until its list is complete; what it holds of its calls are their futures' ends.
    * Should it die, batches are paid: known results stay, the rest by ticket.
    """

    def __init__(self, *, runtime: Runtime, board: Board, maker: CallMaker, on_death: Callable[[str], None]) -> None:
        super().__init__(runtime)
        self._board, self._maker, self._on_death = board, maker, on_death
        self._batches: dict[BatchId, Batch] = {}

    def on_message(self, message: RouterMessage) -> None:
        """See `messages`, and above."""
        match message:
            case PerformCall():
                self._route(message.call)
            case CancelCall():
                if (server := self._board.directory.servers.get(message.server)) is not None:
                    tell(server, message)
            case RunBatch():
                self._accept(message.batch)
                self._release(message.batch)
            case BatchCallEnded():
                self._batch_call_ended(message)
            case CancelBatch():
                if (batch := self._batches.get(message.batch_id)) is not None:
                    batch.cancel("cancelled by the caller")
                    self._forget_if_done(batch)
            case RollCall():
                answer(message.reply, yes=True)
            case Tick():
                pass
            case _:
                assert_never(message)

    def calls_in(self, message: RouterMessage) -> Iterable[Call]:
        """See OwingActor."""
        return (message.call,) if isinstance(message, PerformCall) else ()

    def on_unread(self, message: RouterMessage) -> None:
        """Owe the batches that came too late; take the ends that came in time."""
        if isinstance(message, RunBatch):
            self._accept(message.batch)
        elif isinstance(message, RollCall):
            answer(message.reply, yes=False)
        elif isinstance(message, BatchCallEnded) and message.batch_id in self._batches:
            self._batches[message.batch_id].ended(message.index, outcome_of(message.call))

    def next_due(self) -> float:
        """Return infinity: calls have their deadlines at their servers, batches in their calls."""
        return float("inf")

    def let_go(self) -> None:
        """See OwingActor. The router holds nothing but batches."""

    def release(self, why: str, state: Unavailable) -> None:
        """Pay the batches."""
        for batch in self._batches.values():
            batch.pay(why, state)
        self._batches.clear()
        if state == "crashed":
            self._on_death(why)

    def _route(self, call: Call) -> None:
        self.ledger.accept(call)
        server = self._board.directory.servers.get(call.server)
        if server is None:
            self.ledger.pay(call, self._board.directory.refusal(call.server))
            tell(self._board.supervisor, Missed(server=call.server))
            return
        # Dead in the directory: its supervisor is about to put up the next one, unless all is ending.
        gone: Unavailable = "stopped" if self._board.closing else "restarting"
        hand_over(server, PerformCall(call=call), call, gone=gone)
        self.ledger.pass_on(call)

    def _accept(self, batch: Batch) -> None:
        batch.owner = self
        self._batches[batch.batch_id] = batch

    def _release(self, batch: Batch) -> None:
        for index, plan, ticket in batch.to_release():
            call = self._maker.make(plan, ticket, latest=batch.wishes.deadline)
            batch.began(index, call)
            call.future.tell_when_done(partial(_tell_end, self._board, batch.batch_id, index, call))
            self._route(call)
        self._forget_if_done(batch)

    def _batch_call_ended(self, message: BatchCallEnded) -> None:
        batch = self._batches.get(message.batch_id)
        if batch is None:
            return  # An earlier router's, paid when it died.
        batch.ended(message.index, outcome_of(message.call))
        if self.runtime.clock() >= batch.wishes.deadline:
            batch.overdue()
        self._release(batch)

    def _forget_if_done(self, batch: Batch) -> None:
        if batch.future.done():
            self._batches.pop(batch.batch_id, None)


def _tell_end(board: Board, batch_id: BatchId, index: int, call: Call, _: object) -> None:
    tell(board.router, BatchCallEnded(batch_id=batch_id, index=index, call=call))
