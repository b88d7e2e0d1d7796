"""One caller over lines: both eras, answers as they come, and a start that he need not wait for."""

import json
from functools import partial
from typing import Any

import pytest

from actors.mcp.envelope import SUBSCRIPTION_ID
from actors.mcp.lines import LineSplitter
from tests.fixtures.conversing import talking
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, MODERN, given_up, held, offering, params_of
from tests.fixtures.manual_time import on_a_loop

QUEUE = {"name": "a__get_queue"}


def is_about(subscription: str, message: Any) -> bool:
    """Say whether a message belongs to a subscription."""
    return bool(message.get("params", {}).get("_meta", {}).get(SUBSCRIPTION_ID) == subscription)


@on_a_loop
async def test_a_session_and_requests_of_the_new_revision_share_the_lines() -> None:
    async with talking({"a": {}}) as talk:
        talk.hello()
        talk.modern(1, "tools/list")
        legacy = await talk.ask(2, "tools/list")
        modern = await talk.reader.answer(1)

        assert (await talk.reader.answer(0))["result"]["protocolVersion"] == "2025-11-25"
        assert modern["result"]["resultType"] == "complete"
        assert "resultType" not in legacy["result"]
        assert legacy["result"]["tools"][0]["name"] == "a__get_queue"


@on_a_loop
async def test_answers_come_as_they_are_ready() -> None:
    async with talking({"a": {}}) as talk:
        talk.scripts.hold = True
        talk.hello()
        talk.request(1, "tools/call", QUEUE)
        exchange = await held(talk.scripts)

        pong = await talk.ask(2, "ping")
        exchange.end({"content": []})

        assert pong["result"] == {}
        assert (await talk.reader.answer(1))["result"] == {"content": []}


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        (b"{nonsense", -32700, None),
        (b"\xff", -32700, None),
        (b'"text"', -32600, None),
        (b'{"jsonrpc":"2.0","id":5}', -32600, 5),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}', -32602, 5),
        (b'{"jsonrpc":"1.0","id":"x","method":"ping"}', -32600, "x"),
        (b"[]", -32600, None),
    ],
)
@on_a_loop
async def test_what_is_no_message_gets_one_error_and_the_next_is_served(
    line: bytes, code: int, request_id: object
) -> None:
    async with talking({"a": {}}) as talk:
        talk.hello()
        await talk.reader.answer(0)
        talk.say(line)
        error = await talk.reader.answer(request_id)
        await talk.ask(99, "ping")

        assert error["error"]["code"] == code
        assert len(talk.reader.messages) == 3


@on_a_loop
async def test_an_oversized_line_gets_its_error_under_its_own_id_where_that_can_be_seen() -> None:
    async with talking({"a": {}}) as talk:
        params = {"name": "x" * 2000}
        first = json.dumps({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params})
        last = json.dumps({"method": "tools/call", "params": params, "jsonrpc": "2.0", "id": 4})
        for line in LineSplitter(1000).feed(f"{first}\n{last}\n".encode()):
            talk.conversation.hear(line)

        for request_id in (3, 4):
            error = (await talk.reader.answer(request_id))["error"]
            assert (error["code"], error["message"][:20]) == (-32600, "the line is too long")


@on_a_loop
async def test_empty_lines_and_answers_that_nobody_waits_for_are_passed_over() -> None:
    async with talking({"a": {}}) as talk:
        for line in (b"", b" \r", b'{"jsonrpc":"2.0","id":"gateway-1","result":{}}'):
            talk.say(line)
        talk.hello()
        talk.say(b'{"jsonrpc":"2.0","id":"gateway-1","result":{}}')
        await talk.ask(1, "ping")

        assert [message["id"] for message in talk.reader.messages] == [0, 1]


@on_a_loop
async def test_before_initialize_there_is_no_session() -> None:
    async with talking({"a": {}}) as talk:
        assert (await talk.ask(1, "tools/list"))["error"]["message"] == "initialize comes first"


