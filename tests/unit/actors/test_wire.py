"""Connections and exchanges as an actor sees them."""

from typing import Any, cast

import pykka
import pytest

from actors.call import SendTicket, ServerName
from actors.config import ServerConfig
from actors.errors import OutcomeUnknownError
from actors.messages import ConnectionReleased, Finished, Heard
from actors.transport import Connection, ConnectionLost, Listener, Released, Request
from actors.wire import Wire
from tests.fixtures.calls import Ear
from tests.fixtures.scripted_wire import ScriptedWire


class Rig:
    """A wire of generation 3, with an ear on both sides of it."""

    def __init__(self) -> None:
        self.actor, self.supervisor, self.scripted = Ear(), Ear(), ScriptedWire()
        self.config = ServerConfig(name=ServerName("weather"), command=("weather",))
        self.wire = Wire(
            config=self.config,
            connect=self.connect,
            generation=3,
            actor=cast("pykka.ActorRef[Any]", self.actor),
            supervisor=self.supervisor,
        )
        self.condemned_while_it_connects = False

    def connect(self, config: ServerConfig, listener: Listener) -> Connection:
        if self.condemned_while_it_connects:
            self.wire.abort()
        return self.scripted(config, listener)


def test_what_is_reported_says_where_it_comes_from() -> None:
    rig = Rig()
    rig.wire.open(rig.config)
    rig.wire.begin(Request(id=8, method="a"), 8, 99.0, SendTicket())
    lost = ConnectionLost(error=OutcomeUnknownError("EOF"))

    rig.scripted.exchanges[0].end({"answer": 7})
    rig.scripted.connections[0].tell(lost)

    assert rig.actor.heard == [
        Finished(generation=3, connection=1, exchange=8, outcome={"answer": 7}),
        Heard(generation=3, connection=1, event=lost),
    ]
    assert rig.supervisor.heard == []


def test_connections_are_numbered_and_one_that_ends_is_counted_until_it_is_gone() -> None:
    rig = Rig()
    rig.scripted.releases = False
    rig.wire.open(rig.config)
    rig.wire.end(orderly=True)
    rig.wire.open(rig.config)

    assert (rig.wire.current, rig.wire.left, rig.scripted.connections[0].ended) == (2, 2, "closed")
    rig.scripted.connections[0].release()
    assert rig.actor.heard == [Heard(generation=3, connection=1, event=Released())]
    rig.wire.released(1)

    assert rig.wire.left == 1
    assert not rig.wire.is_gone()
    rig.wire.end(orderly=False)
    assert rig.scripted.connections[1].ended == "aborted"
    assert not rig.wire.is_open
    rig.scripted.connections[1].release()
    assert rig.wire.is_gone()


def test_the_supervisor_hears_when_a_connection_is_gone() -> None:
    rig = Rig()
    rig.wire.open(rig.config)

    rig.wire.end(orderly=True)

    assert rig.supervisor.heard == [ConnectionReleased(server=ServerName("weather"), generation=3)]


def test_without_a_connection_there_is_nothing_to_end() -> None:
    rig = Rig()

    rig.wire.end(orderly=True)

    assert rig.wire.connection is None
    assert rig.wire.is_gone()


def test_what_the_predecessor_left_counts() -> None:
    rig = Rig()

    rig.wire.held = True

    assert rig.wire.left == 1


def test_a_connection_reported_gone_twice_is_a_bug_of_its_transport() -> None:
    rig = Rig()
    rig.wire.open(rig.config)
    rig.wire.released(1)

    with pytest.raises(KeyError):
        rig.wire.released(1)


def test_broken_off_for_good_nothing_is_opened_any_more() -> None:
    rig = Rig()
    rig.wire.open(rig.config)

    rig.wire.abort()

    assert rig.scripted.connections[0].ended == "aborted"
    with pytest.raises(RuntimeError, match="for good"):
        rig.wire.open(rig.config)
    assert len(rig.scripted.connections) == 1


def test_broken_off_while_it_connects_the_new_connection_is_broken_off_too() -> None:
    rig = Rig()
    rig.condemned_while_it_connects = True

    rig.wire.open(rig.config)

    assert rig.scripted.connections[0].ended == "aborted"


def test_every_exchange_has_a_number_of_its_own_whatever_its_connection() -> None:
    rig = Rig()

    assert [rig.wire.next_exchange() for _ in range(3)] == [1, 2, 3]
