"""Calls that were sent and refused, so not executed: tried once more, when the reason is mended."""

import pytest

from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    OutcomeUnknownError,
    ServerUnavailableError,
    SessionLostError,
)
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

SAFE = "resources/read"  # Reads only, so it may be repeated.
RESET = OutcomeUnknownError("reset by peer")


def attempts(world: World, label: str) -> int:
    return len([exchange for exchange in world.wire.exchanges if exchange.label == label])


def refuse(world: World, label: str, error: MCPOrchestratorError | None = None) -> None:
    """Let the last attempt end before its first byte."""
    world.exchange(label).end(error or MCPConnectionError("refused"))
    world.runtime.run()


@pytest.mark.parametrize("error", [SessionLostError("HTTP 404"), ServerUnavailableError("HTTP 429", state="throttled")])
def test_what_is_repaired_is_tried_again_once_though_there_are_no_retries(error: MCPOrchestratorError) -> None:
    world = World(max_retries=0)
    future, _ = world.begin("a")
    world.end("a", error)
    world.advance(1.0)
    assert attempts(world, "a") == 2

    world.end("a", error)
    world.advance(5.0)

    assert type(future.exception(timeout=0)) is type(error)
    assert attempts(world, "a") == 2


def test_the_repair_takes_no_retry_away() -> None:
    world = World(max_retries=1)
    world.begin("a")
    world.end("a", SessionLostError("HTTP 404"))
    world.advance(1.0)
    refuse(world, "a")
    world.advance(0.1)

    assert attempts(world, "a") == 3


def test_a_call_the_server_has_no_time_for_waits_until_then() -> None:
    world = World()
    future, _ = world.begin("a")

    world.end("a", ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=7.0))
    world.advance(6.9)
    assert attempts(world, "a") == 1
    world.advance(0.2)
    world.end("a", {})

    assert future.result(timeout=0) == {}


def test_a_call_the_server_has_no_time_for_before_its_deadline_ends_now() -> None:
    world = World()
    future, _ = world.begin("a", timeout_s=5.0)

    world.end("a", ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=7.0))

    error = failure(future, ServerUnavailableError)
    assert (error.state, error.executed, error.retry_after_s) == ("throttled", "no", 7.0)


def test_while_the_server_is_throttled_nothing_is_repeated_that_cannot_begin_in_time() -> None:
    world = World()
    world.begin("a")
    future, _ = world.begin(SAFE, timeout_s=5.0)
    world.end("a", ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=7.0))

    world.end(SAFE, RESET)

    assert failure(future, OutcomeUnknownError).message == RESET.message


def test_where_no_connection_will_come_nothing_is_repeated() -> None:
    world = World()
    world.begin("a")
    future, exchange = world.begin(SAFE)
    exchange.write()
    world.end("a", ServerUnavailableError("HTTP 401", state="auth_required"))

    exchange.lose()
    world.runtime.run()

    assert failure(future, OutcomeUnknownError).executed == "unknown"
