"""Attempts: which are made again, when, with which ticket, and what the caller is told in the end."""

import pytest

from actors.config import ToolConfig
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
)
from tests.fixtures.calls import failure
from tests.fixtures.scripted import READ, World

SAFE = "resources/read"  # Reads only, so it may be repeated.
RESET = OutcomeUnknownError("reset by peer")


def attempts(world: World, label: str) -> int:
    return len([exchange for exchange in world.wire.exchanges if exchange.label == label])


def refuse(world: World, label: str, error: MCPOrchestratorError | None = None) -> None:
    """Let the last attempt end before its first byte."""
    world.exchange(label).end(error or MCPConnectionError("refused"))
    world.runtime.run()


def test_what_was_not_executed_is_tried_four_times_with_pauses_that_double() -> None:
    world = World()
    future, _ = world.begin("a")
    for number, pause_s in enumerate((0.1, 0.2, 0.4), start=1):
        refuse(world, "a")
        world.advance(pause_s - 0.01)
        assert attempts(world, "a") == number
        world.advance(0.02)
        assert attempts(world, "a") == number + 1

    refuse(world, "a")

    assert failure(future, MCPConnectionError).executed == "no"
    assert [attempts_made for _, _, attempts_made in world.reports] == [4]
    assert world.status.statistics.retries == 3


def test_what_may_have_run_is_not_run_twice() -> None:
    world = World()
    future, _ = world.begin("a")

    world.end("a", RESET)
    world.advance(5.0)

    assert failure(future, OutcomeUnknownError).executed == "unknown"
    assert world.wire.executed == ["a"]


@pytest.mark.parametrize(
    ("annotations", "idempotent", "again"),
    [(READ, None, True), ({}, None, False), ({}, True, True), (READ, False, False)],
)
def test_what_does_no_harm_twice_is_repeated_after_an_unknown_outcome(
    annotations: dict[str, bool], *, idempotent: bool | None, again: bool
) -> None:
    world = World(tools={"tool": annotations}, configured={"tool": ToolConfig(idempotent=idempotent)})
    world.begin_tool("tool")

    world.end("tool", RESET)
    world.advance(1.0)

    assert attempts(world, "tool") == (2 if again else 1)


def test_a_connection_that_was_lost_takes_no_word_back_about_what_may_be_repeated() -> None:
    world = World(tools={"read": READ})
    future, exchange = world.begin_tool("read")
    exchange.write()

    world.wire.connections[0].die()
    exchange.lose()
    world.runtime.run()
    world.advance(1.0)
    world.end("read", {"content": []})

    assert future.exception(timeout=0) is None
    assert len(world.wire.connections) == 2


def test_each_attempt_has_its_ticket_and_the_worst_of_them_decides() -> None:
    world = World()
    future, exchange = world.begin(SAFE, timeout_s=1.0)
    exchange.write()
    exchange.end(RESET)
    world.runtime.run()
    world.advance(0.2)

    world.advance(0.8)

    assert not world.exchange(SAFE).write()
    assert failure(future, MCPTimeoutError).executed == "unknown"


def test_a_refusal_after_an_attempt_that_may_have_run_says_so() -> None:
    world = World(tools={"delete": {"idempotentHint": True}})
    gone = {"content": [{"type": "text", "text": "no such id"}], "isError": True}
    future, _ = world.begin_tool("delete")
    world.end("delete", RESET)
    world.advance(1.0)

    world.end("delete", gone)

    error = failure(future, MCPToolError)
    assert (error.message, error.executed) == ("an earlier attempt may have run; then: no such id", "yes")
    assert error.result == gone


def test_a_refusal_after_an_attempt_that_cannot_have_run_is_told_as_it_is() -> None:
    world = World(tools={"delete": {"idempotentHint": True}})
    future, _ = world.begin_tool("delete")
    world.end("delete", MCPConnectionError("refused"))
    world.advance(1.0)

    world.end("delete", {"content": [{"type": "text", "text": "no such id"}], "isError": True})

    assert failure(future, MCPToolError).message == "no such id"


