"""The life of one server's connection: connect, handshake, catalogue, pings, loss, end. On its actor's thread."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from actors.breaker import Breaker, Permit, Verdict
from actors.breaker import State as BreakerState
from actors.call import Outcome
from actors.channel import Channel
from actors.errors import MCPConnectionError, MCPOrchestratorError, ServerUnavailableError, SessionLostError
from actors.link import REFUSED, WAITING, Event, Link, State
from actors.listening import Listening
from actors.listing import Listing
from actors.mcp import conversations, era
from actors.mcp.session import Session
from actors.opening import Anew, Opening
from actors.opening import End as OpeningEnd
from actors.replies import Replies
from actors.runtime import Runtime
from actors.seat import Seat
from actors.status import CRASH_LOOP_AFTER
from actors.wire import Wire

_FORBIDDEN = 403  # To this one request; the credentials are good for others, or initialize had been refused.
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
        self._owner, self._statistics, self._clock, config = owner, seat.statistics, runtime.clock, seat.config
        self._wire, self._breaker, self._config = wire, breaker, seat.config
        self.link = Link(
            base_s=config.reconnect_base_s, cap_s=config.reconnect_cap_s, clock=runtime.clock, jitter=runtime.jitter
        )
        self.channel = Channel(config=config, wire=wire, clock=runtime.clock, on_trouble=self.troubled)
        self.control = self.channel.control
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
        self.listening = Listening(
            config=config,
            channel=self.channel,
            runtime=runtime,
            subscribed=seat.subscribed,
            on_gap=self.listing.missed,
            on_trouble=self.troubled,
        )
        self.replies = Replies()
        self._permit: Permit | None = None  # The breaker's door, held by the probe that is to open it.
        self._tried_in: int | None = None

    @property
    def session(self) -> Session:
        """What the last connection speaks, or spoke."""
        return self.channel.session

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
        self.replies.await_going(reply, self._wire.newest)
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

        self.channel.ping(partial(self._pinged, on_end))

    def owns(self, exchange: int) -> bool:
        """Say whether this exchange is no call's."""
        return self.control.owns(exchange) or self.listening.owns(exchange)

    # -- told by the wire -----------------------------------------------------------------------------------------

    def finish(self, exchange: int, outcome: Outcome) -> None:
        """Take the end of an exchange that is no call's."""
        taker = self.control if self.control.owns(exchange) else self.listening
        taker.finish(exchange, self.channel.read(outcome))

    def troubled(self, outcome: Any) -> None:  # noqa: ANN401 -- any outcome; only two kinds matter
        """Mend the link if `outcome`, of the current connection, says that it is broken."""
        if self.link.state is not State.READY:
            return
        if isinstance(outcome, SessionLostError):
            self._lose(outcome, Event.LOST)
        elif era.casts_doubt(outcome, self.session):
            self.channel.doubt()
        elif isinstance(outcome, ServerUnavailableError) and outcome.state in REFUSED and outcome.status != _FORBIDDEN:
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
        due = min(own, self.control.next_due())
        if self.link.state is State.READY:  # Else it would be due in vain, again and again.
            due = min(due, self.listing.next_due(), self.listening.next_due())
        return due

    def tick(self, *, half_opened: bool) -> None:
        """Let time pass. `half_opened`: the breaker has just become half-open, and wants a probe."""
        self.control.tick()
        if self.link.state is State.READY:
            self.listing.tick()
            self.listening.tick()
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
        self.replies.gone(yes=True, before=self._wire.oldest_left)

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
        self.channel.session, self.channel.open = end, True
        self._statistics.connects += 1
        self._return_permit(Verdict.IGNORED)
        self._breaker.cool()
        if self._config.log_level is not None and not end.is_modern and end.offers("logging"):
            self.channel.tell(conversations.log_level(self._config.log_level))
        self.listing.begin(end)
        self.listening.begin(end)

    def _listed(self, outcome: Outcome) -> None:
        self.troubled(outcome)
        if self.link.state is State.READY:
            self._answer_wanted()
            self._owner.on_listed()

    def _pinged(self, on_end: Callable[[bool], None], alive: bool) -> None:  # noqa: FBT001 -- as a ping says it
        if alive:
            self.link.proved()
        on_end(alive)

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
        self.channel.open = False
        self.listing.end()
        self.listening.end()
        self._wire.end(orderly=orderly)
        self.control.clear(error)

    def _probe(self) -> None:
        permit = self._breaker.admit(self._clock() + self._config.probe_timeout_s + self._config.handshake_timeout_s)
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

    def _answer_wanted(self) -> None:
        is_ready = self.link.state is State.READY
        if is_ready and (self.listing.fresh or not self.listing.under_way):
            self.replies.came(yes=True)
        elif not is_ready and self.link.state not in WAITING:
            self.replies.came(yes=False)
