"""The requests of a legacy server to us. On its actor's thread; the user's handlers run apart."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from actors.call import Result
from actors.inputs import InputRefusedError
from actors.lifecycle import Lifecycle
from actors.questions import Questions
from actors.seat import Seat
from actors.transport import Received, Reply
from actors.wire import Wire

logger = logging.getLogger(__name__)


class Asked:
    """Answers each request once, on the connection it came on.

    * What took longer than its connection lived is answered nobody, and so is what the server has taken back.
    * A modern server may not ask like this: it is not answered, and once per connection that is logged.
    """

    def __init__(self, *, seat: Seat, life: Lifecycle, wire: Wire, questions: Questions) -> None:
        self._name, self._inputs = seat.config.name, seat.inputs
        self._life, self._wire, self._questions = life, wire, questions
        self._open: dict[tuple[int, int | str], int] = {}  # By connection and the server's id: our question.
        self._complained = 0  # Of this connection.

    def take(self, request: Received, request_id: int | str) -> None:
        """Answer a request of the current connection, now or when the user has."""
        if self._life.channel.open and self._life.session.is_modern:
            if self._complained != self._wire.current:
                text, where = "%s sent a request, %s, as no modern server may: ignored", {"server": self._name}
                logger.warning(text, self._name, request.method, extra=where)
            self._complained = self._wire.current
            return
        if request.method == "ping":
            self._life.channel.tell(Reply(id=request_id, result={}))
            return
        key = self._wire.current, request_id
        try:
            question = self._inputs.question(self._name, request.method, request.params)
            self._open[key] = self._questions.ask(question, request.params, partial(self._given, key))
        except InputRefusedError as refusal:
            self._reply(request_id, refusal)

    def taken_back(self, params: Mapping[str, Any]) -> None:
        """Answer no more what the server cancels."""
        request_id = params.get("requestId")
        if type(request_id) is int or type(request_id) is str:
            question = self._open.pop((self._wire.current, request_id), None)
            if question is not None:
                self._questions.drop(question)

    def _given(self, key: tuple[int, int | str], outcome: Result | InputRefusedError) -> None:
        connection, request_id = key
        self._open.pop(key, None)  # Gone already if the server has used an id twice.
        if connection == self._wire.current:
            self._reply(request_id, outcome)

    def _reply(self, request_id: int | str, outcome: Result | InputRefusedError) -> None:
        if isinstance(outcome, InputRefusedError):
            self._life.channel.tell(Reply(id=request_id, error={"code": outcome.code, "message": str(outcome)}))
        else:
            self._life.channel.tell(Reply(id=request_id, result=outcome))
