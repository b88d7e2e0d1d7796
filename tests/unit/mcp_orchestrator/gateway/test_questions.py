"""What a modern server asks of a caller within a session: a request on the stream of his call, and his answer back."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from actors.transport import Request
from mcp_orchestrator.gateway import questions
from mcp_orchestrator.gateway.questions import MOST_ROUNDS, askable
from tests.fixtures.asgi import Asked, Caller, P
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import MODERN, serving
from tests.fixtures.manual_time import on_a_loop

CALL = {"name": "a__status", "arguments": {"n": None}}
FORM: Mapping[str, Any] = {"mode": "form", "message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}
WHO: Mapping[str, Any] = {"method": "elicitation/create", "params": FORM}
ANN = {"action": "accept", "content": {"name": "Ann"}}


def asks(state: str | None = "s", **requests: Any) -> dict[str, Any]:
    """Return a server's answer that wants input."""
    wanted = {"resultType": "input_required", "inputRequests": requests}
    return wanted if state is None else {**wanted, "requestState": state}


@asynccontextmanager
async def asking(*answers: Mapping[str, Any], **declared: Any) -> AsyncGenerator[tuple[Caller, Scripts]]:
    """Serve a modern server that answers a tool so, to a caller who has opened a session and declared this."""
    scripts = Scripts()
    scripts.wire("a").script("server/discover", {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
    scripts.wire("a").script("status", *map(dict, answers))
    async with serving({"a": MODERN}, scripts) as (caller, _, _gateway):
        params = {"protocolVersion": "2025-11-25", "capabilities": declared}
        message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
        opened = await caller.http("POST", message).done()
        caller.session = opened.headers["mcp-session-id"]
        yield caller, scripts


async def say(caller: Caller, request_id: object, **answer: Any) -> Asked:
    """Post a response."""
    return await caller.http(
        "POST", {"jsonrpc": "2.0", "id": request_id, **answer}, mcp_session_id=caller.session
    ).done()


def sent(scripts: Scripts) -> list[Mapping[str, Any]]:
    """Return the params of every call that reached the server, without `_meta`."""
    requests = [message for message in scripts.wire("a").sent if isinstance(message, Request)]
    calls = [request.params or {} for request in requests if request.method == "tools/call"]
    return [{key: value for key, value in params.items() if key != "_meta"} for params in calls]


def refused(result: Mapping[str, Any]) -> str:
    """Return the sentence of a call that has ended without its tool's answer."""
    assert result["isError"] is True
    text: str = result["content"][0]["text"]
    return text


@on_a_loop
async def test_the_caller_is_asked_on_the_stream_of_his_call_and_the_server_gets_his_answer() -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, scripts):
        call = caller.legacy("tools/call", CALL)
        (question,) = await call.told(1)

        taken = await say(caller, question["id"], result=ANN)

        assert taken.status == 202
        assert (question["method"], question["params"]) == ("elicitation/create", FORM)
        assert (await call.done()).messages[-1]["id"] == 7
        assert call.result["structuredContent"] == {"of": "status"}
        first = {"name": "status", "arguments": {"n": None}}
        assert sent(scripts) == [first, {**first, "inputResponses": {"who": ANN}, "requestState": "s"}]


@on_a_loop
async def test_the_server_sees_what_can_be_asked_of_the_caller() -> None:
    declared: dict[str, Any] = {"elicitation": {"form": {}, "url": {}}, "roots": {"listChanged": True}, "tasks": {}}
    async with asking(**declared) as (caller, scripts):
        await caller.legacy("tools/call", CALL).done()

        (request,) = (m for m in scripts.wire("a").sent if isinstance(m, Request) and m.method == "tools/call")
        assert (request.params or {})["_meta"][f"{P}clientCapabilities"] == {"elicitation": {}, "roots": {}}


@pytest.mark.parametrize(
    ("declared", "asked"),
    [
        ({}, {}),
        ({"sampling": {"tools": {}}}, {"sampling": {"tools": {}}}),
        ({"elicitation": {"url": {}}}, {}),
        ({"elicitation": {"form": {}}, "experimental": {"x": {}}}, {"elicitation": {}}),
        ({"elicitation": None, "sampling": None}, {"sampling": {}}),
    ],
)
def test_only_what_both_eras_mean_alike_can_be_asked(declared: dict[str, Any], asked: dict[str, Any]) -> None:
    assert askable(declared) == asked


@on_a_loop
async def test_who_takes_no_events_cannot_be_asked_and_the_server_is_told_so() -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, scripts):
        message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": CALL}
        call = await caller.http("POST", message, mcp_session_id=caller.session, accept="application/json").done()

        assert "cannot be asked" in refused(call.result)
        (request,) = (m for m in scripts.wire("a").sent if isinstance(m, Request) and m.method == "tools/call")
        assert (request.params or {})["_meta"][f"{P}clientCapabilities"] == {}


