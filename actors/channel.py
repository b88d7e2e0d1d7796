"""Everything that goes out on the current connection of one server, in the era that it speaks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from actors import progress
from actors.asides import Aside
from actors.call import Call, Outcome, SendTicket
from actors.config import ServerConfig
from actors.control import ControlSlot, Errand
from actors.errors import SessionLostError
from actors.inputs import carried
from actors.mcp import conversations, era
from actors.mcp.envelope import completed
from actors.mcp.session import Session
from actors.transport import Handle, Reply, Request
from actors.wire import Wire


class Channel:
    """On the actor's thread. `session`: what the last connection speaks, or spoke; `open`: it does so now.

    While it opens, the opening says itself what each of its requests carries.
    """

    def __init__(
        self,
        *,
        config: ServerConfig,
        wire: Wire,
        clock: Callable[[], float],
        on_trouble: Callable[[Outcome], None],
    ) -> None:
        self._limit_s, self._wire, self._on_trouble = config.connect_timeout_s, wire, on_trouble
        self.control = ControlSlot(self.begin, clock, self._overdue)
        self.session, self.open = Session(), False
        self._doubted = False  # Whether the server is of its era still; a ping is under way to tell.

    def begin(self, message: Request | Reply, deadline: float, ticket: SendTicket) -> tuple[int, Handle]:
        """Begin an exchange that is no call's; return its number and handle."""
        exchange = self._wire.next_exchange()
        if isinstance(message, Request):
            params = message.params
            if self.open and not message.is_notification:
                params = self.session.enclose(params)
            message = replace(message, id=exchange, params=params)
        return exchange, self._wire.begin(message, exchange, deadline, ticket)

    def request(self, call: Call, exchange: int, inputs: Mapping[str, Any], *, replay_safe: bool) -> Request:
        """Return the request that makes one attempt of `call`. `inputs`: see `Rounds`; no legacy server knows them."""
        params = progress.asked_for(call, exchange)
        whole = carried(params, inputs) if self.session.is_modern else params
        enclosed = self.session.enclose(whole, call.caller)
        return Request(id=exchange, method=call.method, params=enclosed, replay_safe=replay_safe)

    def read(self, outcome: Outcome) -> Outcome:
        """Return what ended an exchange that is no call's, and may not ask for input; the opening reads by itself."""
        return completed(outcome) if self.open and self.session.is_modern and isinstance(outcome, dict) else outcome

    def tell(self, message: Request | Reply) -> None:
        """Send what nobody waits for, beside the errands."""
        self.control.send(Aside(message=message, limit_s=self._limit_s, on_end=self._on_trouble))

    def cancel(self, exchange: int) -> None:
        """Tell the server that nobody waits for this request any more, where a hang-up does not say so."""
        if not self.session.cancels_by_hanging_up:
            self.tell(conversations.cancelled(exchange, "nobody waits for it any more"))

    def ping(self, on_end: Callable[[bool], None]) -> None:
        """Ask the server if it is alive, twice before it counts as not."""

        def ended(outcome: Any) -> None:  # noqa: ANN401 -- a conversation's end
            on_end(conversations.is_alive(outcome))
            if era.is_of_another_era(outcome, self.session):
                outcome = SessionLostError("the server was replaced by one that speaks another protocol era")
            self._on_trouble(outcome)

        conversation = conversations.ping(modern=self.session.is_modern)
        self.control.run(Errand(conversation=conversation, limit_s=self._limit_s, on_end=ended))

    def doubt(self) -> None:
        """See by a ping whether the server is still of the era that was agreed on: there is no session to be lost."""
        if not self._doubted:
            self._doubted = True
            self.ping(self._judged)

    def _overdue(self, exchange: int) -> None:
        if self.open:  # Initialize may not be cancelled, and a server that is asked for its era may not know the word.
            self.cancel(exchange)

    def _judged(self, _alive: bool) -> None:  # noqa: FBT001 -- as a ping says it
        self._doubted = False
