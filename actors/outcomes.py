"""The last word on each call of one server: shaped, paid, counted, reported."""

from collections.abc import Callable

from actors import retry
from actors.admission import Work
from actors.breaker import Verdict
from actors.call import Outcome
from actors.errors import MCPOrchestratorError, MCPToolError
from actors.ledger import Ledger
from actors.results import CallMetadata, ToolResult, shaped
from actors.seat import Seat


class Outcomes:
    """Turns what an exchange, a deadline or a refusal said into what the caller gets."""

    def __init__(self, *, seat: Seat, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._seat, self._ledger, self._clock = seat, ledger, clock
        self.last_failure_at: float | None = None
        self.last_failure = ""
        self.last_answer_at: float | None = None

    def give(self, work: Work, outcome: Outcome, verdict: Verdict, protocol: str) -> Verdict:
        """Pay the call. Return `verdict`, or IGNORED if somebody else has paid: his reason is no news of the server."""
        call, statistics, now = work.call, self._seat.statistics, self._clock()
        settled = self._settled(work, outcome, protocol)
        if verdict is Verdict.SUCCESS:
            self.last_answer_at = now
        call.attempts = work.attempts
        if not self._ledger.pay(call, settled):
            statistics.settled_elsewhere += 1
            return Verdict.IGNORED
        if isinstance(settled, MCPOrchestratorError):
            statistics.failed_as(type(settled).__name__)
            statistics.tool_errors += isinstance(settled, MCPToolError)
        else:
            statistics.succeeded += 1
            statistics.answered(now - call.submitted_at)
        if verdict is Verdict.FAILURE:
            self.last_failure_at, self.last_failure = now, str(outcome)
        return verdict

    def give_last(self, work: Work, outcome: Outcome, protocol: str) -> None:
        """Pay the call, and do nothing else: the actor is ending."""
        self._ledger.pay(work.call, self._settled(work, outcome, protocol))

    def _settled(self, work: Work, outcome: Outcome, protocol: str) -> Outcome | ToolResult:
        if isinstance(outcome, MCPOrchestratorError):
            return retry.final(outcome, work.worst)
        now, submitted_at = self._clock(), work.call.submitted_at
        metadata = CallMetadata(
            server=work.call.server,
            tool=work.tool,
            request_id=work.call.request_id,
            attempts=work.attempts,
            queued_s=(now if work.started_at is None else work.started_at) - submitted_at,
            duration_s=now - submitted_at,
            protocol=protocol,
        )
        said = shaped(work.call, outcome, metadata)
        if isinstance(said, MCPToolError) and work.may_have_run_before:
            # "No such id" may be of what that attempt has deleted.
            said.message = f"{retry.EARLIER}{said.message}"
        return said
