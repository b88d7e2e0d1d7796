"""Calls that a modern server answers with questions first: asked of the user, and sent again with the answers.

Source: MCP 2026-07-28, multi round-trip requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from actors.admission import Work
from actors.call import Outcome, Result
from actors.catalogue import table
from actors.errors import MCPToolError, OutcomeUnknownError
from actors.inputs import InputRefusedError, Inputs, Question
from actors.mcp.envelope import completed
from actors.mcp.era import as_meant_in
from actors.mcp.session import Session
from actors.questions import Questions

_MAY_ASK = frozenset({"tools/call", "prompts/get", "resources/read"})
_MOST_ROUNDS = 10  # The specification's suggestion.


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequired:
    """What a server wants before it goes on. `state`: {"requestState": …}, to be sent back as it is; {} if none came.

    `requests`: by the server's names for them, as it sent them. `raw`: all that it said.
    """

    raw: Result
    requests: Mapping[str, Any]
    state: Mapping[str, str]


def read(session: Session, method: str, outcome: Outcome) -> Outcome | InputRequired:
    """Return what ended a request of `method`: the outcome as it is; of a modern server perhaps questions, or junk."""
    if session.is_modern and isinstance(outcome, dict):
        return _read(method, outcome)
    return as_meant_in(session, outcome)


def _read(method: str, result: Result) -> Outcome | InputRequired:
    if result.get("resultType") != "input_required" or method not in _MAY_ASK:
        return completed(result)
    requests, state = result.get("inputRequests"), result.get("requestState")  # Null is none.
    is_readable = isinstance(requests, dict | None) and isinstance(state, str | None)
    if not is_readable or (not requests and state is None):
        return refused("it says neither what for nor how to go on")
    kept = {} if state is None else {"requestState": state}
    return InputRequired(raw=result, requests=table(result.get("inputRequests")), state=kept)


def refused(why: str) -> MCPToolError:
    """Return how a call ends whose server asks for what it does not get. The server is well."""
    return MCPToolError(f"the server asks for input: {why}", executed="unknown")


class Rounds:
    """Asks what servers ask, for calls that go on afterwards. On its actor's thread; handlers run apart.

    * Meanwhile a call is in no slot and in no queue. Its deadline goes on, and who gives it up need not wait.
    * A round is no attempt: `max_retries` counts those that fail. From the first on, the call may have run.
    * `go_on` sends a call again; `end` ends it.
    """

    def __init__(
        self,
        *,
        inputs: Inputs,
        questions: Questions,
        go_on: Callable[[Work], None],
        end: Callable[[Work, Outcome], None],
    ) -> None:
        self._inputs, self._questions, self._go_on, self._end = inputs, questions, go_on, end

    def begin(self, work: Work, required: InputRequired) -> None:
        """Get what is required for this call, which has just ended an exchange with that answer."""
        ticket = work.asked()
        if ticket is None:
            self._end(work, OutcomeUnknownError("given up while its server asked for input"))
            return
        work.call.ticket = ticket
        try:
            self._ask(work, required)
        except InputRefusedError as refusal:
            self._end(work, refused(str(refusal)))

    def forget(self, work: Work) -> None:
        """Wait for no answer any more: the call has ended."""
        if work.question is not None:
            self._questions.drop(work.question)

    def _ask(self, work: Work, required: InputRequired) -> None:
        if work.rounds > _MOST_ROUNDS:
            raise InputRefusedError(f"again after {_MOST_ROUNDS} rounds")
        questions = {name: self._question(work, table(request)) for name, request in required.requests.items()}
        if questions:
            given = partial(self._given, work, required.state)
            work.question = self._questions.ask(partial(_answers, questions), required.requests, given)
        else:
            work.inputs = required.state
            self._go_on(work)

    def _question(self, work: Work, request: Mapping[str, Any]) -> Question:
        method = request.get("method")
        if not isinstance(method, str):
            raise InputRefusedError("a request of it has no method")
        return self._inputs.question(work.call.server, method, table(request.get("params")))

    def _given(self, work: Work, state: Mapping[str, str], outcome: Result | InputRefusedError) -> None:
        work.question = None
        if isinstance(outcome, InputRefusedError):
            self._end(work, refused(str(outcome)))
        else:
            work.inputs = {"inputResponses": outcome, **state}
            self._go_on(work)


def _answers(questions: Mapping[str, Question]) -> Result:
    """Ask one after the other: two forms at once help nobody."""
    return {name: question() for name, question in questions.items()}
