"""One MCP server behind one actor."""

import math
from collections.abc import Iterable
from concurrent.futures import Future
from typing import assert_never

from actors.base import OwingActor
from actors.breaker import State as BreakerState
from actors.breakers import Breakers
from actors.call import Call
from actors.calls import Calls
from actors.errors import Unavailable
from actors.hearing import Hearing
from actors.link import WAITING
from actors.mailbox import tell
from actors.messages import (
    CancelCall,
    Connect,
    Disconnect,
    Drain,
    Finished,
    ForceBreaker,
    Heard,
    InputGiven,
    PerformCall,
    Ping,
    PingEnded,
    PredecessorGone,
    ServerCrashed,
    ServerMessage,
    SubscribeResource,
    Tick,
)
from actors.questions import Questions
from actors.replies import answer
from actors.runtime import Runtime
from actors.seat import Seat
from actors.status import CRASH_LOOP_AFTER, ServerStatus
from actors.wire import Wire

PUBLISH_WITHIN_S = 0.05  # Of the begin of a call: most calls have ended by then. Arbitrary.
_PUBLISH_EVERY = 100  # Messages, at least, however long the mailbox. Arbitrary.


class ServerActor(OwingActor[ServerMessage]):
    """Decides what happens to every call for one server; the transport does it.

    * This thread only changes state: no I/O, no waiting, no lock, no executor.
    * Connection loss, session loss and child exit are mended here, within the actor's life. A bug ends the actor.
    * A status is published when the mailbox is empty, and after every hundredth message; that a call has begun, with
      its end, or in a moment.
    """

    def __init__(self, *, runtime: Runtime, seat: Seat) -> None:
        super().__init__(runtime)
        self._seat = seat
        self._wire = Wire(
            config=seat.config,
            connect=seat.connect,
            generation=seat.generation,
            actor=self.actor_ref,
            supervisor=seat.supervisor,
        )
        self._breakers = Breakers(seat.config.breaker, runtime.clock, runtime.jitter)
        self._breakers.server.restore(seat.breaker)
        self._questions = Questions(runtime, self.actor_ref)
        self._calls = Calls(
            seat=seat,
            runtime=runtime,
            ledger=self.ledger,
            wire=self._wire,
            breakers=self._breakers,
            questions=self._questions,
        )
        self._hearing = Hearing(seat=seat, calls=self._calls, wire=self._wire, questions=self._questions)
        self._life = self._calls.life
        self._wire.held = seat.held
        if seat.wanted:
            self._life.link.hold("restarting")
        self._drain_by: float | None = None
        self._drained: list[Future[bool]] = []
        self._drained_all = False  # Nothing is owed any more: what is left is to close.
        self._forced = False  # The time to drain is over.
        self._replies: list[Future[bool]] = []  # Owed besides calls: by pings, by messages that nobody has read.
        self._unpublished, self._publish_by = 0, math.inf
        seat.attach(self)
        self._publish()

    def on_message(self, message: ServerMessage) -> None:  # noqa: C901, PLR0912 -- one case a message
        """See `messages`."""
        match message:
            case PerformCall():
                self._calls.perform(message.call)
            case Finished():
                self._finished(message)
            case CancelCall():
                self._calls.cancel(message.request_id)
            case Heard():
                self._hearing.hear(message)
            case InputGiven():
                self._questions.given(message)
            case Tick():
                self._tick()
            case Connect():
                self._connect(message)
            case PredecessorGone():
                self._life.predecessor_gone()
            case Disconnect():
                self._calls.end_all("disconnected by the caller", "stopped")
                self._life.disconnect(message.reply)
            case Ping():
                self._ping(message)
            case ForceBreaker():
                self._breakers.server.force(message.state, message.reason, message.until)
            case SubscribeResource(uri=uri, wanted=wanted):
                self._life.listening.subscribe(uri) if wanted else self._life.listening.unsubscribe(uri)
            case Drain():
                self._drain(message)
            case _:
                assert_never(message)
        self._calls.dispatch()
        if self._drain_by is not None:
            self._go_on_draining(self._drain_by)
        self._unpublished += 1
        has_begun = isinstance(message, PerformCall) and self.ledger.get(message.call.request_id) is not None
        if has_begun and self._breakers.all_closed:  # Else others choose by who is on trial.
            self._publish_by = min(self._publish_by, self.last_turn + PUBLISH_WITHIN_S)
        elif self.actor_inbox.empty():
            self._publish_by = self.last_turn
        if self._unpublished >= _PUBLISH_EVERY or self._life.replies.decided or self._publish_by <= self.last_turn:
            self._publish()
        self._life.replies.give()

    def calls_in(self, message: ServerMessage) -> Iterable[Call]:
        """See OwingActor."""
        return (message.call,) if isinstance(message, PerformCall) else ()

    def on_unread(self, message: ServerMessage) -> None:
        """Take the answers that came in time; note who else waits for one."""
        match message:
            case Finished():
                self._calls.take_last(message)
            case Connect(reply=Future() as reply) | Disconnect(reply=reply) | Drain(reply=reply):
                self._replies.append(reply)
            case Ping(reply=Future() as reply):
                self._replies.append(reply)
            case _:
                pass

    def next_due(self) -> float:
        """Return the next time at which anything here is due."""
        due = min(self._calls.next_due(), self._breakers.next_due(), self._life.next_due())
        due = min(due, self._publish_by)
        return due if self._drain_by is None or self._forced else min(due, self._drain_by)

    def let_go(self) -> None:
        """See OwingActor."""
        self._wire.abort()

    def is_gone(self) -> bool:
        """See OwingActor."""
        return self._wire.is_gone()

    def release(self, why: str, state: Unavailable) -> None:
        """Break off what is on the wire. Its late reports find nobody, or a newer generation."""
        connection_left = bool(self._wire.left)
        self._wire.abort()
        self._life.replies.came(yes=False)
        self._life.replies.gone(yes=False)
        self._life.replies.give()
        for reply in self._replies:
            answer(reply, yes=False)
        if state == "stopped":
            self._publish_last("stopped", why)  # Who waits for the answers reads it.
        for reply in self._drained:
            answer(reply, yes=state == "stopped")
        if state == "crashed":
            tell(
                self._seat.supervisor,
                ServerCrashed(
                    server=self._seat.config.name,
                    generation=self._seat.generation,
                    error=why,
                    connection_left=connection_left,
                ),
            )
            self._publish_last("reconnecting", why)  # After what matters more: a bug may be anywhere.

    def _finished(self, message: Finished) -> None:
        if message.generation != self._seat.generation:
            return  # Its call was paid when that generation died, and its slot was that generation's.
        if self._life.owns(message.exchange):
            self._life.finish(message.exchange, message.outcome)
        else:
            self._calls.finished(message)

    def _tick(self) -> None:
        before = self._breakers.server.state
        self._breakers.tick()
        self._calls.tick(self.runtime.clock())
        after = self._breakers.server.state
        self._life.tick(half_opened=before is not after and after is BreakerState.HALF_OPEN)

    def _connect(self, message: Connect) -> None:
        if self._drain_by is None:
            self._life.connect(message.reply, anew=message.anew)
        elif message.reply is not None:
            answer(message.reply, yes=False)

    def _ping(self, message: Ping) -> None:
        began = self.runtime.clock()
        self._seat.statistics.pings += 1
        if message.reply is not None:
            self._replies.append(message.reply)

        def ended(alive: bool) -> None:  # noqa: FBT001 -- the one thing a ping says
            if message.reply is not None:
                self._replies.remove(message.reply)
            tell(
                self._seat.supervisor,
                PingEnded(
                    server=self._seat.config.name,
                    generation=self._seat.generation,
                    alive=alive,
                    duration_s=self.runtime.clock() - began,
                    reply=message.reply,
                ),
            )

        self._life.ping(ended)

    def _drain(self, message: Drain) -> None:
        """Begin to drain; a second time, perhaps sooner: forced."""
        self._drained.append(message.reply)
        self._drain_by = message.deadline if self._drain_by is None else min(self._drain_by, message.deadline)
        self._calls.draining = True

    def _go_on_draining(self, drain_by: float) -> None:
        is_over = not self._forced and self.runtime.clock() >= drain_by
        if is_over:
            self._forced = True
            self._calls.end_all("the time to finish was over", "draining")
        if not self._drained_all and not len(self.ledger):
            self._drained_all = True
            self._life.disconnect(Future(), orderly=not is_over)
        if is_over:  # Also an orderly end that is still under way.
            self._wire.abort()
        if self._drained_all and not self._wire.own:  # Its predecessor's are the supervisor's to wait for.
            self.stop()

    def _publish(self) -> None:
        if self.condemned:  # And has woken up: somebody else speaks for the server by now.
            return
        self._unpublished, self._publish_by = 0, math.inf
        self._seat.publish(self._status())

    def _publish_last(self, state: str, why: str) -> None:
        if self.condemned:
            return
        self._seat.statistics.settle_the_rest()
        self._seat.publish(self._status().at_the_end(state, why))

    def _status(self) -> ServerStatus:
        life, calls, breaker = self._life, self._calls, self._breakers.server
        is_open, link = breaker.state is BreakerState.OPEN, life.link
        crash_loop = is_open and link.failed_connects >= CRASH_LOOP_AFTER
        state = "draining" if self._calls.draining else "crash_loop" if crash_loop else link.state.value
        by_breaker = is_open and link.state in WAITING  # Then its clock is the only one.
        connection = self._wire.connection
        return ServerStatus(
            server=self._seat.config.name,
            at=self.runtime.clock(),
            state=state,
            reason="finishing its calls" if self._calls.draining else link.reason,
            generation=self._seat.generation,
            connection=self._wire.current,
            era=life.opening.belief.era,
            protocol=life.session.protocol,
            transport=life.opening.belief.transport,
            capabilities=life.session.capabilities,
            server_info=life.session.server_info,
            instructions=life.session.instructions,
            pid=getattr(connection, "pid", None),
            breaker=breaker.snapshot(),
            refuses=breaker.refuses,
            tools_open=self._breakers.tools_open(),
            tools_refused=self._breakers.tools_refused(),
            last_failure_at=calls.outcomes.last_failure_at,
            last_failure=calls.outcomes.last_failure,
            failed_connects=link.failed_connects,
            in_flight=calls.admission.in_flight,
            waiting=len(calls.admission),
            owed=len(self.ledger),
            last_answer_at=calls.outcomes.last_answer_at,
            retry_after_s=breaker.retry_after_s() if by_breaker else link.retry_after_s(),
            catalogue=life.listing.catalogue,
            fresh=life.listing.fresh,
            statistics=self._seat.statistics.snapshot(),
        )
