"""The actor's side of its connections: one current, perhaps others that are not quite gone."""

import math
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pykka

from actors.call import Outcome, SendTicket
from actors.config import ServerConfig
from actors.mailbox import Mailbox, tell
from actors.messages import ConnectionReleased, Finished, Heard
from actors.transport import Connection, Event, Handle, Released, Reply, Request, TransportFactory


class Wire:
    """Opens and ends connections, numbers connections and exchanges, and turns what they report into messages.

    * There is at most one current connection; `left` counts those not yet released, the current one included.
    * `abort` may come from another thread, the supervisor's: after it nothing more gets on the wire.
    """

    def __init__(
        self,
        *,
        config: ServerConfig,
        connect: TransportFactory,
        generation: int,
        actor: "pykka.ActorRef[Any]",
        supervisor: Mailbox,
    ) -> None:
        self._config, self._connect, self._generation = config, connect, generation
        self._actor, self._supervisor = actor, supervisor
        self._connections: dict[int, Connection] = {}
        self._gone: list[int] = []  # Appended to on the connections' threads.
        self.current = 0  # The connection's number; 0 for none.
        self._number = 0
        self.next_exchange: Callable[[], int] = count(1).__next__
        self._closed = False
        self.held = False  # By what is left of the actor's predecessor.

    @property
    def is_open(self) -> bool:
        """Whether there is a current connection."""
        return self.current != 0

    @property
    def own(self) -> int:
        """How many connections are not gone yet."""
        return len(self._connections)

    @property
    def left(self) -> int:
        """How many connections are not gone yet; what the actor's predecessor left counts as one."""
        return self.own + self.held

    @property
    def newest(self) -> int:
        """The number of the last connection that was begun."""
        return self._number

    @property
    def oldest_left(self) -> float:
        """The number of the first connection that is not gone yet; infinity if all are, 0 for the predecessor's."""
        return 0 if self.held else min(self._connections, default=math.inf)

    @property
    def connection(self) -> Connection | None:
        """The current connection."""
        return self._connections.get(self.current)

    def open(self, config: ServerConfig) -> None:
        """Begin a new connection, by the actor's configuration with its transport decided."""
        if self._closed:  # The actor was condemned and has woken up: its successor has a connection by now.
            raise RuntimeError("the wire was broken off for good")
        self._number += 1
        self.current = self._number
        self._connections[self.current] = self._connect(config, partial(self._heard, self.current))
        if self._closed:  # Condemned in the middle of it.
            self.abort()

    def begin(self, message: Request | Reply, exchange: int, deadline: float, ticket: SendTicket) -> Handle:
        """Start an exchange on the current connection."""
        on_done = partial(self._done, self.current, exchange)
        return self._connections[self.current].start(message, deadline, ticket, on_done)

    def end(self, *, orderly: bool) -> None:
        """Have no current connection any more; the old one goes by itself and reports when it is gone."""
        connection = self.connection
        self.current = 0
        if connection is not None:
            connection.close() if orderly else connection.abort()

    def released(self, number: int) -> None:
        """Forget a connection that is gone."""
        del self._connections[number]

    def abort(self) -> None:
        """Break everything off, for good. Any thread."""
        self._closed = True
        for connection in self._connections.copy().values():
            connection.abort()

    def is_gone(self) -> bool:
        """Say if every connection ever opened is released; not what its predecessor left. For any thread."""
        return len(self._gone) >= self._number

    def _done(self, connection: int, exchange: int, outcome: Outcome) -> None:
        done = Finished(generation=self._generation, connection=connection, exchange=exchange, outcome=outcome)
        tell(self._actor, done)  # Dead, it has paid the call.

    def _heard(self, number: int, event: Event) -> None:
        tell(self._actor, Heard(generation=self._generation, connection=number, event=event))
        if isinstance(event, Released):
            self._gone.append(number)
            tell(self._supervisor, ConnectionReleased(server=self._config.name, generation=self._generation))
