"""What a server says unasked, on its way to whoever listens: told at once, and counted until it was heard."""

from dataclasses import replace
from functools import partial
from threading import Lock

from actors.mcp.backlog import Backlog
from actors.mcp.sizes import size_of
from actors.transport import Listener, Received

_ENVELOPE_BYTES = 600  # What a message takes in a mailbox beside what it says. Measured, Python 3.11.


class Teller:
    """Tells one listener, from any thread, and knows how much of it he has not heard yet: mailboxes have no end.

    A transport that sees it grow leaves the rest on the wire for a while. The listener is never waited for.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = Lock()  # For those who tell; he who hears is one.
        self._unheard = Backlog()

    def tell(self, message: Received) -> None:
        """Pass a message on."""
        size = _ENVELOPE_BYTES + size_of([message.method, message.params, message.id])
        with self._lock:
            self._unheard.hand(size)
        self._listener(replace(message, on_heard=partial(self._unheard.done, size)))

    @property
    def unheard_bytes(self) -> int:
        """How much memory is taken by what was told and not heard."""
        return self._unheard.size