def test_once_an_attempt_was_unknown_no_later_one_ends_the_call_as_not_executed() -> None:
    world = World(max_retries=1)
    future, _ = world.begin(SAFE)
    world.end(SAFE, RESET)
    world.advance(1.0)

    refuse(world, SAFE)

    error = failure(future, OutcomeUnknownError)
    assert "an earlier attempt may have run; then: refused" in str(error)


def test_a_ticket_withdrawn_by_somebody_else_ends_the_attempts() -> None:
    world = World()
    future, _ = world.begin("a")
    call = vars(world.actor)["ledger"].get(future.request_id)
    call.withdraw()

    refuse(world, "a")
    world.advance(1.0)

    assert attempts(world, "a") == 1
    assert isinstance(future.exception(timeout=0), MCPConnectionError)


def test_a_back_off_holds_no_slot_and_ends_at_the_head() -> None:
    world = World(max_concurrent=1)
    world.begin("a")
    for label in ("b", "c"):
        world.submit(label)
    refuse(world, "a")
    assert [exchange.label for exchange in world.wire.exchanges] == ["a", "b"]
    world.advance(0.1)

    world.end("b", {})

    assert [exchange.label for exchange in world.wire.exchanges] == ["a", "b", "a"]


def test_no_attempt_is_made_that_could_only_begin_after_the_deadline() -> None:
    world = World()
    future, _ = world.begin("a", timeout_s=0.05)

    refuse(world, "a")

    assert failure(future, MCPConnectionError)


@pytest.mark.parametrize(("retry_after_s", "begun"), [(7.0, 1), (7.5, 1), (6.9, 2)])
def test_a_server_that_asks_for_time_gets_it(retry_after_s: float, begun: int) -> None:
    world = World()
    world.begin(SAFE)

    world.end(SAFE, OutcomeUnknownError("HTTP 503", retry_after_s=retry_after_s))
    world.advance(6.95)

    assert attempts(world, SAFE) == begun


def test_an_attempt_has_a_limit_of_its_own() -> None:
    world = World(attempt_timeout_s=2.0)
    future, exchange = world.begin(SAFE)
    exchange.write()
    world.advance(2.0)
    assert (exchange.aborted, "notifications/cancelled" in world.wire.said) == (True, True)

    exchange.end(OutcomeUnknownError("broken off"))
    world.runtime.run()
    world.advance(0.1)

    assert attempts(world, SAFE) == 2
    world.end(SAFE, {})
    assert future.result(timeout=0) == {}


def test_an_attempt_over_its_limit_that_may_have_run_ends_the_call_as_a_timeout() -> None:
    world = World(attempt_timeout_s=2.0)
    future, exchange = world.begin("a")
    exchange.write()

    world.advance(2.0)
    exchange.end(OutcomeUnknownError("broken off"))
    world.runtime.run()

    error = failure(future, MCPTimeoutError)
    assert (error.executed, "attempt_timeout_s" in str(error)) == ("unknown", True)


def test_an_attempt_over_its_limit_that_was_never_sent_is_made_again() -> None:
    world = World(attempt_timeout_s=2.0)
    _, exchange = world.begin("a")

    world.advance(2.0)
    exchange.end(NotExecutedError("broken off"))
    world.runtime.run()
    world.advance(0.1)

    assert attempts(world, "a") == 2
    assert "notifications/cancelled" not in world.wire.said


def test_an_answer_that_crosses_the_limit_of_its_attempt_is_an_answer() -> None:
    world = World(attempt_timeout_s=2.0)
    future, exchange = world.begin("a")
    exchange.write()
    world.advance(2.0)

    exchange.answer()
    world.runtime.run()

    assert future.result(timeout=0) == {"echo": "a"}


def test_an_attempt_in_time_has_no_limit_afterwards() -> None:
    world = World(attempt_timeout_s=2.0)
    world.begin("a")
    world.end("a", {})

    world.advance(2.0)

    assert world.server.is_alive()


def test_a_call_given_up_is_broken_off_and_cancelled_once() -> None:
    world = World(attempt_timeout_s=2.0)
    future, exchange = world.begin("a")
    exchange.write()
    future.cancel()
    world.runtime.run()

    world.advance(2.0)

    assert world.wire.said.count("notifications/cancelled") == 1
