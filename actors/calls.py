"""The calls of one server: admitted, begun, ended, repeated. On its actor's thread; the wire does the rest."""

from dataclasses import dataclass
from typing import Any

from actors import retry
from actors.admission import Admission, Work
from actors.breaker import Verdict
from actors.breakers import Breakers
from actors.call import Call, Outcome, RequestId
from actors.catalogue import repeatable
from actors.errors import (
    CallCancelledError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OverloadedError,
    ServerUnavailableError,
    Unavailable,
)
from actors.ledger import Ledger, epitaph
from actors.lifecycle import Lifecycle
from actors.link import State
from actors.mcp import conversations
from actors.messages import Finished
from actors.results import CallMetadata, shaped
from actors.runtime import Runtime
from actors.seat import Seat
from actors.timers import Timers
from actors.transport import Handle, Request
from actors.wire import Wire

_NO_CONNECT_HELPS: dict[State, Unavailable] = {
    State.THROTTLED: "throttled",
    State.AUTH_REQUIRED: "auth_required",
    State.CONFIG: "config",
}


@dataclass(slots=True)
class Exchange:
    """One slot in use. The slot is free again when the transport reports, not before: not by an abort."""

    work: Work
    handle: Handle
    timed_out: bool = False


class Calls:
    """Every call of one server from its acceptance to its one outcome.

    * At most `max_concurrent` exchanges are under way, at most `max_waiting` calls wait for one.
    * A waiting call has not been sent, or its last attempt has ended: it holds no slot.
    * One record in the breaker per call, when it ends; attempts are not calls.
    """

    def __init__(self, *, seat: Seat, runtime: Runtime, ledger: Ledger, wire: Wire, breakers: Breakers) -> None:
        self._seat, self._runtime, self._ledger, self._wire, self._breakers = seat, runtime, ledger, wire, breakers
        self._config, self._clock = seat.config, runtime.clock
        self.life = Lifecycle(owner=self, seat=seat, runtime=runtime, wire=wire, breaker=breakers.server)
        self.admission = Admission(seat.config)
        self.draining = False
        self.last_failure_at: float | None = None
        self.last_failure = ""
        self.last_answer_at: float | None = None
        self._works: dict[RequestId, Work] = {}
        self._exchanges: dict[int, Exchange] = {}
        self._attempts = Timers[int]()
        self._pinging = False

    # -- in -------------------------------------------------------------------------------------------------------

    def perform(self, call: Call) -> None:
        """Owe this call an outcome, and see to it."""
        self._ledger.accept(call)
        self._seat.statistics.calls += 1
        work = self._works[call.request_id] = Work(call=call, tool=call.tool)
        if (refusal := self._refusal(work)) is not None:
            self._end(work, refusal)
            self.life.use()
        elif len(self.admission) >= self._config.max_waiting:
            self._end(work, OverloadedError(f"{self._config.max_waiting} calls wait already (max_waiting)"))
        else:
            self.admission.enter(work)

    def dispatch(self) -> None:
        """Begin or refuse waiting calls, until the others have nothing to do but wait. After every message."""
        while self.life.link.state is State.READY and (work := self.admission.next()) is not None:
            if work.call.deadline <= self._clock():  # The Tick is behind it in a long mailbox.
                self._give_up(work, MCPTimeoutError)
            elif work.permit is None and (refusal := self._refusal(work)) is not None:
                self._end(work, refusal)
            elif self._is_listed(work):
                self._begin(work)
        if len(self.admission) and (refusal := self._breakers.refusal(None)) is not None:
            for work in self.admission.waiting():
                if work.permit is None or self._breakers.is_open(None):
                    self._end(work, work.error or refusal)

    def cancel(self, request_id: RequestId) -> None:
        """End this call, if it is still owed: its caller has given it up."""
        if (work := self._works.get(request_id)) is not None:
            self._give_up(work, CallCancelledError)

    def finished(self, message: Finished) -> None:
        """Take the report of an exchange."""
        exchange = self._exchanges.pop(message.exchange)  # KeyError: a transport that reports twice.
        self._attempts.drop(message.exchange)
        work = exchange.work
        self.admission.finished(work)
        if work.exchange == message.exchange and work.call.request_id in self._works:
            work.exchange = None
            self._attempt_ended(work, message, timed_out=exchange.timed_out)

    def take_last(self, message: Finished) -> None:
        """Take a report in that nobody has read, at the actor's end: an answer is an answer."""
        exchange = self._exchanges.get(message.exchange)
        if message.generation != self._seat.generation or exchange is None:
            return
        work, outcome = exchange.work, message.outcome
        if work.exchange == message.exchange and isinstance(outcome, MCPOrchestratorError):
            self._ledger.pay(work.call, retry.final(outcome, work.worst))
        elif work.exchange == message.exchange and not isinstance(outcome, MCPOrchestratorError):
            self._ledger.pay(work.call, shaped(work.call, outcome, self._metadata(work, self._clock())))

    def progress(self, params: Any) -> None:  # noqa: ANN401 -- a notification's params, as sent
        """Pass a progress notification on to the caller who asked for it."""
        token, done, total, text = (params.get(key) for key in ("progressToken", "progress", "total", "message"))
        exchange = self._exchanges.get(token) if isinstance(token, int) else None
        if exchange is not None and exchange.work.call.on_progress is not None and isinstance(done, int | float):
            on_progress = exchange.work.call.on_progress
            known = total if isinstance(total, int | float) else None
            self._runtime.run_later(lambda: on_progress(done, known, text if isinstance(text, str) else None))

    # -- time -----------------------------------------------------------------------------------------------------

    def next_due(self) -> float:
        """When `tick` has something to do."""
        return min(self._ledger.next_due(), self.admission.next_due(), self._attempts.next_due())

    def tick(self, now: float) -> None:
        """End what is overdue, wake what has rested."""
        for call in self._ledger.overdue(now):
            self._give_up(self._works[call.request_id], MCPTimeoutError)
        for number in self._attempts.take_due(now):
            exchange = self._exchanges[number]
            exchange.timed_out = True
            self._break_off(exchange.work)
        self.admission.tick(now)

    def end_all(self, why: str, state: Unavailable) -> None:
        """End every call now, by its ticket."""
        for work in list(self._works.values()):
            self._break_off(work)
            self._end(work, epitaph(work.call, why, state))

    # -- told by the connection's life ----------------------------------------------------------------------------

    def on_listed(self) -> None:
        """See Owner."""
        self.admission.listed()

    def on_connect_failed(self, error: MCPOrchestratorError) -> bool:
        """See Owner. A failed connect is one attempt of every call that waits for it."""
        waiting = self.admission.waiting()
        for work in waiting:
            work.attempts += 1
            if work.ended(error).attempts > self._config.max_retries:
                self._end(work, error)
                self._breakers.server.observe_failure()
        return bool(waiting)

    def on_refused(self, error: MCPOrchestratorError) -> None:
        """See Owner."""
        for work in self.admission.waiting():
            self._end(work, error)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _refusal(self, work: Work) -> MCPOrchestratorError | None:
        link = self.life.link
        if self.draining:
            return ServerUnavailableError("shutting down", state="draining")
        if link.state is State.DISCONNECTED:
            return MCPConnectionError(f"not connected: {link.reason}")
        if link.state in _NO_CONNECT_HELPS:
            state = _NO_CONNECT_HELPS[link.state]
            return ServerUnavailableError(link.reason, state=state, retry_after_s=link.retry_after_s())
        return self._breakers.refusal(work.tool)

    def _is_listed(self, work: Work) -> bool:
        """Say if `work` may begin; if not, it waits for one fresh list, or the list has told that it never may."""
        life = self.life
        if work.tool is None or (life.fresh and work.tool in life.catalogue.tools):
            return True
        if work.listed and not life.listing:
            if life.fresh:
                self._end(work, MCPToolError(f"no tool named {work.tool!r}", executed="no", code=-32602))
            return not life.fresh  # No list is to be had: let the server decide.
        work.listed = True
        self.admission.await_list(work)
        life.refresh()
        return False

    def _begin(self, work: Work) -> None:
        call, number = work.call, self._wire.next_exchange()
        self._breakers.admit(work)
        self.admission.began(work)
        work.attempts += 1
        work.exchange = number
        if work.started_at is None:
            work.started_at = self._clock()
        request = Request(
            id=number, method=call.method, params=_params(call, number), replay_safe=self._replay_safe(work)
        )
        handle = self._wire.begin(request, number, call.deadline, call.ticket)
        self._exchanges[number] = Exchange(work, handle)
        if self._config.attempt_timeout_s is not None:
            self._attempts.set(number, self._clock() + self._config.attempt_timeout_s)

    def _replay_safe(self, work: Work) -> bool:
        fresh = self.life.catalogue if self.life.fresh else None
        return repeatable(self._config, work.call.method, work.tool, fresh).yes

    def _attempt_ended(self, work: Work, message: Finished, *, timed_out: bool) -> None:
        outcome = message.outcome
        if not isinstance(outcome, MCPOrchestratorError):
            self.life.link.proved()
            self._end(work, outcome)
            return
        if timed_out:
            limit_s = self._config.attempt_timeout_s
            outcome = MCPTimeoutError(f"no answer within {limit_s} s (attempt_timeout_s)", executed=outcome.executed)
        replay_safe = self._replay_safe(work)  # As listed on the connection it went out on, perhaps lost by now.
        history = work.ended(outcome)
        if message.connection == self._wire.current:
            self.life.troubled(outcome)
        if not history.repaired and retry.is_repairable(outcome):
            work.repaired = True
            self._again(work, outcome.retry_after_s or 0.0)
        elif retry.may_repeat(outcome, history, replay_safe=replay_safe, max_retries=self._config.max_retries):
            self._again(work, retry.delay_s(outcome, history, self._config, self._runtime.jitter()))
        else:
            self._end(work, outcome)

    def _again(self, work: Work, delay_s: float) -> None:
        assert work.error is not None  # noqa: S101 -- the error of the attempt that has just ended
        until = self._clock() + delay_s
        hopeless = self.draining or until >= work.call.deadline or self._breakers.is_open(work.tool)
        if hopeless or (ticket := work.call.ticket.renew(work.error.executed)) is None:
            self._end(work, work.error)
            return
        work.call.ticket = ticket
        self._seat.statistics.retries += 1
        self.admission.rest(work, until)
        self.admission.tick(self._clock())

    def _give_up(self, work: Work, error: type[MCPTimeoutError | CallCancelledError]) -> None:
        executed = work.call.withdraw()
        self._break_off(work)
        if error is MCPTimeoutError and work.call.ticket.is_claimed and self._breakers.timed_out(work):
            self._ask_whether_alive()
        limit_s = work.call.deadline - work.call.submitted_at
        what = f"no answer within {limit_s:.3g} s" if error is MCPTimeoutError else "cancelled"
        where = "under way" if work.exchange is not None else "waiting"
        self._end(work, error(f"{what}; it was {where} after {work.attempts} attempts", executed=executed))

    def _break_off(self, work: Work) -> None:
        exchange = self._exchanges.get(work.exchange) if work.exchange is not None else None
        if exchange is not None and work.exchange is not None:
            if work.call.ticket.is_claimed:  # Source: MCP 2025-11-25, cancellation: a hang-up is no cancel.
                self.life.tell(conversations.cancelled(work.exchange, "nobody waits for it any more"))
            exchange.handle.abort()

    def _ask_whether_alive(self) -> None:
        def judge(alive: bool) -> None:  # noqa: FBT001 -- the one thing a ping says
            self._pinging = False
            self._breakers.judge(alive=alive)

        if not self._pinging:
            self._pinging = True
            self.life.ping(judge)

    def _end(self, work: Work, outcome: Outcome) -> None:
        call = work.call
        self._works.pop(call.request_id)
        self.admission.leave(work)
        verdict, statistics, now = retry.verdict(outcome), self._seat.statistics, self._clock()
        if isinstance(outcome, MCPOrchestratorError):
            settled: object = retry.final(outcome, work.worst)
        else:
            settled = shaped(call, outcome, self._metadata(work, now))
            self.last_answer_at = now
        if not self._ledger.pay(call, settled):
            verdict = Verdict.IGNORED  # Somebody else has: his reason is no news of the server.
        elif isinstance(settled, MCPOrchestratorError):
            statistics.failed += 1
            statistics.tool_errors += isinstance(settled, MCPToolError)
            self._seat.report(call, settled, work.attempts)
        else:
            statistics.succeeded += 1
            statistics.answered(now - call.submitted_at)
        if verdict is Verdict.FAILURE:
            self.last_failure_at, self.last_failure = now, str(outcome)
        self._breakers.record(work, verdict)

    def _metadata(self, work: Work, now: float) -> CallMetadata:
        call = work.call
        return CallMetadata(
            server=call.server,
            tool=work.tool,
            request_id=call.request_id,
            attempts=work.attempts,
            queued_s=(work.started_at or now) - call.submitted_at,
            duration_s=now - call.submitted_at,
            protocol=self.life.session.protocol,
        )


def _params(call: Call, number: int) -> Any:  # noqa: ANN401 -- JSON
    """Return the params to send: the caller's, with a progress token if he wants progress."""
    if call.on_progress is None:
        return call.params
    return {**call.params, "_meta": {**call.params.get("_meta", {}), "progressToken": number}}
