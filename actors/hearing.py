"""What a server, or the connection to it, says unasked: who is to know. On its actor's thread."""

from collections.abc import Mapping
from typing import Any

from actors.asked import Asked
from actors.calls import Calls
from actors.messages import Heard
from actors.questions import Questions
from actors.seat import Seat
from actors.transport import ConnectionLost, Received, Released
from actors.wire import Wire

_OURS = frozenset({"notifications/cancelled", "notifications/subscriptions/acknowledged"})  # Of our own requests.


class Hearing:
    """Passes events on, each to the part that it concerns; of an older connection only what is still of use."""

    def __init__(self, *, seat: Seat, calls: Calls, wire: Wire, questions: Questions) -> None:
        self._generation, self._calls, self._life, self._wire = seat.generation, calls, calls.life, wire
        self._server, self._notify, self._statistics = seat.config.name, seat.notify, seat.statistics
        self._asked = Asked(seat=seat, life=calls.life, wire=wire, questions=questions)

    def hear(self, message: Heard) -> None:
        """Take an event in."""
        if isinstance(message.event, Received):
            message.event.on_heard()
        if message.generation == self._generation:
            self._pass_on(message, current=message.connection == self._wire.current)

    def _pass_on(self, message: Heard, *, current: bool) -> None:
        match message.event:
            case Released():
                self._life.released(message.connection)
            case ConnectionLost(error=error) if current:
                self._life.lost(error)
            case Received(id=int() | str() as request_id) as request if current:
                self._asked.take(request, request_id)
            case Received(method="notifications/cancelled", params=params) if current:
                self._asked.taken_back(params)
                self._life.listening.cancelled(params)
            case Received(method="notifications/subscriptions/acknowledged", params=params) if current:
                self._life.listening.acknowledged(params)
            case Received(method="notifications/progress", params=params):
                self._calls.meanwhile.progress(params)
            case Received(method="notifications/message", params=params, exchange=exchange) if (
                self._calls.meanwhile.logged(exchange, params)
            ):
                pass
            case Received(id=None, method=method, params=params):
                if current:
                    self._life.listing.announced(method, params)
                self._tell(method, params)
            case _:
                pass  # A request, or the loss, of a connection that is over.

    def _tell(self, method: str, params: Mapping[str, Any]) -> None:
        if self._notify is not None and method not in _OURS:
            self._statistics.notifications_dropped += not self._notify(self._server, method, params)
