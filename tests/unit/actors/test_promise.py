"""The promise, under interleavings that storms of real threads hardly ever hit: each is played by script."""

from collections.abc import Callable
from threading import Event, Thread

import pytest

from actors.call import CallFuture
from actors.errors import Executed, MCPConnectionError, MCPOrchestratorError
from actors.mailbox import Mailbox
from actors.messages import Finished, Ping
from tests.fixtures.scripted import World


class PausedBeforeItLooks:
    """The mailbox of a sender that loses its processor between its `tell` and its re-check."""

    def __init__(self, server: Mailbox) -> None:
        self._server, self.told, self.go_on = server, Event(), Event()

    def tell(self, message: object) -> None:
        self._server.tell(message)

    def is_alive(self) -> bool:
        self.told.set()
        self.go_on.wait(5.0)
        return self._server.is_alive()


def executed(future: CallFuture) -> Executed:
    error = future.exception(timeout=0)
    assert isinstance(error, MCPOrchestratorError)
    return error.executed


@pytest.mark.parametrize("end", [World.stop, World.crash])
def test_a_sender_that_wakes_up_late_does_not_deny_what_was_sent(end: Callable[[World], None]) -> None:
    world = World()

    mailbox, futures = PausedBeforeItLooks(world.server), list[CallFuture]()
    sender = Thread(target=lambda: futures.append(world.submit("a", server=mailbox)))
    sender.start()
    assert mailbox.told.wait(5.0)
    world.runtime.run()
    world.wire.exchanges[0].write()

    def go_on_before_the_hooks_pay() -> None:
        mailbox.go_on.set()
        sender.join(5.0)

    world.runtime.before_drain = go_on_before_the_hooks_pay
    end(world)

    assert executed(futures[0]) == "unknown"


def test_a_sender_whose_actor_dies_between_look_and_put_pays_its_call_itself() -> None:
    world = World()
    world.runtime.before_put = world.stop

    future = world.submit("a")

    assert executed(future) == "no"


@pytest.mark.parametrize("end", [World.stop, World.crash])
def test_messages_that_nobody_has_read_are_paid(end: Callable[[World], None]) -> None:
    world = World()
    answered, exchange = world.begin("a")
    exchange.write()

    world.server.tell("nonsense") if end is World.crash else world.server.stop(block=False)
    unread = world.submit("b")
    exchange.answer()
    world.runtime.run()

    assert executed(unread) == "no"
    assert answered.result(timeout=0) == {"echo": "a"}


@pytest.mark.parametrize("end", ["deadline", "cancel", "stop", "crash"])
@pytest.mark.parametrize("written", [False, True])
def test_a_transport_paused_before_its_first_byte_never_writes_it_once_the_call_has_ended(
    end: str, *, written: bool
) -> None:
    world = World()
    future, exchange = world.begin("a", timeout_s=1.0)
    if written:
        exchange.write()

    match end:
        case "deadline":
            world.runtime.advance(1.0)
        case "cancel":
            assert not future.cancel()
        case "stop":
            world.stop()
        case _:
            world.crash()
    world.runtime.run()

    assert executed(future) == ("unknown" if written else "no")
    assert exchange.aborted
    assert written or not exchange.write()


@pytest.mark.parametrize("first", ["answer", "deadline"])
def test_deadline_and_answer_make_one_outcome_and_free_one_slot(first: str) -> None:
    world = World(max_concurrent=1)
    future, exchange = world.begin("a", timeout_s=1.0)
    exchange.write()

    if first == "answer":  # Both messages wait in the mailbox, in this order.
        exchange.answer()
    world.runtime.advance(1.0)
    if first == "deadline":
        exchange.answer()
    world.runtime.run()

    if first == "answer":
        assert future.result(timeout=0) == {"echo": "a"}
    else:
        assert executed(future) == "unknown"
    world.begin("b")
    world.submit("c")
    world.runtime.run()
    assert [exchange.label for exchange in world.wire.exchanges] == ["a", "b"]


def test_a_late_report_to_a_newer_generation_changes_nothing_there() -> None:
    world = World()
    lost, exchange = world.begin("a")
    exchange.write()
    world.crash()
    world.server = world.start(generation=1)
    world.connect()
    current, current_exchange = world.begin("b")

    exchange.answer()
    world.server.tell(Finished(generation=0, connection=1, exchange=1, outcome={}))  # Sent by name, say.
    world.runtime.run()
    current_exchange.answer()
    world.runtime.run()

    assert executed(lost) == "unknown"
    assert current.result(timeout=0) == {"echo": "b"}


def test_a_report_that_is_no_calls_says_nothing_at_the_actors_end() -> None:
    world = World()
    world.wire.script("ping", None)
    world.server.tell(Ping())
    world.runtime.run()
    future, _ = world.begin("a")

    world.server.stop(block=False)
    world.exchange("ping").end({})
    world.server.tell(Finished(generation=7, connection=1, exchange=int(world.exchange("a").message.id), outcome={}))
    world.runtime.run()

    assert executed(future) == "no"


@pytest.mark.parametrize("end", [World.stop, World.crash])
def test_an_error_that_nobody_has_read_is_told_as_it_is(end: Callable[[World], None]) -> None:
    world = World()
    future, exchange = world.begin("a")

    world.server.tell("nonsense") if end is World.crash else world.server.stop(block=False)
    exchange.end(MCPConnectionError("refused"))
    world.runtime.run()

    assert type(future.exception(timeout=0)) is MCPConnectionError
