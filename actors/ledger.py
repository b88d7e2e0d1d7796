"""What one actor owes, and how it pays when it dies."""

from collections.abc import Iterator
from typing import Any

from actors.call import Call, RequestId, settle
from actors.errors import MCPOrchestratorError, OutcomeUnknownError, ServerUnavailableError, Unavailable
from actors.timers import Timers


class Ledger:
    """Calls accepted and not yet settled. Lives on the actor's thread; takes no lock.

    A call enters before anything is done with it and leaves when it is settled: what is in here, and only that,
    is still owed. The supervisor of a hung actor comes in from outside, through `settle_all` alone.
    """

    def __init__(self) -> None:
        self._owed: dict[RequestId, Call] = {}
        self._deadlines = Timers[RequestId]()

    def __len__(self) -> int:
        """How many calls are owed."""
        return len(self._owed)

    def accept(self, call: Call) -> None:
        """Owe `call`. First thing of all, before anything that can raise or send."""
        call.owner = self
        self._owed[call.request_id] = call
        self._deadlines.set(call.request_id, call.deadline)

    def get(self, request_id: RequestId) -> Call | None:
        """Return the call if it is still owed."""
        return self._owed.get(request_id)

    def pass_on(self, call: Call) -> None:
        """Forget `call`, which another actor owes by now; or it is settled."""
        if self._owed.pop(call.request_id, None) is not None:
            self._deadlines.drop(call.request_id)

    def pay(self, call: Call, outcome: Any) -> bool:  # noqa: ANN401 -- see `settle`
        """Settle `call` and forget it. False if it was not owed, or somebody else had settled it."""
        if self._owed.pop(call.request_id, None) is None:
            return False
        self._deadlines.drop(call.request_id)
        return settle(call, outcome)

    def next_due(self) -> float:
        """Return the earliest deadline owed; infinity if nothing is owed."""
        return self._deadlines.next_due()

    def overdue(self, now: float) -> Iterator[Call]:
        """Yield every call whose deadline has come, the oldest first. The caller pays each."""
        for request_id in self._deadlines.take_due(now):
            yield self._owed[request_id]

    def pay_all(self, why: str, state: Unavailable) -> None:
        """Settle everything, by ticket: the end of an actor's life."""
        for call in list(self._owed.values()):
            self.pay(call, epitaph(call, why, state))

    def settle_all(self, why: str, state: Unavailable) -> None:
        """Settle everything in the place of a hung actor, from another thread: forgets nothing, so nothing tears."""
        for call in self._owed.copy().values():
            settle(call, epitaph(call, why, state))


def epitaph(call: Call, why: str, state: Unavailable) -> MCPOrchestratorError:
    """Return what is left to say to the caller of `call` when its actor ends; closes its ticket."""
    if call.withdraw() == "no":
        return ServerUnavailableError(why, state=state)
    return OutcomeUnknownError(f"{why} while the call was under way")
