"""How the asynchronous face waits: on the loop, to a deadline, and never longer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar, cast

from actors.batches import Batch, CallOutcome
from actors.call import Call, CallFuture, Outcome, settle
from actors.errors import MCPOrchestratorError
from actors.mcp.paging import Entry
from mcp_orchestrator.blocking import GRACE_S, SILENT, Replies, silent_actor
from mcp_orchestrator.offers import Fetching

T = TypeVar("T")


async def outcome_of(call: Call, clock: Callable[[], float]) -> object:
    """Await the outcome of `call` and return it, or raise its error. A cancelled task cancels its call.

    The task sees CancelledError at once; what became of the call, its future and `on_error` say.
    """
    try:
        await _until_done(call.future, max(call.deadline - clock(), 0.0) + GRACE_S)
    except BaseException:  # CancelledError; GeneratorExit, where a loop ends with its tasks.
        call.future.cancel()
        raise
    if not call.future.done():
        settle(call, silent_actor(call.withdraw()))
    return call.future.result(timeout=0)


async def all_of(fetching: Fetching, clock: Callable[[], float]) -> list[Entry]:
    """Await all pages of a list and return its entries, or raise the error that ended it."""
    outcome: Outcome | None = None
    while True:
        try:
            call = fetching.send(outcome)
        except StopIteration as end:
            return cast("list[Entry]", end.value)
        try:
            outcome = cast("Outcome", await outcome_of(call, clock))
        except MCPOrchestratorError as error:
            outcome = error


async def list_of(batch: Batch, longest_s: float) -> list[CallOutcome]:
    """Await the list of a batch. A cancelled task cancels the batch."""
    try:
        await _until_done(batch.future, longest_s + GRACE_S)
    except BaseException:  # As above.
        batch.future.cancel()
        raise
    if not batch.future.done():
        batch.settle_all(SILENT)
    return batch.future.result(timeout=0)


async def reply_of(reply: Future[T], timeout_s: float, *, otherwise: T) -> T:
    """Await `reply` up to `timeout_s`; `otherwise` if it does not come."""
    await _until_done(reply, max(timeout_s, 0.0))
    return reply.result(timeout=0) if reply.done() else otherwise


async def replies_of(replies: Replies, clock: Callable[[], float]) -> dict[str, bool]:
    """Await each of `replies` until its time; False for one that does not come."""
    return {
        name: await reply_of(reply, give_up_at - clock(), otherwise=False)
        for name, (reply, give_up_at) in replies.items()
    }


async def _until_done(future: Future[T], timeout_s: float) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell(_: object) -> None:  # On the settling thread: it only tells.
        with suppress(RuntimeError):  # The loop is closed; nobody waits any more.
            loop.call_soon_threadsafe(_set, done)

    if isinstance(future, CallFuture):
        future.tell_when_done(tell)
    else:
        future.add_done_callback(tell)
    timer = loop.call_later(timeout_s, _set, done)
    try:
        await done
    finally:
        timer.cancel()


def _set(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
