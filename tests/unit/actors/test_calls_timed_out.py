"""Calls that were sent and not answered: what they say about their tool, and about the server."""

import pytest

from actors.errors import (
    CircuitBreakerOpenError,
    MCPTimeoutError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from tests.fixtures.calls import failure
from tests.fixtures.scripted import READ, World

RESET = OutcomeUnknownError("reset by peer")


def time_out(world: World, *labels: str) -> None:
    """Let a call of each of these tools be sent and not answered within a second."""
    for label in labels:
        world.begin_tool(label, timeout_s=1.0)[1].write()
    world.advance(1.0)


def slow_world(*, max_concurrent: int = 10) -> World:
    return World(tools={"slow": READ, "other": {}}, breaker={"failure_threshold": 2}, max_concurrent=max_concurrent)


def test_a_slow_tool_is_left_alone_while_its_server_serves_on() -> None:
    world = slow_world()

    time_out(world, "slow", "slow")

    future = world.call_tool("slow")
    other, _ = world.begin_tool("other")
    world.end("other", {})
    assert "tool slow open" in str(failure(future, CircuitBreakerOpenError))
    assert other.exception(timeout=0) is None
    assert (world.status.breaker.failures, world.status.tools_open) == (0, ("slow",))


def test_the_server_answers_for_a_timeout_only_if_the_ping_after_it_fails_too() -> None:
    world = slow_world()
    world.wire.script("ping", RESET, RESET)
    world.begin("a", timeout_s=1.0)[1].write()

    world.advance(1.0)

    assert world.status.breaker.failures == 1


def test_a_throttled_server_is_not_asked_and_is_not_to_blame() -> None:
    world = slow_world()
    world.begin_tool("slow", timeout_s=1.0)[1].write()
    world.begin("a")
    world.end("a", ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=9.0))

    world.advance(1.0)

    assert (world.status.breaker.failures, "ping" in world.wire.said) == (0, False)


@pytest.mark.parametrize("sent", [True, False])
def test_only_what_was_sent_says_something_about_the_tool(*, sent: bool) -> None:
    world = slow_world(max_concurrent=1)
    _, exchange = world.begin_tool("slow", timeout_s=1.0)
    if sent:
        exchange.write()

    world.advance(1.0)

    assert ("ping" in world.wire.said) is sent


def test_an_attempt_over_its_limit_that_ends_its_call_counts_as_a_timeout() -> None:
    world = World(tools={"slow": {}}, attempt_timeout_s=1.0, breaker={"failure_threshold": 1})
    future, exchange = world.begin_tool("slow")
    exchange.write()
    world.advance(1.0)

    exchange.end(OutcomeUnknownError("broken off"))
    world.runtime.run()

    assert failure(future, MCPTimeoutError)
    assert (world.status.tools_open, world.status.breaker.failures) == (("slow",), 0)


def test_the_calls_that_wait_for_a_tool_end_when_its_breaker_opens() -> None:
    world = World(tools={"slow": {}, "other": {}}, max_concurrent=2, breaker={"failure_threshold": 2})
    for _ in range(2):
        world.begin_tool("slow", timeout_s=1.0)[1].write()
    waiting, other = world.call_tool("slow"), world.call_tool("other")

    world.advance(1.0)

    assert failure(waiting, CircuitBreakerOpenError).retry_after_s == 5.0
    assert not other.done()
