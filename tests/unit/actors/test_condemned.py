"""An actor that hangs: paid from outside, harmless when it wakes up."""

from collections.abc import Callable
from concurrent.futures import Future

import pytest

from actors.errors import OutcomeUnknownError, ServerUnavailableError
from actors.messages import Connect, Finished, Tick
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World
from tests.fixtures.scripted_wire import ScriptedExchange


class Condemned(World):
    """A world whose actor is condemned in the middle of a message: as the exchange labelled "hung" begins."""

    def __init__(self, *, max_concurrent: int = 10) -> None:
        super().__init__(max_concurrent=max_concurrent)
        self._hanging = self.actor
        self.meanwhile: Callable[[], object] = bool  # Runs in the middle of that message, before it is condemned.
        self.wire.on_begin = self._hang
        self.ended_at_once = ""

    def condemn(self) -> None:
        assert self._hanging is not None
        self._hanging.condemn("hung for 5 s")

    def _hang(self, exchange: ScriptedExchange) -> None:
        if exchange.label == "hung":
            self.meanwhile()
            self.condemn()
            self.ended_at_once = self.wire.connections[0].ended


def test_calls_it_owes_and_calls_it_has_not_read_are_paid_at_once_by_ticket() -> None:
    world = Condemned(max_concurrent=2)
    sent, exchange = world.begin("a")
    exchange.write()
    hung, unread = world.submit("hung"), world.submit("b")
    world.meanwhile = lambda: [future.done() for future in (sent, hung, unread)]

    world.runtime.run()

    assert failure(sent, OutcomeUnknownError).executed == "unknown"
    assert "hung for 5 s" in str(sent.exception())
    for future in (hung, unread):
        error = failure(future, ServerUnavailableError)
        assert (error.executed, error.state) == ("no", "crashed")


def test_it_sends_nothing_any_more() -> None:
    world = Condemned()

    world.submit("hung")
    world.runtime.run()

    assert not world.exchange("hung").write()
    assert world.wire.executed == []
    assert world.ended_at_once == "aborted"


def test_a_call_that_comes_too_late_is_paid_by_its_sender() -> None:
    world = Condemned()
    world.condemn()

    assert failure(world.submit("a"), ServerUnavailableError).executed == "no"


def test_it_ends_when_it_wakes_up() -> None:
    world = Condemned()

    world.submit("hung")
    world.runtime.run()

    assert world.runtime.actors == []


def test_one_that_has_woken_up_in_time_and_waits_for_a_message_ends_too() -> None:
    world = Condemned()

    world.condemn()
    world.runtime.run()

    assert world.runtime.actors == []


def test_a_message_it_had_just_taken_is_paid_and_begins_nothing() -> None:
    world = Condemned()
    future = world.submit("a")
    assert world.actor is not None
    message = vars(world.actor)["actor_inbox"].get_nowait().message

    world.condemn()
    world.actor.on_receive(message)

    assert failure(future, ServerUnavailableError).executed == "no"
    assert world.wire.exchanges == []


def test_who_waits_for_it_to_stop_is_answered() -> None:
    world = Condemned()
    world.submit("hung")
    stop = world.server.stop(block=False)

    world.runtime.run()

    stop.get(timeout=0)


def test_its_successor_starts_while_it_hangs_and_late_reports_find_nobody() -> None:
    world = Condemned()
    _, exchange = world.begin("a")
    exchange.write()

    def succeed() -> None:
        world.condemn()
        world.server = world.start(generation=1)

    world.meanwhile = succeed
    world.submit("hung")
    world.runtime.run()
    world.connect()
    current, _ = world.begin("b")

    exchange.answer()
    world.server.tell(Finished(generation=0, connection=1, exchange=1, outcome={}))
    world.server.tell(Tick())
    world.runtime.run()

    assert not current.done()
    world.end("b", {})
    assert current.result(timeout=0) == {}


@pytest.mark.parametrize("times", [1, 2])
def test_it_can_be_condemned_more_than_once(times: int) -> None:
    world = Condemned()
    future, exchange = world.begin("a")
    exchange.write()

    for _ in range(times):
        world.condemn()

    assert failure(future, OutcomeUnknownError).executed == "unknown"
    world.runtime.run()
    assert world.runtime.actors == []


def test_it_publishes_nothing_any_more_and_says_when_nothing_of_it_is_left() -> None:
    world = Condemned()
    world.wire.releases = False
    actor = world.actor
    assert actor is not None
    published = len(world.statuses)

    world.submit("hung")
    world.runtime.run()

    assert len(world.statuses) == published
    assert not actor.is_gone()
    world.wire.connections[0].release()
    assert actor.is_gone()


def test_who_waits_for_an_answer_to_what_it_has_not_read_gets_one() -> None:
    world = Condemned()
    world.submit("hung")
    reply: Future[bool] = Future()
    world.server.tell(Connect(reply=reply))

    world.runtime.run()

    assert reply.result(timeout=0) is False


def test_it_is_seen_by_a_turn_that_does_not_end_while_others_wait() -> None:
    world = Condemned()
    actor = world.actor
    assert actor is not None
    assert actor.awaited_turn() is None

    world.runtime.now += 1.0
    world.submit("a")
    before = actor.awaited_turn()
    world.submit("b")
    assert actor.awaited_turn() == before == world.runtime.now - 1.0
    world.runtime.step()

    assert actor.awaited_turn() == world.runtime.now
