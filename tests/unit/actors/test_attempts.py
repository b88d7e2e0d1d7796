"""An attempt that reports progress is alive: `attempt_timeout_s` counts from its last sign of life."""

from actors.errors import MCPTimeoutError, OutcomeUnknownError
from actors.transport import Request
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World
from tests.fixtures.scripted_wire import ScriptedExchange

READS = "resources/read"  # May be repeated.


def nobody(_done: float, _total: float | None, _message: str | None) -> None:
    """Ask for progress, and do nothing with it."""


def report(world: World, exchange: ScriptedExchange, done: object) -> None:
    """Let the server report progress."""
    assert isinstance(exchange.message, Request)
    params = {"progressToken": exchange.message.id, "progress": done}
    world.wire.connections[0].notify("notifications/progress", params)
    world.runtime.run()


def test_an_attempt_that_reports_progress_is_alive_and_its_deadline_stays() -> None:
    world = World(attempt_timeout_s=2.0)
    future, exchange = world.begin(READS, timeout_s=5.0, on_progress=nobody)
    exchange.write()

    for _ in range(3):
        world.advance(1.5)
        assert not exchange.aborted
        report(world, exchange, 1)
    world.advance(0.4)
    assert not future.done()
    world.advance(0.1)

    assert failure(future, MCPTimeoutError).executed == "unknown"
    assert exchange.aborted


def test_an_attempt_that_reports_no_more_has_its_limit_from_the_last_report() -> None:
    world = World(attempt_timeout_s=2.0)
    _, exchange = world.begin(READS, on_progress=nobody)
    exchange.write()
    world.advance(1.9)
    report(world, exchange, 1)

    world.advance(1.9)
    assert not exchange.aborted
    world.advance(0.1)

    assert exchange.aborted
    report(world, exchange, 2)  # Too late: it is broken off, once.
    world.advance(2.0)
    assert world.wire.said.count("notifications/cancelled") == 1
    exchange.end(OutcomeUnknownError("broken off"))
    world.runtime.run()
    world.advance(0.1)
    assert len(world.wire.exchanges) == 2


def test_junk_is_no_sign_of_life_of_an_attempt() -> None:
    world = World(attempt_timeout_s=2.0)
    _, exchange = world.begin(READS, on_progress=nobody)
    exchange.write()
    world.advance(1.9)
    report(world, exchange, "some")

    world.advance(0.1)

    assert exchange.aborted


def test_progress_is_no_limit_where_none_is_set() -> None:
    world = World()
    future, exchange = world.begin(READS, on_progress=nobody)
    exchange.write()
    report(world, exchange, 1)

    world.advance(29.9)

    assert not future.done()
    assert not exchange.aborted
