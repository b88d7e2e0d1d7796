"""Calls made on behalf of somebody: what a server learns of him, and what comes back to him."""

from collections.abc import Mapping
from typing import Any

import pytest

from actors.call import Outcome, ServerName
from actors.caller import Caller
from actors.errors import MCPToolError, OutcomeUnknownError
from actors.mcp.envelope import bare
from actors.seat import Notify
from actors.transport import Request
from tests.fixtures.rounds import ACCEPTED, DISCOVERED, DONE, STATE, WHO, asking_world, asks, error_of, sent
from tests.fixtures.scripted import READ, World

PREFIX = "io.modelcontextprotocol/"
HIS: Mapping[str, Any] = {"sampling": {}, "elicitation": {"url": {}}}
MEMO: dict[str, Any] = {"resultType": "complete", "contents": [], "ttlMs": 60_000, "cacheScope": "public"}
READING: dict[str, Any] = {"params": {"uri": "memo://1"}}
TRACED: dict[str, Any] = {"traceparent": "00-1", f"{PREFIX}protocolVersion": "x", f"{PREFIX}clientCapabilities": {}}


def a_caller(**more: Any) -> Caller:
    return Caller(capabilities=HIS, **more)


def nobody_is_asked(**config: Any) -> World:
    return asking_world(lambda _: pytest.fail("asked"), **config)


def meta_of(world: World, label: str) -> Mapping[str, Any]:
    message = world.exchange(label).message
    assert isinstance(message, Request)
    meta: Mapping[str, Any] = (message.params or {}).get("_meta", {})
    return meta


def logs(world: World, data: str, exchange: int | None) -> None:
    """Let the server log something, on the stream of an exchange or on none."""
    world.wire.connections[-1].notify("notifications/message", {"data": data}, exchange=exchange)
    world.runtime.run()


def listening() -> tuple[list[Any], Notify]:
    others: list[Any] = []

    def notify(_server: ServerName, _method: str, params: Mapping[str, Any]) -> bool:
        others.append(params["data"])
        return True

    return others, notify


def test_a_modern_server_sees_what_the_caller_declares_and_not_what_we_do() -> None:
    world = nobody_is_asked()
    world.begin_tool("order", caller=a_caller(log_level="debug"))
    world.begin_tool("forecast")

    meta, ours = meta_of(world, "order"), meta_of(world, "forecast")

    assert meta == {**ours, f"{PREFIX}clientCapabilities": HIS, f"{PREFIX}logLevel": "debug"}
    assert ours[f"{PREFIX}clientCapabilities"] == {"elicitation": {"form": {}, "url": {}}}
    assert f"{PREFIX}logLevel" not in ours


def test_our_own_log_level_is_not_the_callers() -> None:
    world = nobody_is_asked(log_level="debug")

    world.begin_tool("order", caller=a_caller())

    assert f"{PREFIX}logLevel" not in meta_of(world, "order")


@pytest.mark.parametrize(("protocol", "ours"), [("modern", 3), ("legacy", 0)])
def test_what_is_reserved_in_the_callers_meta_goes_no_further_and_the_rest_does(protocol: str, ours: int) -> None:
    world = nobody_is_asked() if protocol == "modern" else World()

    world.begin("prompts/get", params={"name": "p", "_meta": TRACED}, caller=a_caller())

    meta = meta_of(world, "prompts/get")
    assert meta["traceparent"] == "00-1"
    assert sum(key.startswith(PREFIX) for key in meta) == ours
    assert meta.get(f"{PREFIX}protocolVersion") in {None, "2026-07-28"}


@pytest.mark.parametrize("params", [None, {}, {"name": "p"}])
def test_params_without_meta_stay_as_they_are(params: Mapping[str, Any] | None) -> None:
    assert bare(params) is params


@pytest.mark.parametrize(
    "asked",
    [asks(who=WHO), asks(None, x={"method": "roots/list"}), {"resultType": "input_required", "requestState": STATE}],
)
def test_what_the_server_asks_for_is_the_outcome_of_the_call(asked: Outcome) -> None:
    world = nobody_is_asked(breaker={"failure_threshold": 1})
    future, _ = world.begin_tool("order", caller=a_caller())

    world.end("order", asked)
    world.advance(10.0)

    assert future.result(0).raw == asked
    assert len(sent(world)) == 1
    assert world.status.breaker.failures == 0


def test_prompts_and_resources_that_ask_end_alike() -> None:
    world = nobody_is_asked()
    future, _ = world.begin("resources/read", caller=a_caller(), **READING)

    world.end("resources/read", asks(who=WHO))

    assert future.result(0) == asks(who=WHO)


