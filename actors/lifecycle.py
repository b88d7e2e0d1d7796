"""The life of one server's connection: connect, handshake, catalogue, pings, loss, end. On its actor's thread."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from actors import progress
from actors.asides import Aside
from actors.breaker import Breaker, Permit, Verdict
from actors.breaker import State as BreakerState
from actors.call import Call, Outcome, SendTicket
from actors.control import ControlSlot, Errand
from actors.errors import MCPConnectionError, MCPOrchestratorError, ServerUnavailableError, SessionLostError
from actors.inputs import carried
from actors.link import REFUSED, WAITING, Event, Link, State
from actors.listing import Listing
from actors.mcp import conversations, era
from actors.mcp.session import Session
from actors.opening import Anew, Opening
from actors.opening import End as OpeningEnd
from actors.replies import Replies
from actors.runtime import Runtime
from actors.seat import Seat
from actors.status import CRASH_LOOP_AFTER
from actors.transport import Handle, Reply, Request
from actors.wire import Wire

_THROTTLED_S = 1.0  # When a server says "too many" and not for how long. Arbitrary.


class Owner(Protocol):
    """What the connection's life tells the actor that has the calls."""

    def on_listed(self) -> None:
        """Decide what waited for a catalogue: it came, or it will not come."""

    def on_lost(self) -> None:
        """Note that the connection ended by itself; exchanges under way report on their own."""

    def on_connect_failed(self, error: MCPOrchestratorError) -> None:
        """Note that a connect failed, and that another will follow."""

    def on_refused(self, error: MCPOrchestratorError) -> None:
        """End what waits: no connect will follow for now."""


