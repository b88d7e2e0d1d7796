"""What one actor needs of another, and the two ways to put a message there."""

from contextlib import suppress
from typing import Any, Protocol

import pykka

from actors.call import Call, settle
from actors.errors import ServerUnavailableError


class Mailbox(Protocol):
    """What a sender needs of a `pykka.ActorRef`."""

    def tell(self, message: Any) -> None:  # noqa: ANN401 -- each receiver names its messages
        """Put `message`, or raise ActorDeadError."""
        ...

    def is_alive(self) -> bool:
        """Say whether the actor has not begun to stop."""
        ...


def tell(mailbox: Mailbox, message: object) -> None:
    """Put `message`; nobody minds if the receiver is dead."""
    with suppress(pykka.ActorDeadError):
        mailbox.tell(message)


def hand_over(mailbox: Mailbox, message: object, *calls: Call) -> None:
    """Put `message`, which hands `calls` over: from here on the receiver owes them, or they are settled here."""
    before = [call.owner for call in calls]
    tell(mailbox, message)
    # tell() looks, then puts: the actor may have died in between, its hooks over, the calls dropped unread.
    # First alive, then owner. A dead actor sends nothing, so what it does not own by now it will never send.
    # The other way round it may own, send and die between our two looks, and "not executed" is a lie.
    if not mailbox.is_alive():
        for call, owner in zip(calls, before, strict=True):
            if call.owner is owner:
                settle(call, ServerUnavailableError("stopped before it took the call", state="stopped"))
