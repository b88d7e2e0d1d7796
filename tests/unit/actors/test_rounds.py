"""Calls that a modern server answers with questions: asked, and sent again with the answers."""

from collections import UserDict
from typing import Any

import pytest

from actors.breaker import State as BreakerState
from actors.call import Outcome
from actors.errors import (
    InvalidCallError,
    MCPToolError,
    OutcomeUnknownError,
)
from actors.inputs import Elicitation
from actors.transport import Request
from tests.fixtures.rounds import ACCEPTED, DONE, FORM, STATE, WHO, asking_world, asks, error_of, sent
from tests.fixtures.scripted import World


def test_the_user_is_asked_and_the_call_is_sent_again_with_his_answer_and_the_state_as_it_came() -> None:
    asked = asking_world()
    future, exchange = asked.begin_tool("order")

    asked.end("order", asks(who=WHO))
    asked.end("order", DONE)

    assert future.result(0).raw == DONE
    first: dict[str, Any] = {"name": "order", "arguments": {}}
    assert sent(asked) == [first, {**first, "inputResponses": {"who": ACCEPTED}, "requestState": STATE}]
    again = asked.exchange("order")
    assert again.message.id != exchange.message.id
    assert isinstance(again.message, Request)
    assert (again.message.params or {})["_meta"]["io.modelcontextprotocol/clientCapabilities"] == {
        "elicitation": {"form": {}, "url": {}}
    }


@pytest.mark.parametrize(
    ("method", "params"), [("prompts/get", {"name": "greet"}), ("resources/read", {"uri": "memo://1"})]
)
def test_prompts_and_resources_may_ask_too(method: str, params: dict[str, str]) -> None:
    asked = asking_world()
    future, _ = asked.begin(method, params=params)

    asked.end(method, asks(None, who=WHO))
    asked.end(method, {"resultType": "complete", "contents": []})

    assert future.result(0) == {"resultType": "complete", "contents": []}
    assert sent(asked, method) == [params, {**params, "inputResponses": {"who": ACCEPTED}}]


def test_several_questions_are_asked_one_after_the_other_and_answered_together() -> None:
    seen: list[str] = []

    def answer(question: Elicitation) -> dict[str, Any]:
        seen.append(question.message)
        assert len(sent(asked)) == 1
        return {"action": "accept", "content": {"name": question.message}}

    asked = asking_world(answer)
    asked.begin_tool("order")

    asked.end("order", asks(a=WHO, b={**WHO, "params": {**FORM, "message": "What?"}}))

    assert seen == ["Who?", "What?"]
    said = {name: response["content"]["name"] for name, response in sent(asked)[1]["inputResponses"].items()}
    assert said == {"a": "Who?", "b": "What?"}


@pytest.mark.parametrize("more", [{}, {"inputRequests": None}, {"inputRequests": {}}])
def test_without_a_question_the_same_goes_out_again_at_once_with_the_state(more: dict[str, Any]) -> None:
    asked = asking_world(lambda _: pytest.fail("asked"))
    future, _ = asked.begin_tool("order")

    asked.end("order", {"resultType": "input_required", "requestState": "later", **more})

    assert sent(asked)[1] == {"name": "order", "arguments": {}, "requestState": "later"}
    assert not future.done()


def test_each_round_carries_its_own_inputs_alone() -> None:
    asked = asking_world()
    asked.begin_tool("order")

    asked.end("order", asks("one", a=WHO))
    asked.end("order", asks(None, b=WHO))
    asked.end("order", asks("three"))

    assert [set(params) - {"name", "arguments"} for params in sent(asked)] == [
        set(),
        {"inputResponses", "requestState"},
        {"inputResponses"},
        {"requestState"},
    ]
    assert set(sent(asked)[2]["inputResponses"]) == {"b"}


def test_nothing_of_it_goes_out_with_another_call() -> None:
    asked = asking_world()
    asked.begin_tool("order")
    asked.end("order", asks(who=WHO))

    asked.begin_tool("forecast")

    assert sent(asked, "forecast") == [{"name": "forecast", "arguments": {}}]


def test_what_a_user_had_a_say_in_is_not_kept_for_the_next_who_asks() -> None:
    asked = asking_world()
    memo: dict[str, Any] = {"resultType": "complete", "contents": [], "ttlMs": 60_000, "cacheScope": "private"}
    asked.begin("resources/read", params={"uri": "memo://1"})
    asked.end("resources/read", asks(who=WHO))
    asked.end("resources/read", memo)

    again, _ = asked.begin("resources/read", params={"uri": "memo://1"})

    assert not again.done()
    assert len(sent(asked, "resources/read")) == 3
    asked.end("resources/read", memo)
    kept = asked.submit("resources/read", params={"uri": "memo://1"})
    asked.runtime.run()
    assert kept.result(0) == memo
    assert len(sent(asked, "resources/read")) == 3


def test_two_calls_ask_at_once_and_each_gets_its_own_answer() -> None:
    def answer(question: Elicitation) -> dict[str, Any]:
        asked.runtime.run()  # The other one, meanwhile.
        return {"action": "accept", "content": {"name": question.message}}

    asked = asking_world(answer)
    asked.begin_tool("order")
    asked.begin_tool("forecast")
    for tool in ("order", "forecast"):
        exchange = asked.exchange(tool)
        exchange.write()
        exchange.end(asks(tool, who={**WHO, "params": {**FORM, "message": tool}}))

    asked.runtime.run()

    for tool in ("order", "forecast"):
        again = sent(asked, tool)[1]
        assert again["requestState"] == tool
        assert again["inputResponses"]["who"]["content"] == {"name": tool}


