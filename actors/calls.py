"""The calls of one server: admitted, begun, ended, repeated. On its actor's thread; the wire does the rest."""

from collections.abc import Callable

from actors import retry
from actors.admission import Admission, Exchange, Work
from actors.attempts import Attempts
from actors.breaker import Verdict
from actors.breakers import Breakers, Suspicions
from actors.call import Call, Outcome, RequestId, ToolName
from actors.errors import (
    CallCancelledError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OverloadedError,
    ServerUnavailableError,
    Unavailable,
)
from actors.ledger import Ledger, epitaph
from actors.lifecycle import Lifecycle
from actors.link import NO_CONNECT_HELPS, WAITING, State
from actors.meanwhile import Meanwhile
from actors.messages import Finished
from actors.outcomes import Outcomes
from actors.progress import Progress
from actors.questions import Questions
from actors.refusals import Refusals
from actors.rounds import InputRequired, Rounds, read
from actors.runtime import Runtime
from actors.seat import Seat
from actors.wire import Wire

_MAY_SERVE_AGAIN = WAITING | {State.READY, State.THROTTLED}


class Calls:
    """Every call of one server from its acceptance to its one outcome.

    * At most `max_concurrent` exchanges are under way, at most `max_waiting` calls wait for one.
    * A waiting call has not been sent, or its last attempt has ended: it holds no slot.
    * One record in the breaker per call, when it ends; attempts are not calls.
    """

    def __init__(  # noqa: PLR0913 -- all that one server has
        self, *, seat: Seat, runtime: Runtime, ledger: Ledger, wire: Wire, breakers: Breakers, questions: Questions
    ) -> None:
        self._seat, self._runtime, self._ledger, self._wire, self._breakers = seat, runtime, ledger, wire, breakers
        self._config, self._clock = seat.config, runtime.clock
        self.life = Lifecycle(owner=self, seat=seat, runtime=runtime, wire=wire, breaker=breakers.server)
        self.admission, self._refusals = Admission(seat.config), Refusals(self.life.link, breakers)
        self.outcomes = Outcomes(seat=seat, ledger=ledger, clock=runtime.clock)
        self._rounds = Rounds(inputs=seat.inputs, questions=questions, go_on=self._go_on, end=self._end)
        self.draining = False
        self._works, self._exchanges = dict[RequestId, Work](), dict[int, Exchange]()
        self._attempts = Attempts(seat.config.attempt_timeout_s, runtime.clock)
        progress = Progress(runtime.run_later, seat.statistics)
        self.meanwhile = Meanwhile(self._exchanges, self._attempts, progress)
        self._suspicions = Suspicions(breakers.server, self._ping)

    # -- in -------------------------------------------------------------------------------------------------------

    def perform(self, call: Call) -> None:
        """Owe this call an outcome, and see to it."""
        self._ledger.accept(call)
        self._seat.statistics.calls += 1
        work = self._works[call.request_id] = Work(call=call, tool=call.tool)
        if self.draining:
            self._refuse(work, ServerUnavailableError("shutting down", state="draining"))
        elif self._is_refused(work):
            pass
        elif (known := self.life.listing.known(call)) is not None:
            self._end(work, known, Verdict.IGNORED)
        elif len(self.admission) >= self._config.max_waiting:
            self._refuse(work, OverloadedError(f"{self._config.max_waiting} calls wait already (max_waiting)"))
        else:
            self.admission.enter(work)

    def dispatch(self) -> None:
        """Begin or refuse waiting calls, until the others have nothing to do but wait. After every message."""
        while self.life.link.state is State.READY and (work := self.admission.next()) is not None:
            if work.call.deadline <= self._clock():  # The Tick is behind it in a long mailbox.
                self._give_up(work, MCPTimeoutError)
            elif (self._breakers.permits(work) or not self._is_refused(work)) and self._is_listed(work):
                self._begin(work)
        if len(self.admission) and (refusal := self._refusals.of_breakers(None)) is not None:
            for work in self.admission.waiting():
                if not self._breakers.permits(work) or self._breakers.is_open(None):
                    self._refuse(work, refusal)

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
        if work.call.request_id in self._works:
            work.exchange = None
            outcome = self._read(exchange, message.outcome)
            if isinstance(outcome, InputRequired):
                self._rounds.begin(work, outcome)
            else:
                self._attempt_ended(work, exchange, outcome)

    def take_last(self, message: Finished) -> None:
        """Take a report in that nobody has read, at the actor's end: an answer is an answer."""
        exchange = self._exchanges.get(message.exchange)
        if message.generation == self._seat.generation and exchange is not None:
            outcome = self._read(exchange, message.outcome)
            if not isinstance(outcome, InputRequired):  # Else there is no answer yet, and will be none.
                self.outcomes.give_last(exchange.work, outcome, self.life.session.protocol)

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
        """End every call now, by its ticket. It says nothing about the server."""
        for work in list(self._works.values()):
            self._break_off(work)
            self._end(work, epitaph(work.call, why, state), Verdict.IGNORED)

    # -- told by the connection's life ----------------------------------------------------------------------------

    def on_listed(self) -> None:
        """See Owner."""
        self.admission.listed()

    def on_lost(self) -> None:
        """See Owner. One failure, however many calls it took with it; an idle connection may end."""
        if self.admission.in_flight:
            self._breakers.server.observe_failure()

    def on_connect_failed(self, error: MCPOrchestratorError) -> None:
        """See Owner. A failed connect is one attempt of every call that waits for it."""
        for work in self.admission.waiting():
            work.attempts += 1
            if work.ended(error).attempts > self._config.max_retries or self._refusals.comes_too_late(work):
                self._end(work, error, Verdict.IGNORED)

    def on_refused(self, error: MCPOrchestratorError) -> None:
        """See Owner."""
        for work in self.admission.waiting():
            self._end(work, error, Verdict.IGNORED)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _is_listed(self, work: Work) -> bool:
        """Say if `work` may begin; if not, it waits for one fresh list, or the list has told that it never may."""
        life = self.life
        if work.tool is None or life.listing.offers(work.tool):
            return True
        if work.listed and not life.listing.under_way:
            if life.listing.failed:
                return True  # No list is to be had: let the server decide.
            self._end(work, MCPToolError(f"no tool named {work.tool!r}", executed="no", code=-32602), Verdict.IGNORED)
            return False
        work.listed = True
        self.admission.await_list(work)
        life.listing.refresh()
        return False

    def _begin(self, work: Work) -> None:
        call, number = work.call, self._wire.next_exchange()
        if not self._breakers.permits(work):
            self._breakers.admit(work)
        self.admission.began(work)
        work.began(number, self._clock())
        life, safe = self.life, self.life.listing.lets_repeat(call)
        request = life.channel.request(call, number, work.inputs, replay_safe=safe)
        request = life.listing.with_headers(request, work.tool)
        handle = self._wire.begin(request, number, call.deadline, call.ticket)
        self._exchanges[number] = Exchange(
            work=work, connection=self._wire.current, session=life.session, handle=handle, replay_safe=safe
        )
        self._attempts.began(number)

    def _attempt_ended(self, work: Work, exchange: Exchange, outcome: Outcome) -> None:
        is_current = exchange.connection == self._wire.current
        if is_current and retry.verdict(outcome) is Verdict.SUCCESS:
            self.life.link.proved()
        if not isinstance(outcome, MCPOrchestratorError):
            self._end(work, outcome)
            return
        if exchange.timed_out:
            outcome = self._attempts.error(outcome.executed)
        history = work.ended(outcome)
        if is_current:
            self.life.troubled(outcome)
            self.life.listing.refused(outcome)
        if not history.repaired and retry.is_repairable(outcome):
            work.repaired = True
            self._again(work, outcome, outcome.retry_after_s or 0.0)
        elif retry.may_repeat(outcome, history, replay_safe=exchange.replay_safe, max_retries=self._config.max_retries):
            self._again(work, outcome, retry.delay_s(outcome, history, self._config, self._runtime.jitter()))
        else:
            # What a lost connection took with it was counted when it was lost.
            self._end(work, outcome, None if is_current else Verdict.IGNORED)

    def _read(self, exchange: Exchange, outcome: Outcome) -> Outcome | InputRequired:
        work, said = exchange.work, read(exchange.session, exchange.work.call.method, outcome)
        if isinstance(said, InputRequired):
            return said if work.call.caller is None else said.raw  # Whoever he is, only he can answer.
        if exchange.connection != self._wire.current:
            return said  # What is listed now is another connection's.
        return self.life.listing.taken(work.call, work.inputs, said, work.started_at)

    def _go_on(self, work: Work) -> None:
        """Send a call again, whose server has the input by now that it asked for."""
        if not self._is_refused(work):
            self.admission.enter_first([work])

    def _again(self, work: Work, error: MCPOrchestratorError, delay_s: float) -> None:
        link, until = self.life.link, self._clock() + delay_s
        if link.state is State.THROTTLED:
            until = max(until, link.next_due())
        opened = self._breakers.is_open(work.tool) or not self._breakers.permits(work)
        hopeless = self.draining or opened or until >= work.call.deadline or link.state not in _MAY_SERVE_AGAIN
        if hopeless or (ticket := work.call.ticket.renew(error.executed)) is None:
            self._end(work, error)
            return
        work.call.ticket = ticket
        self._seat.statistics.retries += 1
        self.admission.rest(work, until)
        self.admission.tick(self._clock())

    def _give_up(self, work: Work, error: type[MCPTimeoutError | CallCancelledError]) -> None:
        call, executed = work.call, work.call.withdraw()
        self._break_off(work)
        late = f"no answer within {call.deadline - call.submitted_at:.3g} s"
        what = late if error is MCPTimeoutError else "cancelled"
        self._end(work, error(f"{what}; it was {work.where}; attempts: {work.attempts}", executed=executed))

    def _break_off(self, work: Work) -> None:
        if work.exchange is None:
            return
        exchange = self._exchanges[work.exchange]
        self._attempts.drop(work.exchange)
        if work.call.ticket.is_claimed and exchange.connection == self._wire.current:
            self.life.channel.cancel(work.exchange)
        exchange.handle.abort()

    def _is_refused(self, work: Work) -> bool:
        if (refusal := self._refusals.of(work)) is not None:
            self._refuse(work, refusal)
            self.life.use()
        return refusal is not None

    def _refuse(self, work: Work, error: MCPOrchestratorError) -> None:
        """End a call for a reason that is no news of the server; one that was tried says why that failed."""
        self._end(work, work.error or error, Verdict.IGNORED)

    def _end(self, work: Work, outcome: Outcome, verdict: Verdict | None = None) -> None:
        self._works.pop(work.call.request_id)
        self._rounds.forget(work)
        self.admission.leave(work)
        said = retry.verdict(outcome) if verdict is None else verdict
        timed_out = isinstance(outcome, MCPTimeoutError) and work.call.ticket.is_claimed
        verdict = self.outcomes.give(work, outcome, said, self.life.session.protocol)
        if timed_out:
            permit = self._breakers.timed_out(work)
            self._refuse_waiting_for(work.tool)
            self._suspicions.add(permit)
        else:
            self._breakers.record(work, verdict)

    def _ping(self, judge: Callable[[bool], None]) -> None:
        if self.draining or self.life.link.state in NO_CONNECT_HELPS:
            judge(True)  # noqa: FBT003 -- nobody will ask any more; or it answered, though with a refusal
        else:
            self.life.ping(judge)

    def _refuse_waiting_for(self, tool: ToolName | None) -> None:
        """End the calls that wait for a tool, if its breaker has just opened."""
        refusal = self._breakers.refusal(tool) if self._breakers.is_open(tool) else None
        for work in self.admission.waiting():
            if refusal is not None and work.tool == tool:
                self._refuse(work, refusal)
