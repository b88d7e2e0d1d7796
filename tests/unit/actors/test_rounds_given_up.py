"""While the user thinks: a call whose server has asked him goes on, or is given up, at any moment."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from actors.errors import (
    CallCancelledError,
    MCPConnectionError,
    MCPTimeoutError,
    NotExecutedError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.inputs import Elicitation
from actors.messages import Disconnect, Drain
from tests.fixtures.rounds import (
    ACCEPTED,
    DISCOVERED,
    DONE,
    WHO,
    Thinking,
    asking_world,
    asks,
    error_of,
    sent,
)
from tests.fixtures.scripted import World


def test_a_call_that_waits_for_the_user_holds_no_slot() -> None:
    statuses: list[tuple[int, int, int]] = []

    def meanwhile(thinking: Thinking) -> None:
        thinking.world.advance(0.1)
        status = thinking.world.status
        statuses.append((status.in_flight, status.waiting, status.owed))
        thinking.world.begin_tool("forecast")
        thinking.world.end("forecast", DONE)

    thinking = Thinking(meanwhile, max_concurrent=1)

    assert statuses == [(0, 0, 1)]
    assert len(sent(thinking.world)) == 2


def test_a_cancel_while_the_user_thinks_ends_the_call_and_his_answer_is_dropped() -> None:
    thinking = Thinking(lambda thinking: thinking.future.cancel())

    error = error_of(thinking.future)
    assert isinstance(error, CallCancelledError)
    assert error.executed == "unknown"
    assert "waiting for an answer to its server's question" in error.message
    assert not thinking.in_time
    assert len(sent(thinking.world)) == 1


def test_the_deadline_goes_on_while_the_user_thinks_and_says_nothing_of_the_server() -> None:
    thinking = Thinking(lambda thinking: thinking.world.advance(30.0), breaker={"failure_threshold": 1})

    error = error_of(thinking.future)
    assert isinstance(error, MCPTimeoutError)
    assert error.executed == "unknown"
    assert "server/discover" not in thinking.world.wire.said[1:]  # No ping out of suspicion.
    assert thinking.world.status.tools_open == ()
    assert len(sent(thinking.world)) == 1


@pytest.mark.parametrize("end", [World.stop, World.crash])
def test_the_end_of_the_actor_while_the_user_thinks_is_unknown(end: Callable[[World], None]) -> None:
    thinking = Thinking(lambda thinking: end(thinking.world))

    error = error_of(thinking.future)
    assert isinstance(error, OutcomeUnknownError)
    assert len(sent(thinking.world)) == 1


def test_for_a_call_that_somebody_else_has_given_up_nobody_is_asked() -> None:
    asked = asking_world(lambda _: pytest.fail("asked"))
    future, exchange = asked.begin_tool("order")
    exchange.write()
    assert asked.actor is not None
    owed = asked.actor.ledger.get(future.request_id)
    assert owed is not None
    assert owed.withdraw() == "unknown"  # As a face does, or the supervisor of one that hangs.

    exchange.end(asks(who=WHO))
    asked.runtime.run()

    assert error_of(future).message == "given up while its server asked for input"
    assert len(sent(asked)) == 1


def test_an_answer_that_nobody_reads_any_more_is_no_result() -> None:
    asked = asking_world()
    future, exchange = asked.begin_tool("order")
    exchange.write()

    asked.server.stop(block=False)
    exchange.end(asks(who=WHO))
    asked.runtime.run()

    assert isinstance(error_of(future), OutcomeUnknownError)


def test_a_call_goes_on_after_a_reconnect_while_the_user_thought() -> None:
    def meanwhile(thinking: Thinking) -> None:
        thinking.world.wire.script("server/discover", DISCOVERED)
        thinking.world.connect(anew=True)

    thinking = Thinking(meanwhile)
    thinking.world.end("order", DONE)

    assert len(thinking.world.wire.connections) == 2
    assert thinking.future.result(0).raw == DONE


def test_a_call_whose_server_is_refused_meanwhile_ends_and_may_have_run() -> None:
    def meanwhile(thinking: Thinking) -> None:
        refusal = ServerUnavailableError("401", state="auth_required")
        thinking.world.begin_tool("forecast")
        thinking.world.end("forecast", refusal)

    thinking = Thinking(meanwhile)

    error = error_of(thinking.future)
    assert thinking.in_time
    assert isinstance(error, OutcomeUnknownError)
    assert isinstance(error.__cause__, NotExecutedError)


def test_a_call_whose_connection_does_not_come_back_ends_like_any_other() -> None:
    def meanwhile(thinking: Thinking) -> None:
        refused = MCPConnectionError("refused")
        thinking.world.wire.script("server/discover", *[refused] * 9)
        thinking.world.connect(anew=True)

    thinking = Thinking(meanwhile, max_retries=0)
    thinking.world.advance(1.0)

    assert error_of(thinking.future).executed == "unknown"


def test_a_disconnect_while_the_user_thinks_ends_the_call() -> None:
    thinking = Thinking(lambda thinking: thinking.world.server.tell(Disconnect(reply=Future())))

    assert error_of(thinking.future).executed == "unknown"
    assert not thinking.in_time


def test_a_drain_waits_for_the_user_within_its_time() -> None:
    drained: Future[bool] = Future()

    def meanwhile(thinking: Thinking) -> None:
        thinking.world.server.tell(Drain(deadline=thinking.world.runtime.now + 10.0, reply=drained))

    thinking = Thinking(meanwhile)
    thinking.world.end("order", DONE)

    assert thinking.in_time
    assert thinking.future.result(0).raw == DONE
    assert drained.result(0)


def test_more_questions_than_may_be_open_end_their_calls_at_once() -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        asked.runtime.run()
        return ACCEPTED

    asked = asking_world(answer, max_concurrent=40)
    futures = [asked.call_tool("order") for _ in range(40)]
    asked.runtime.run()
    for exchange in list(asked.wire.exchanges):
        exchange.write()
        exchange.end(asks(who=WHO))
    asked.runtime.run()

    ended = [error_of(future) for future in futures if future.done()]
    assert 0 < len(ended) <= 24
    assert {str(error.message) for error in ended} == {
        "the server asks for input: busy: too many questions are open on this client"
    }
    assert len(sent(asked)) == 80 - len(ended)