def test_rounds_are_no_attempts() -> None:
    asked = asking_world(max_retries=1)
    future, _ = asked.begin_tool("forecast")
    for _ in range(5):
        asked.end("forecast", asks(who=WHO))

    asked.end("forecast", OutcomeUnknownError("reset"))
    asked.advance(2.0)
    asked.end("forecast", DONE)

    assert future.result(0).raw == DONE
    assert asked.statistics.retries == 1


def test_a_repeat_carries_the_inputs_of_its_round() -> None:
    asked = asking_world()
    asked.begin_tool("forecast")
    asked.end("forecast", asks(who=WHO))

    asked.end("forecast", OutcomeUnknownError("reset"))
    asked.advance(2.0)

    assert len(sent(asked, "forecast")) == 3
    assert sent(asked, "forecast")[2] == sent(asked, "forecast")[1]


def test_a_round_that_may_not_run_twice_is_not_repeated() -> None:
    asked = asking_world()
    future, _ = asked.begin_tool("order")
    asked.end("order", asks(who=WHO))

    asked.end("order", OutcomeUnknownError("reset"))

    assert isinstance(error_of(future), OutcomeUnknownError)


@pytest.mark.parametrize("error", [MCPToolError("no", executed="no", code=-32602), InvalidCallError("no JSON")])
def test_once_a_round_was_answered_no_end_is_without_consequence(error: Any) -> None:
    asked = asking_world()
    future, _ = asked.begin_tool("order")
    asked.end("order", asks(who=WHO))

    asked.end("order", error)

    assert error_of(future).executed == "unknown"


def test_a_server_that_never_has_enough_is_given_up_after_ten_rounds() -> None:
    asked = asking_world()
    future, _ = asked.begin_tool("order")

    for _ in range(10):
        asked.end("order", asks(who=WHO))
        assert not future.done()
    asked.end("order", asks(who=WHO))

    error = error_of(future)
    assert isinstance(error, MCPToolError)
    assert (error.message, error.executed) == ("the server asks for input: again after 10 rounds", "unknown")
    assert len(sent(asked)) == 11


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (asks(x={"method": "sampling/createMessage", "params": {"messages": []}}), "offers no such method"),
        (asks(who=WHO, x={"method": "roots/list"}), "offers no such method"),
        (asks(x={"method": "tools/call"}), "offers no such method"),
        (asks(x={"method": "elicitation/create"}), "without its requestedSchema"),
        (asks(x={"params": {}}), "no method"),
        (asks(x="elicitation/create"), "no method"),
        ({"resultType": "input_required"}, "neither what for nor how to go on"),
        ({"resultType": "input_required", "inputRequests": {}}, "neither what for nor how to go on"),
        ({"resultType": "input_required", "inputRequests": [WHO]}, "neither what for nor how to go on"),
        (asks(7, who=WHO), "neither what for nor how to go on"),
    ],
)
def test_junk_and_what_was_not_declared_end_the_call_with_one_error_and_nobody_is_asked(
    answer: Outcome, why: str
) -> None:
    asked = asking_world(lambda _: pytest.fail("asked"))
    future, _ = asked.begin_tool("order")

    asked.end("order", answer)

    error = error_of(future)
    assert isinstance(error, MCPToolError)
    assert error.message.startswith("the server asks for input: ")
    assert why in error.message
    assert error.executed == "unknown"
    assert asked.status.breaker.failures == 0


def test_a_handler_that_raises_ends_the_call_and_is_no_failure_of_the_server() -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        raise KeyError("no such answer")

    asked = asking_world(answer, breaker={"failure_threshold": 1})
    future, _ = asked.begin_tool("order")

    asked.end("order", asks(who=WHO))

    assert "on_elicitation of this client gave no answer" in str(error_of(future))
    assert asked.status.breaker.state is BreakerState.CLOSED


def test_a_handler_that_breaks_in_a_way_nobody_thought_of_leaves_no_call_waiting() -> None:
    class Odd(UserDict[str, Any]):
        def __iter__(self) -> Any:
            raise KeyError("odd")

    asked = asking_world(lambda _: Odd())
    future, _ = asked.begin_tool("order")

    asked.end("order", asks(who=WHO))

    assert error_of(future).message == "the server asks for input: internal error of this client"


@pytest.mark.parametrize(("method", "kind"), [("tools/call", "task"), ("tools/call", 7), ("tools/x", "input_required")])
def test_a_result_of_another_type_is_malformed(method: str, kind: Any) -> None:
    asked = asking_world()
    future, _ = asked.begin_tool("order") if method == "tools/call" else asked.begin(method)

    asked.end("order" if method == "tools/call" else method, {"resultType": kind, "inputRequests": {"who": WHO}})

    error = error_of(future)
    assert isinstance(error, OutcomeUnknownError)
    assert error.message == f"malformed answer: its resultType is {kind!r}"
    assert asked.status.breaker.failures == 1


def test_a_result_without_a_type_is_complete() -> None:
    asked = asking_world()
    future, _ = asked.begin_tool("order")

    asked.end("order", {"content": []})

    assert future.result(0).raw == {"content": []}


def test_a_legacy_servers_result_has_no_type_whatever_it_says() -> None:
    legacy = World(tools={"order": {}})
    future, _ = legacy.begin_tool("order")

    legacy.end("order", asks(who=WHO))

    assert future.result(0).raw == asks(who=WHO)
