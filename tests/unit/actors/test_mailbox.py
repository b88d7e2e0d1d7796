"""Handing over what somebody will owe."""

import pykka
import pytest

from actors.errors import ServerUnavailableError
from actors.ledger import Ledger
from actors.mailbox import Nobody, hand_over, tell
from tests.fixtures.calls import Ear, failure, make_call
from tests.fixtures.scripted import World


class Dying:
    """A receiver that dies while a message is on its way: before it took the call, or after."""

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger, self._call = ledger, make_call()

    def tell(self, message: object) -> None:
        del message
        if self._ledger is not None:
            self._ledger.accept(self._call)

    def is_alive(self) -> bool:
        return False

    def hand_over(self) -> bool:
        hand_over(self, "message", self._call)
        return self._call.future.done()


def test_nobody_minds_a_receiver_that_is_dead() -> None:
    tell(Nobody(), "message")

    assert not Nobody().is_alive()
    with pytest.raises(pykka.ActorDeadError):
        Nobody().tell("message")


def test_what_a_living_receiver_has_not_read_yet_is_its_to_pay() -> None:
    call = make_call()

    hand_over(Ear(), "message", call)

    assert not call.future.done()


def test_a_receiver_that_died_before_it_took_the_call_owes_nothing_so_the_sender_pays() -> None:
    assert Dying(None).hand_over()


def test_a_receiver_that_took_the_call_before_it_died_has_paid_itself() -> None:
    assert not Dying(Ledger()).hand_over()


def test_a_call_for_a_dead_actor_was_not_executed() -> None:
    world = World()
    world.stop()

    assert failure(world.submit("a"), ServerUnavailableError).executed == "no"
