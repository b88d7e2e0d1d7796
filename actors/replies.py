"""Who waits for a connection to come, and who for it to be gone."""

import math
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress


def answer(reply: "Future[bool]", *, yes: bool) -> None:
    """Give `reply` to whoever asked, if he still waits."""
    with suppress(InvalidStateError):  # Whoever asked has stopped waiting.
        reply.set_result(yes)


class Replies:
    """The futures of those who asked for a connection, or for its end. Each is answered once, by `give`.

    What is decided is given when the actor has published its state: who hears "connected" may read so, and call.
    """

    def __init__(self) -> None:
        self._decided: list[tuple[Future[bool], bool]] = []
        self._coming: list[tuple[Future[bool], int]] = []  # And the failed connects it puts up with.
        self._going: list[tuple[Future[bool], int]] = []  # And the newest connection that is to be gone.

    def await_coming(self, reply: "Future[bool]", *, patience: int) -> None:
        """Answer `reply` when there is a connection, or will be none; at the latest after `patience` failures."""
        self._coming.append((reply, patience))

    def await_going(self, reply: "Future[bool]", newest: int) -> None:
        """Answer `reply` when nothing is left of the connections up to this number: later ones may stay."""
        self._going.append((reply, newest))

    @property
    def decided(self) -> bool:
        """Whether `give` has something to give."""
        return bool(self._decided)

    def give(self) -> None:
        """Answer whoever is to be answered."""
        decided, self._decided = self._decided, []
        for reply, yes in decided:
            answer(reply, yes=yes)

    def came(self, *, yes: bool) -> None:
        """Decide for all who wait for a connection."""
        self._decided += [(reply, yes) for reply, _ in self._coming]
        self._coming = []

    def failed(self) -> None:
        """Count a failed connect; decide for those who will not wait for another."""
        coming = [(reply, patience - 1) for reply, patience in self._coming]
        self._coming = [(reply, patience) for reply, patience in coming if patience > 0]
        self._decided += [(reply, False) for reply, patience in coming if patience <= 0]

    def gone(self, *, yes: bool, before: float = math.inf) -> None:
        """Decide for all who wait for the end of connections `before` this number."""
        self._decided += [(reply, yes) for reply, newest in self._going if newest < before]
        self._going = [(reply, newest) for reply, newest in self._going if newest >= before]
