"""An actor that owes outcomes and pays them, however it ends."""

import abc
import math
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, Queue
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast, final

import pykka

from actors.call import Call, settle
from actors.errors import ActorCrashedError, Unavailable
from actors.ledger import Ledger, epitaph
from actors.messages import Tick
from actors.replies import answer
from actors.runtime import Runtime

M = TypeVar("M")


class OwingActor(pykka.Actor, abc.ABC, Generic[M]):
    """Base of every actor that accepts calls. `M`: the messages it understands.

    * It pays on stop and on crash, also for messages that nobody has read: pykka drops those without a word.
    * Its next due time is known to the runtime after every message, so nothing owed can be slept through.
    * Who sees by `awaited_turn` that it is at one message for too long may `condemn` it, from outside.
    * Start it by `Runtime.start`. It begins by a message to itself, not in `on_start`: an exception there
      ends an actor without any hook.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self.runtime = runtime
        self.ledger = Ledger()
        self.last_turn = runtime.clock()
        self.condemned = self.ended = False  # `ended`: its loop is over.
        self._wake_at = math.inf  # The wake-up the runtime knows of.

    @abc.abstractmethod
    def on_message(self, message: M) -> None:
        """Handle one message: one `match`, the last case `assert_never`."""

    @abc.abstractmethod
    def calls_in(self, message: M) -> Iterable[Call]:
        """Return the calls that `message` hands over. Must not raise, whatever the message."""

    @abc.abstractmethod
    def on_unread(self, message: M) -> None:
        """Note an unread message; its calls are owed by now. The actor is ending, nothing may be begun."""

    @abc.abstractmethod
    def next_due(self) -> float:
        """When the next Tick is needed, on the runtime's clock; infinity for never."""

    @abc.abstractmethod
    def release(self, why: str, state: Unavailable) -> None:
        """Give back what the actor holds, without blocking. Every call is paid by now."""

    @abc.abstractmethod
    def let_go(self) -> None:
        """Break off what is on the wire, and let nothing more on it. For any thread; never blocks."""

    def is_gone(self) -> bool:
        """Say if nothing of the actor's is left in the world outside. For any thread, once it has ended."""
        return True

    @final
    def awaited_turn(self) -> float | None:
        """Return when it began its last message; None if no other waits. For any thread.

        The same answer twice: all the time in between it was at that message, and another waited.
        """
        last_turn = self.last_turn  # First: a turn that begins now must make the next answer another one.
        return None if self.actor_inbox.empty() else last_turn

    @final
    def condemn(self, why: str) -> None:
        """Pay in the place of this actor, which hangs. For its supervisor's thread.

        With its wire gone and every ticket taken it can send nothing, should it wake; then it ends by itself.
        """
        self.condemned = True
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()  # From here on senders pay what they put too late.
        self.let_go()
        inbox = cast("Queue[Any]", self.actor_inbox)
        # For one that has woken up meanwhile: it would wait for its next message for ever.
        kept: list[Any] = [SimpleNamespace(message=Tick(), reply_to=None)]
        with suppress(Empty):
            while True:
                envelope = inbox.get_nowait()
                if envelope.reply_to is None:
                    for call in self.calls_in(envelope.message):
                        settle(call, epitaph(call, why, "crashed"))
                    if (reply := getattr(envelope.message, "reply", None)) is not None:
                        answer(reply, yes=False)
                else:
                    kept.append(envelope)
        for envelope in kept:
            inbox.put(envelope)
        self.ledger.settle_all(why, "crashed")

    @final
    def on_receive(self, message: M) -> None:
        """Handle `message`, arm the timer; a bug ends this actor, and no other."""
        if self.actor_stopped.is_set():  # Condemned just before: nothing may be begun.
            for call in self.calls_in(message):
                self.ledger.accept(call)
        else:
            self._handle(message)
        if self.actor_stopped.is_set():  # Condemned while it hung: the loop ends here, and no hook runs.
            self._pay_everything("its actor hung, and was replaced", "crashed")

    def _handle(self, message: M) -> None:
        self.last_turn = self.runtime.clock()
        try:
            if isinstance(message, Tick):
                self._wake_at = math.inf
            self.on_message(message)
            if (due := self.next_due()) < self._wake_at:
                self._wake_at = due
                self.runtime.wake(self.actor_ref, due)
        except Exception:
            raise
        except BaseException as error:  # pykka answers SystemExit in one actor by stopping them all.
            raise ActorCrashedError(repr(error)) from error

    @final
    def on_stop(self) -> None:
        """Pay. pykka's hook for an ordered stop."""
        self._pay_everything("shut down", "stopped")

    @final
    def on_failure(self, exception_type: object, exception_value: object, traceback: object) -> None:  # noqa: ARG002 -- pykka's
        """Pay. pykka's hook for an exception, which then does not call `on_stop`."""
        self._pay_everything(f"its actor crashed: {exception_value!r}", "crashed")

    def _pay_everything(self, why: str, state: Unavailable) -> None:
        # is_alive() is False by now. Whoever looked before and puts later is paid by his own re-check.
        asked: list[Any] = []
        while not self.actor_inbox.empty():
            envelope: Any = self.actor_inbox.get()
            if envelope.reply_to is None:
                for call in self.calls_in(envelope.message):
                    self.ledger.accept(call)
                self.on_unread(envelope.message)
            else:
                asked.append(envelope)
        for envelope in asked:  # pykka answers these itself. Swallowed, a second stop() would wait for ever.
            self.actor_inbox.put(envelope)
        self.ledger.pay_all(why, state)
        self.release(why, state)

    def _actor_loop_teardown(self) -> None:
        super()._actor_loop_teardown()
        self.ended = True  # Here, for one that was condemned between two messages gets no hook.
