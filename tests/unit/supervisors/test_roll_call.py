"""Whether calls get anywhere: supervisor and router each take a turn, or the answer is no, or does not come."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.fixtures.house import House


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level("CRITICAL")
    house = House("a")
    yield house
    house.end()


def called(house: House) -> bool | None:
    """Call the roll and run on; None if nobody has answered by then."""
    return answer_of(house, house.engine.roll_call())


def answer_of(house: House, reply: Future[bool]) -> bool | None:
    house.runtime.run()
    return reply.result(timeout=0) if reply.done() else None


def hang(house: House, urn: str) -> None:
    house.runtime.actors = [actor for actor in house.runtime.actors if actor.actor_urn != urn]


def urn(mailbox: object) -> str:
    return str(getattr(mailbox, "actor_urn", ""))


def test_it_is_answered_by_both(house: House) -> None:
    assert called(house) is True


@pytest.mark.parametrize("who", ["supervisor", "router"])
def test_one_that_hangs_does_not_answer(house: House, who: str) -> None:
    everybody = house.runtime.actors
    hang(house, urn(getattr(house.board, who)))

    assert called(house) is None

    house.runtime.actors = everybody


def test_a_supervisor_that_dies_with_it_unread_answers_no_and_the_next_one_yes(house: House) -> None:
    house.board.supervisor.tell("nonsense")
    reply = house.engine.roll_call()

    assert answer_of(house, reply) is False
    assert called(house) is True


def test_a_router_that_dies_with_it_in_its_mailbox_answers_no(house: House) -> None:
    supervisor, router = house.board.supervisor, house.board.router
    (first,) = [actor for actor in house.runtime.actors if actor.actor_urn == urn(supervisor)]
    reply = house.engine.roll_call()
    router.tell("nonsense")
    first.turn()  # It passes the call on, behind the nonsense.

    assert answer_of(house, reply) is False


def test_a_router_that_dies_between_look_and_put_answers_no_though_the_next_one_lives(house: House) -> None:
    reply = house.engine.roll_call()
    house.runtime.before_put = house.crash_router

    assert answer_of(house, reply) is False
    assert called(house) is True


def test_a_supervisor_that_dies_between_look_and_put_answers_no(house: House) -> None:
    house.runtime.before_put = house.crash_supervisor

    assert answer_of(house, house.engine.roll_call()) is False


def test_a_broken_engine_answers_no(house: House) -> None:
    for _ in range(3):
        house.crash_router()
    assert house.board.broken

    assert called(house) is False


def test_after_the_end_it_answers_no(house: House) -> None:
    house.engine.shut_down(finish_s=0.0, gone_s=1.0)
    house.pass_time(2)

    assert called(house) is False