def test_a_question_is_no_result_that_a_schema_could_be_broken_by() -> None:
    world = nobody_is_asked()
    world.wire.script("server/discover", DISCOVERED)
    world.wire.script("tools/list", {"tools": [{"name": "order", "outputSchema": {"type": "object"}}]})
    assert world.connect(anew=True).result(0)
    future, _ = world.begin_tool("order", caller=a_caller())

    world.end("order", asks(who=WHO))

    assert future.result(0).raw == asks(who=WHO)


def test_a_question_that_nobody_has_read_by_the_actors_end_is_an_answer_all_the_same() -> None:
    world = nobody_is_asked()
    future, exchange = world.begin_tool("order", caller=a_caller())
    exchange.write()

    world.server.tell("nonsense")
    exchange.end(asks(who=WHO))
    world.runtime.run()

    assert future.result(0).raw == asks(who=WHO)


def test_his_answers_go_up_as_they_came() -> None:
    world = nobody_is_asked()
    his = {"inputResponses": {"who": ACCEPTED, "odd": None}, "requestState": STATE}
    params = {"name": "order", "arguments": {"n": None}, **his}
    future = world.submit("tools/call", params=params, caller=a_caller())
    world.runtime.run()

    world.end("order", DONE)

    assert sent(world) == [params]
    assert future.result(0).raw == DONE


def test_a_repeat_is_made_on_his_behalf_too_until_the_server_asks() -> None:
    world = nobody_is_asked()
    future, _ = world.begin_tool("forecast", caller=a_caller())
    world.end("forecast", OutcomeUnknownError("reset"))
    world.advance(2.0)
    assert meta_of(world, "forecast")[f"{PREFIX}clientCapabilities"] == HIS

    world.end("forecast", asks(who=WHO))
    world.advance(10.0)

    assert future.result(0).raw == asks(who=WHO)
    assert len(sent(world, "forecast")) == 2


@pytest.mark.parametrize("answer", [{"resultType": "input_required"}, asks(7, who=WHO)])
def test_a_question_that_cannot_be_read_is_not_handed_on(answer: Outcome) -> None:
    world = nobody_is_asked()
    future, _ = world.begin_tool("order", caller=a_caller())

    world.end("order", answer)

    assert isinstance(error_of(future), MCPToolError)


def test_what_he_was_answered_is_not_kept_for_others_nor_others_answers_for_him() -> None:
    world = nobody_is_asked()
    world.begin("resources/read", caller=a_caller(), **READING)
    world.end("resources/read", MEMO)
    world.begin("resources/read", **READING)
    assert len(sent(world, "resources/read")) == 2
    world.end("resources/read", MEMO)

    world.begin("resources/read", caller=a_caller(), **READING)

    assert len(sent(world, "resources/read")) == 3


def test_a_legacy_server_is_called_as_ever() -> None:
    world = World(tools={"order": {}})
    future, _ = world.begin_tool("order", caller=a_caller(log_level="debug"))

    world.end("order", asks(who=WHO))

    assert sent(world) == [{"name": "order", "arguments": {}}]
    assert meta_of(world, "order") == {}
    assert future.result(0).raw == asks(who=WHO)


def test_he_hears_the_log_messages_of_his_call_and_nobody_else_does() -> None:
    his: list[Mapping[str, Any]] = []
    others, notify = listening()
    world = World(tools={"order": READ}, notify=notify)
    _, exchange = world.begin_tool("order", caller=a_caller(on_log=his.append))
    number = exchange.message.id
    assert isinstance(number, int)

    logs(world, "his", number)
    logs(world, "of another stream", number + 100)
    logs(world, "of no stream", None)

    assert his == [{"data": "his"}]
    assert others == ["of another stream", "of no stream"]


@pytest.mark.parametrize("caller", [None, a_caller()])
def test_log_messages_that_nobody_wants_for_himself_go_where_all_do(caller: Caller | None) -> None:
    others, notify = listening()
    world = World(tools={"order": READ}, notify=notify)
    _, exchange = world.begin_tool("order", caller=caller)

    logs(world, "mine", int(exchange.message.id))

    assert others == ["mine"]


def test_a_call_that_has_ended_logs_no_more() -> None:
    his: list[Mapping[str, Any]] = []
    world = World(tools={"order": READ})
    future, exchange = world.begin_tool("order", caller=a_caller(on_log=his.append))
    exchange.write()
    future.cancel()
    world.runtime.run()

    logs(world, "late", int(exchange.message.id))

    assert future.done()
    assert his == []