@on_a_loop
async def test_several_questions_are_asked_one_after_the_other_and_answered_together() -> None:
    async with asking(asks(None, a=WHO, b={"method": "roots/list"}), elicitation={}, roots={}) as (caller, scripts):
        call = caller.legacy("tools/call", CALL)
        (first,) = await call.told(1)
        await say(caller, first["id"], result=ANN)
        (_, second) = await call.told(2)
        await say(caller, second["id"], result={"roots": []})
        await call.done()

        assert second["method"] == "roots/list"
        assert first["id"] != second["id"]
        assert sent(scripts)[1]["inputResponses"] == {"a": ANN, "b": {"roots": []}}
        assert "requestState" not in sent(scripts)[1]


@on_a_loop
async def test_without_a_question_the_same_goes_out_again_with_the_state() -> None:
    async with asking(asks("later"), asks("still")) as (caller, scripts):
        call = await caller.legacy("tools/call", {**CALL, "inputResponses": {}, "requestState": "his own"}).done()

        assert call.result["structuredContent"] == {"of": "status"}
        assert [params.get("requestState") for params in sent(scripts)] == [None, "later", "still"]
        assert not any("inputResponses" in params for params in sent(scripts))


@on_a_loop
async def test_a_server_that_never_has_enough_is_given_up() -> None:
    async with asking(*[asks()] * 20) as (caller, scripts):
        call = await caller.legacy("tools/call", CALL).done()

        assert "again after 10 rounds" in refused(call.result)
        assert len(sent(scripts)) == MOST_ROUNDS + 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"error": {"code": -1, "message": "not now"}}, "not now"),
        ({"error": 7}, "an error without a reason"),
        ({"result": [1]}, "an error without a reason"),
    ],
)
@on_a_loop
async def test_a_caller_who_does_not_answer_gets_a_call_that_has_failed(answer: Any, why: str) -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, scripts):
        call = caller.legacy("tools/call", CALL)
        (question,) = await call.told(1)

        await say(caller, question["id"], **answer)

        assert why in refused((await call.done()).result)
        assert len(sent(scripts)) == 1


@on_a_loop
async def test_what_answers_nothing_is_taken_and_dropped() -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, scripts):
        call = caller.legacy("tools/call", CALL)
        (question,) = await call.told(1)

        strays = [(await say(caller, stray, result={"action": "decline"})).status for stray in ("gateway-99", 1, "")]
        await say(caller, question["id"], result=ANN)
        await call.done()
        late = await say(caller, question["id"], result={"action": "decline"})

        assert strays == [202, 202, 202]
        assert late.status == 202
        assert sent(scripts)[1]["inputResponses"] == {"who": ANN}


@on_a_loop
async def test_one_session_cannot_answer_for_another() -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, scripts):
        call = caller.legacy("tools/call", CALL)
        (question,) = await call.told(1)
        other = Caller(caller.app)
        await other.initialize()

        await say(other, question["id"], result={"action": "decline"})
        await say(caller, question["id"], result=ANN)
        await call.done()

        assert sent(scripts)[1]["inputResponses"] == {"who": ANN}


@on_a_loop
async def test_who_gives_up_his_call_need_not_think_about_its_question() -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, scripts):
        call = caller.legacy("tools/call", CALL)
        (question,) = await call.told(1)

        await caller.legacy("notifications/cancelled", {"requestId": 7}, request_id=None).done()
        await call.done()

        taken_back = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": question["id"]}}
        assert taken_back in call.messages
        assert len(sent(scripts)) == 1


@on_a_loop
async def test_a_question_is_not_open_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PATIENCE_S", 0.01)
    async with asking(asks(who=WHO), elicitation={}) as (caller, _):
        call = await caller.legacy("tools/call", CALL).done()

        assert "nobody has answered" in refused(call.result)


@on_a_loop
async def test_a_gateway_that_ends_waits_for_no_answer() -> None:
    async with asking(asks(who=WHO), elicitation={}) as (caller, _):
        call = caller.legacy("tools/call", CALL)
        await call.told(1)

        caller.app.end_streams()  # type: ignore[attr-defined]  # pyright: ignore -- of the gateway

        assert "shutting down" in refused((await call.done()).result)


@on_a_loop
async def test_a_caller_is_asked_so_much_at_once_and_no_more() -> None:
    most = 16
    async with asking(*[asks(who=WHO)] * (most + 1), elicitation={}) as (caller, _):
        calls = [caller.legacy("tools/call", CALL, request_id=number) for number in range(most + 1)]
        async with asyncio.timeout(20):
            done, _waiting = await asyncio.wait([call.task for call in calls], return_when=asyncio.FIRST_COMPLETED)

        (last,) = (call for call in calls if call.task in done)
        assert "cannot be asked now" in refused(last.result)
        caller.app.end_streams()  # type: ignore[attr-defined]  # pyright: ignore -- of the gateway
        await asyncio.gather(*(call.done() for call in calls))
