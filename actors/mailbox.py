"""What one actor needs of another, and the two ways to put a message there."""

from contextlib import suppress
from typing import Any, Protocol

import pykka

from actors.errors import ServerUnavailableError, Unavailable


class Mailbox(Protocol):
    """What a sender needs of a `pykka.ActorRef`."""

    def tell(self, message: Any) -> None:  # noqa: ANN401 -- each receiver names its messages
        """Put `message`, or raise ActorDeadError."""
        ...

    def is_alive(self) -> bool:
        """Say whether the actor has not begun to stop."""
        ...


class Nobody:
    """The mailbox of one who is not there yet, or not any more."""

    def tell(self, message: object) -> None:
        """See Mailbox."""
        raise pykka.ActorDeadError(f"nobody takes a {type(message).__name__}")

    def is_alive(self) -> bool:
        """See Mailbox."""
        return False


class Owed(Protocol):
    """What can be handed over: a call, a batch. `owner`: whoever owes it an end; None before anybody does."""

    owner: object

    def refuse(self, error: ServerUnavailableError) -> object:
        """End it: nobody took it, nothing was executed."""
        ...


def tell(mailbox: Mailbox, message: object) -> None:
    """Put `message`; nobody minds if the receiver is dead."""
    with suppress(pykka.ActorDeadError):
        mailbox.tell(message)


def hand_over(mailbox: Mailbox, message: object, owed: Owed, *, gone: Unavailable = "stopped") -> None:
    """Put `message`, which hands `owed` over: from here on the receiver owes it an end, or it is refused here.

    `gone`: what to call a receiver that is dead.
    """
    before = owed.owner
    tell(mailbox, message)
    # tell() looks, then puts: the actor may have died in between, its hooks over, the message dropped unread.
    # First alive, then owner. A dead actor sends nothing, so what it does not own by now it will never send.
    # The other way round it may own, send and die between our two looks, and "not executed" is a lie.
    if not mailbox.is_alive() and owed.owner is before:
        owed.refuse(ServerUnavailableError("ended before it took the call", state=gone))