@on_a_loop
async def test_who_initializes_again_begins_anew() -> None:
    async with talking({"a": {}}) as talk:
        talk.hello()
        await talk.reader.answer(0)

        again = await talk.ask(1, "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})

        assert again["result"]["protocolVersion"] == "2025-06-18"
        assert talk.gateway.numbers().sessions == 1


@pytest.mark.parametrize("is_modern", [True, False])
@on_a_loop
async def test_a_call_that_is_cancelled_is_given_up_and_not_answered(is_modern: bool) -> None:  # noqa: FBT001 -- a parameter
    async with talking({"a": {}}) as talk:
        talk.scripts.hold = True
        talk.hello()
        if is_modern:
            talk.modern(1, "tools/call", **QUEUE)
        else:
            talk.request(1, "tools/call", QUEUE)
        await held(talk.scripts)

        talk.notify("notifications/cancelled", requestId=[1])
        talk.notify("notifications/cancelled", requestId=1)

        await given_up(talk.scripts)
        await talk.ask(2, "ping")
        assert [message["id"] for message in talk.reader.messages] == [0, 2]


@on_a_loop
async def test_an_id_in_use_is_refused() -> None:
    async with talking({"a": {}}) as talk:
        talk.scripts.hold = True
        talk.modern(1, "tools/call", **QUEUE)
        await held(talk.scripts)

        talk.modern(1, "tools/list")

        assert (await talk.reader.answer(1))["error"]["message"] == "this id is in use"


@on_a_loop
async def test_progress_comes_before_the_answer() -> None:
    async with talking({"a": {}}) as talk:
        talk.scripts.hold = True
        talk.hello()
        talk.request(1, "tools/call", {**QUEUE, "_meta": {"progressToken": "p"}})
        exchange = await held(talk.scripts)

        token = params_of(exchange)["_meta"]["progressToken"]
        talk.scripts.wire("a").connections[-1].notify(
            "notifications/progress", {"progressToken": token, "progress": 1, "total": 2}
        )
        exchange.end({"content": []})

        await talk.reader.answer(1)
        assert talk.reader.messages[-2]["params"] == {"progressToken": "p", "progress": 1, "total": 2}


@on_a_loop
async def test_a_server_asks_the_caller_and_gets_his_answer() -> None:
    scripts = Scripts()
    form: dict[str, Any] = {"method": "elicitation/create", "params": {"message": "Name?", "requestedSchema": {}}}
    scripts.wire("a").script("server/discover", {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
    scripts.wire("a").script("get_queue", {"resultType": "input_required", "inputRequests": {"q": form}})
    async with talking({"a": MODERN}, scripts) as talk:
        talk.hello(elicitation={})
        talk.request(1, "tools/call", QUEUE)

        question = await talk.reader.told("elicitation/create")
        talk.say({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"name": "Ann"}}})

        assert "result" in await talk.reader.answer(1)
        assert params_of(scripts.wire("a").exchanges[-1])["inputResponses"]["q"]["content"] == {"name": "Ann"}


@on_a_loop
async def test_who_listens_hears_changes_until_he_cancels_or_everything_ends() -> None:
    scripts = Scripts()
    offering(scripts, "a", prompts={"listChanged": True})
    async with talking({"a": LEGACY}, scripts) as talk:
        for request_id in ("first", "second"):
            talk.modern(request_id, "subscriptions/listen", notifications={"promptsListChanged": True})
            await talk.reader.reads(partial(is_about, request_id))
        talk.notify("notifications/cancelled", requestId="first")

        scripts.wire("a").connections[-1].notify("notifications/prompts/list_changed", {})
        changed = await talk.reader.told("notifications/prompts/list_changed")
        talk.gateway.end_streams()
        end = await talk.reader.answer("second")

        assert is_about("second", changed)
        assert end["result"]["_meta"][SUBSCRIPTION_ID] == "second"
        assert all(message.get("id") != "first" for message in talk.reader.messages)


@on_a_loop
async def test_a_batch_is_answered_by_a_batch_where_the_revision_has_them() -> None:
    async with talking({"a": {}}) as talk:
        talk.hello("2025-03-26")
        talk.say([{"jsonrpc": "2.0", "method": "notifications/initialized"}])
        talk.say([{"jsonrpc": "2.0", "id": number, "method": "ping"} for number in (1, 2)])

        batch = await talk.reader.reads(lambda message: isinstance(message, list))

        assert [answer["id"] for answer in batch] == [1, 2]


@on_a_loop
async def test_initialize_is_answered_before_the_servers_are_connected_and_lists_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_orchestrator.gateway.stdio.GREETING_S", 0.0)
    async with talking({"a": {}}, starts=False) as talk:
        talk.hello()
        talk.request(1, "tools/list")
        talk.modern(2, "server/discover")
        talk.modern(3, "tools/list")
        for request_id in (0, 2):
            assert "result" in await talk.reader.answer(request_id)
        assert len(talk.reader.messages) == 2

        talk.started.set_result(await talk.gateway.start())

        for request_id in (1, 3):
            assert (await talk.reader.answer(request_id))["result"]["tools"]
        assert len(talk.reader.messages) == 4, "what came before the first list is no news"


@on_a_loop
async def test_a_server_that_comes_later_is_told_of() -> None:
    scripts = Scripts()
    async with talking({"a": {}, "b": {"enabled": False}}, scripts) as talk:
        talk.hello()
        before = (await talk.ask(1, "tools/list"))["result"]["tools"]

        await talk.gateway.orchestrator.enable("b")
        await talk.reader.told("notifications/tools/list_changed")

        assert len((await talk.ask(2, "tools/list"))["result"]["tools"]) == 2 * len(before)


@on_a_loop
async def test_at_the_end_new_calls_are_refused_and_questions_about_them_answered() -> None:
    async with talking({"a": {}}) as talk:
        talk.hello()
        await talk.reader.answer(0)

        talk.conversation.end_new_work()

        assert "shutting down" in (await talk.ask(1, "tools/call", QUEUE))["error"]["message"]
        assert (await talk.ask(2, "tools/list"))["result"]["tools"]


@on_a_loop
async def test_who_has_gone_misses_his_answer_and_nothing_else_happens() -> None:
    async with talking({"a": {}}) as talk:
        talk.hello()
        await talk.reader.answer(0)
        talk.reader.has_gone = True

        talk.request(1, "ping")
        await talk.conversation.answered()

        assert len(talk.reader.messages) == 1