class Lifecycle:
    """One link with its wire and its control slot.

    * While the breaker is closed the link has its own back-off; once open, the breaker's clock is the only one.
    * A new connection begins when the one before is gone: two children never share a state directory.
    * Losses named by an older connection change nothing: there is one repair, and all wait for it.
    """

    def __init__(self, *, owner: Owner, seat: Seat, runtime: Runtime, wire: Wire, breaker: Breaker) -> None:
        self._owner, self._statistics, self._clock = owner, seat.statistics, runtime.clock
        self._config = config = seat.config
        self._wire, self._breaker = wire, breaker
        self.link = Link(
            base_s=config.reconnect_base_s, cap_s=config.reconnect_cap_s, clock=runtime.clock, jitter=runtime.jitter
        )
        self.control = ControlSlot(self._begin, runtime.clock)
        self.session = Session()
        self.listing = Listing(
            config=config, catalogue=seat.catalogue, control=self.control, clock=runtime.clock, on_end=self._listed
        )
        self.opening = Opening(
            config=config,
            capabilities=seat.inputs.capabilities,
            control=self.control,
            belief=seat.belief,
            on_end=self._opened,
        )
        self.replies = Replies()
        self._permit: Permit | None = None  # The breaker's door, held by the probe that is to open it.
        self._tried_in: int | None = None
        self._doubted = False  # Whether the server is of its era still; a ping is under way to tell.

    # -- asked for ------------------------------------------------------------------------------------------------

    def connect(self, reply: Future[bool] | None, *, anew: bool = False) -> None:
        """Connect, now, unless there is a connection; `anew`: in place of the one there is."""
        if reply is not None:
            self.replies.await_coming(reply, patience=self._config.max_retries + 1)
        if self.link.state is State.THROTTLED or (anew and self.link.state is State.READY):
            self._lose(MCPConnectionError("reconnecting, as asked"), Event.LOST)
        if self.link.state in (State.READY, State.CONNECTING):
            self._answer_wanted()
        else:
            self._ask()

    def disconnect(self, reply: Future[bool], *, orderly: bool = True) -> None:
        """Have no connection; `reply` comes when nothing is left of those there were."""
        self.replies.await_going(reply)
        if self.link.state is not State.DISCONNECTED:
            self._lose(MCPConnectionError("disconnected by the caller"), Event.CLOSED, orderly=orderly)
        self._go_on()

    def use(self) -> None:
        """Connect because a call was refused, if this is a crash loop: once in an open period."""
        in_crash_loop = self._breaker.state is BreakerState.OPEN and self.link.failed_connects >= CRASH_LOOP_AFTER
        if in_crash_loop and self.link.state is State.RECONNECTING and self._tried_in != self._breaker.epoch:
            self._tried_in = self._breaker.epoch
            self._ask()

    def ping(self, on_end: Callable[[bool], None]) -> None:
        """Ask the server on its connection if it is alive, twice before it counts as not; False without one."""
        if self.link.state is not State.READY:
            on_end(False)  # noqa: FBT003 -- the one thing a ping says
            return

        def ended(outcome: Any) -> None:  # noqa: ANN401 -- a conversation's end
            alive = conversations.is_alive(outcome)
            if alive:
                self.link.proved()
            on_end(alive)
            if era.is_of_another_era(outcome, self.session):
                outcome = SessionLostError("the server was replaced by one that speaks another protocol era")
            self.troubled(outcome)

        conversation = conversations.ping(modern=self.session.is_modern)
        self.control.run(Errand(conversation=conversation, limit_s=self._config.connect_timeout_s, on_end=ended))

    def request(self, call: Call, exchange: int, inputs: Mapping[str, Any], *, replay_safe: bool) -> Request:
        """Return the request that makes one attempt of `call` on the current connection. `inputs`: see `Rounds`."""
        request = Request(
            id=exchange,
            method=call.method,
            params=self.session.enclose(carried(progress.asked_for(call, exchange), inputs)),
            replay_safe=replay_safe,
        )
        headers = self.listing.headers(request, call.tool)
        return replace(request, headers=headers) if headers else request

    def cancel(self, exchange: int) -> None:
        """Tell the server that nobody waits for this request any more, where a hang-up does not say so."""
        if not self.session.cancels_by_hanging_up:
            self.tell(conversations.cancelled(exchange, "nobody waits for it any more"))

    def tell(self, message: Request | Reply) -> None:
        """Send what nobody waits for on the current connection, beside the errands."""
        self.control.send(Aside(message=message, limit_s=self._config.connect_timeout_s, on_end=self.troubled))

    # -- told by the wire -----------------------------------------------------------------------------------------

    def troubled(self, outcome: Any) -> None:  # noqa: ANN401 -- any outcome; only two kinds matter
        """Mend the link if `outcome`, of the current connection, says that it is broken."""
        if self.link.state is not State.READY:
            return
        if isinstance(outcome, SessionLostError):
            self._lose(outcome, Event.LOST)
        elif era.casts_doubt(outcome, self.session):
            self._doubt()
        elif isinstance(outcome, ServerUnavailableError) and outcome.state in REFUSED:
            self._refused(outcome)

    def lost(self, error: MCPOrchestratorError) -> None:
        """Take note that the current connection ended by itself. While connecting, the handshake says so."""
        if self.link.state in (State.READY, State.THROTTLED):
            self._owner.on_lost()
            self._lose(error, Event.LOST)

    def released(self, number: int) -> None:
        """Take note that nothing of this connection is left."""
        self._wire.released(number)
        self._go_on()

    def predecessor_gone(self) -> None:
        """Take note that nothing of the actor's predecessor is left; until then a new one may not connect."""
        self._wire.held = False
        self._go_on()
        if self.link.state is State.RECONNECTING and self._breaker.state is not BreakerState.OPEN:
            self._ask()

    # -- time -----------------------------------------------------------------------------------------------------

    def next_due(self) -> float:
        """When `tick` has something to do."""
        own = self.link.next_due() if self._breaker.state is not BreakerState.OPEN else float("inf")
        return min(own, self.control.next_due(), self.listing.next_due())

    def tick(self, *, half_opened: bool) -> None:
        """Let time pass. `half_opened`: the breaker has just become half-open, and wants a probe."""
        self.control.tick()
        if self.link.state is State.READY:
            self.listing.tick()
        if half_opened:
            self._probe()
        elif self._breaker.state is not BreakerState.OPEN and self.link.next_due() <= self._clock():
            if self._wire.is_open:
                self.link.fire(Event.OPENED)
            else:
                self._ask()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        is_repeat = self.link.state is State.RECONNECTING and self.link.failed_connects > 0
        self.link.fire(Event.ASKED, self.link.reason if is_repeat else "connecting")  # What went wrong stays in sight.
        self._go_on()

    def _go_on(self) -> None:
        # Only children have state to share: what is left of an HTTP connection may finish its calls meanwhile.
        is_free = not self._wire.held and (self._config.url is not None or not self._wire.left)
        if self.link.state is State.CONNECTING and not self._wire.is_open and is_free:
            self._wire.open(self.opening.config())
            self.opening.begin()
        if not self._wire.left:
            self.replies.gone(yes=True)

    def _opened(self, end: OpeningEnd) -> None:
        if self.link.state is not State.CONNECTING:
            return  # Ended by a disconnect.
        if isinstance(end, Anew):
            self._end_connection(MCPConnectionError("opened anew"), orderly=False)
            self._go_on()
            return
        if isinstance(end, MCPOrchestratorError):
            self._connect_failed(conversations.as_connect_failure(end))
            return
        self.link.fire(Event.OPENED)
        self.session = end
        self._statistics.connects += 1
        self._return_permit(Verdict.IGNORED)
        self._breaker.cool()
        if self._config.log_level is not None and not end.is_modern and end.offers("logging"):
            self.tell(conversations.log_level(self._config.log_level))
        self.listing.begin(end)

    def _listed(self, outcome: Outcome) -> None:
        self.troubled(outcome)
        if self.link.state is State.READY:
            self._answer_wanted()
            self._owner.on_listed()

    def _doubt(self) -> None:
        """See by a ping whether the server is still of the era that was agreed on: there is no session to be lost."""
        if not self._doubted:
            self._doubted = True
            self.ping(self._judged)

    def _judged(self, _alive: bool) -> None:  # noqa: FBT001 -- as a ping says it
        self._doubted = False

    def _connect_failed(self, error: MCPOrchestratorError) -> None:
        if isinstance(error, ServerUnavailableError) and error.state in REFUSED:
            self._return_permit(Verdict.IGNORED)
            self._refused(error)
            return
        self.link.fire(Event.FAILED, error.message)
        self._end_connection(error, orderly=False)
        error.retry_after_s = self.link.retry_after_s()
        self._owner.on_connect_failed(error)
        if self._permit is not None:
            self._return_permit(Verdict.FAILURE)
        else:
            self._breaker.observe_failure()  # One, however many calls waited for it, and if none did.
        self.replies.failed()
        if self._breaker.state is BreakerState.OPEN:
            self.replies.came(yes=False)  # The next connect is the breaker's, and may be long in coming.

    def _refused(self, error: ServerUnavailableError) -> None:
        event, keep = REFUSED[error.state]
        keep = keep and self.link.state is State.READY
        wait_s = _THROTTLED_S if error.retry_after_s is None else error.retry_after_s  # 0: at once.
        self.link.fire(event, error.reason, retry_after_s=wait_s)
        if not keep:
            self._end_connection(error, orderly=False)
        self._answer_wanted()
        self._owner.on_refused(error)

    def _lose(self, error: MCPOrchestratorError, event: Event, *, orderly: bool = False) -> None:
        self.link.fire(event, error.message)
        self._return_permit(Verdict.IGNORED)
        # Whose session is lost may still get its answers, at least the one that says so.
        self._end_connection(error, orderly=orderly or isinstance(error, SessionLostError))
        if event is Event.CLOSED:
            self._answer_wanted()
            self._owner.on_refused(error)

    def _end_connection(self, error: MCPOrchestratorError, *, orderly: bool) -> None:
        self.listing.end()
        self._wire.end(orderly=orderly)
        self.control.clear(error)

    def _probe(self) -> None:
        permit = self._breaker.admit(self._clock() + self._config.handshake_timeout_s)
        if permit is None:
            return  # Forced, or somebody was quicker.
        if self.link.state is State.READY:
            self.ping(lambda alive: self._breaker.record(permit, Verdict.IGNORED if alive else Verdict.FAILURE))
        elif self.link.state in WAITING:
            self._permit = permit
            if self.link.state is State.RECONNECTING:
                self._ask()
        else:
            self._breaker.record(permit, Verdict.IGNORED)

    def _return_permit(self, verdict: Verdict) -> None:
        permit, self._permit = self._permit, None
        if permit is not None:
            self._breaker.record(permit, verdict)

    def _begin(self, message: Request | Reply, deadline: float, ticket: SendTicket) -> tuple[int, Handle]:
        exchange = self._wire.next_exchange()
        if isinstance(message, Request):
            message = replace(message, id=exchange)
            if self.link.state is State.READY and not message.is_notification:  # Before, the opening says it all.
                message = replace(message, params=self.session.enclose(message.params))
        return exchange, self._wire.begin(message, exchange, deadline, ticket)

    def _answer_wanted(self) -> None:
        is_ready = self.link.state is State.READY
        if is_ready and (self.listing.fresh or not self.listing.under_way):
            self.replies.came(yes=True)
        elif not is_ready and self.link.state not in WAITING:
            self.replies.came(yes=False)
