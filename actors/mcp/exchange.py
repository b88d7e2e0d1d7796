"""One message of ours over a pipe, and the one outcome it gets."""

from collections.abc import Callable

from actors.call import Outcome, SendTicket
from actors.errors import MCPOrchestratorError, OutcomeUnknownError
from actors.transport import OnDone, Reply, Request


class Exchange:
    """Under way until its outcome is reported, which happens once, whoever comes first.

    * `answer_id`: of the answer that ends it; None: it ends with its last byte.
    * `line`: the message as it goes out, with its newline.
    * `begun`: the line has claimed the ticket and is on its way.
    """

    def __init__(self, message: Request | Reply, ticket: SendTicket, on_done: OnDone) -> None:
        self.answer_id = message.id if isinstance(message, Request) and not message.is_notification else None
        self.ticket, self.line, self.begun = ticket, b"", False
        self._on_done = [on_done]

    def end(self, outcome: Outcome) -> bool:
        """Report, on any thread; False: that was done before. `list.pop` decides, it is atomic."""
        try:
            on_done = self._on_done.pop()
        except IndexError:
            return False
        on_done(outcome)
        return True

    def fail(self, reason: str, unsent: MCPOrchestratorError) -> None:
        """Report that no answer will come: `unsent` if the child cannot have seen the message."""
        self.end(OutcomeUnknownError(reason) if self.begun else unsent)


class ExchangeHandle:
    """See `actors.transport.Handle`. A line not begun is taken back; one begun is finished, but not waited for."""

    def __init__(self, break_off: Callable[[], None]) -> None:
        self._break_off = break_off

    def abort(self) -> None:
        """See Handle."""
        self._break_off()
