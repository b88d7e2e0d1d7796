"""What the user is being asked on behalf of one server: on threads apart, told back to the actor."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import pykka

from actors.call import Result
from actors.inputs import InputRefusedError, Question
from actors.mailbox import tell
from actors.mcp.sizes import size_of
from actors.messages import InputGiven
from actors.runtime import Runtime

logger = logging.getLogger(__name__)

OnGiven: TypeAlias = Callable[[Result | InputRefusedError], object]

# At once, for one server: each has a thread, and perhaps somebody's attention. Arbitrary.
_MOST = 16
_MOST_BYTES = 16 * 1024 * 1024  # In memory; what comes when there is room is taken whole, however large.


class Questions:
    """On its actor's thread, but for the questions themselves, which run on threads of their own.

    * Each question is told of once, by `InputGiven`; who has dropped it by then hears nothing.
    * A handler cannot be broken off: it counts until it returns, though nobody waits for it any more.
    """

    def __init__(self, runtime: Runtime, actor: "pykka.ActorRef[Any]") -> None:
        self._run_apart, self._actor = runtime.run_apart, actor
        self._number = 0
        self._under_way: dict[int, int] = {}  # How large each one is.
        self._open: dict[int, OnGiven] = {}

    def ask(self, question: Question, asked: object, on_given: OnGiven) -> int:
        """Run `question` apart; `on_given` takes what comes of it. Return its number. InputRefusedError: too many.

        `asked`: what the server sent for it, which stays in memory.
        """
        if len(self._under_way) >= _MOST or sum(self._under_way.values()) >= _MOST_BYTES:
            raise InputRefusedError("busy: too many questions are open on this client")
        if not self._run_apart(partial(_answer, question, self._actor, self._number + 1)):
            raise InputRefusedError("busy: this client has no thread to ask on")
        self._number += 1
        self._under_way[self._number] = size_of(asked, _MOST_BYTES)
        self._open[self._number] = on_given
        return self._number

    def drop(self, number: int) -> None:
        """Wait no longer for the answer to this one, if anybody still does."""
        self._open.pop(number, None)

    def given(self, message: InputGiven) -> None:
        """Take the end of a question in."""
        del self._under_way[message.question]
        on_given = self._open.pop(message.question, None)
        if on_given is not None:
            on_given(message.outcome)


def _answer(question: Question, actor: "pykka.ActorRef[Any]", number: int) -> None:
    outcome: Result | InputRefusedError
    try:
        outcome = question()
    except InputRefusedError as error:
        outcome = error
    except BaseException:  # The outermost frame: else the call would wait for nothing.
        logger.exception("A question could not be answered")
        outcome = InputRefusedError("internal error of this client")
    tell(actor, InputGiven(question=number, outcome=outcome))
