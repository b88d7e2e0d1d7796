"""What callers are told meanwhile and unasked: progress, log messages, changes of lists and resources."""

from typing import Any

import pytest

from actors.errors import MCPToolError
from mcp_orchestrator.gateway import streams
from tests.fixtures.asgi import META, Asked, Caller, P
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, given_up, held, offering, params_of, serving
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.scripted_wire import ScriptedExchange

CALL: dict[str, Any] = {"name": "a__add_nzb"}
RESULT: dict[str, Any] = {"content": []}


def holding() -> Scripts:
    """Return scripts whose calls wait for the test."""
    scripts = Scripts()
    scripts.hold = True
    return scripts


def say(scripts: Scripts, method: str, **params: Any) -> None:
    """Let the server `a` say something unasked."""
    scripts.wire("a").connections[-1].notify(method, params)


def progress(scripts: Scripts, exchange: ScriptedExchange, done: float, **more: Any) -> None:
    """Let the server `a` report progress of a call."""
    params = params_of(exchange)
    say(scripts, "notifications/progress", progressToken=params["_meta"]["progressToken"], progress=done, **more)


@pytest.mark.parametrize("era", ["modern", "legacy"])
@on_a_loop
async def test_progress_comes_before_the_answer_under_the_callers_own_token(era: str) -> None:
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        meta = {"progressToken": "mine"}
        asked = (
            caller.modern("tools/call", {**CALL, "_meta": {**META, **meta}})
            if era == "modern"
            else caller.legacy("tools/call", {**CALL, "_meta": meta})
        )
        exchange = await held(scripts)

        progress(scripts, exchange, 1, total=2, message="half")
        progress(scripts, exchange, 2)
        exchange.end(RESULT)

        half, whole, answer = (await asked.done()).messages
        assert half["method"] == "notifications/progress"
        assert half["params"] == {"progressToken": "mine", "progress": 1, "total": 2, "message": "half"}
        assert whole["params"] == {"progressToken": "mine", "progress": 2}
        assert answer["result"]["content"] == []
        assert asked.headers["content-type"] == "text/event-stream"


@on_a_loop
async def test_who_takes_no_events_gets_the_answer_alone() -> None:
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        params = {**CALL, "_meta": {**META, "progressToken": 1}}
        asked = caller.modern("tools/call", params, accept="application/json")
        exchange = await held(scripts)

        progress(scripts, exchange, 1)
        exchange.end(RESULT)

        assert (await asked.done()).headers["content-type"] == "application/json"
        assert asked.result["content"] == []


@on_a_loop
async def test_a_modern_caller_who_goes_away_has_given_up() -> None:
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, gateway):
        asked = caller.modern("tools/call", CALL)
        await held(scripts)

        await asked.leave()

        assert asked.status == 0
        await given_up(scripts)
        await eventually(lambda: gateway.orchestrator.get_pending_calls() == 0)


@on_a_loop
async def test_a_call_that_takes_long_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BEGIN_AFTER_S", 0.0)
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.01)
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        asked = caller.modern("tools/call", CALL)
        exchange = await held(scripts)

        await eventually(lambda: asked.body.count(b":\n\n") > 1)
        exchange.end(RESULT)

        assert (await asked.done()).result["content"] == []


@on_a_loop
async def test_a_call_that_takes_as_long_as_calls_may_is_answered_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.0)  # A stream that has begun is kept alive; this one has not.
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, gateway):
        asked = caller.modern("tools/call", CALL)
        exchange = await held(scripts)
        await caller.modern("server/discover").done()
        exchange.end(RESULT)

        assert (await asked.done()).headers["content-type"] == "application/json"
        assert gateway.orchestrator.config.servers["a"].timeout_s < streams.BEGIN_AFTER_S  # type: ignore[index]  # a NewType of str


@on_a_loop
async def test_an_error_after_the_stream_has_begun_is_an_event() -> None:
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        asked = caller.modern("tools/call", {**CALL, "_meta": {**META, "progressToken": 1}})
        exchange = await held(scripts)

        progress(scripts, exchange, 1)
        await asked.told(1)
        exchange.end(MCPToolError("no such thing", executed="no", code=-32602))

        assert (await asked.done()).error["message"] == "no such thing"
        assert asked.status == 200


@on_a_loop
async def test_log_messages_come_with_the_call_to_whoever_asked_from_his_level_on() -> None:
    scripts = holding()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        await caller.legacy("logging/setLevel", {"level": "warning"}).done()
        asked = caller.legacy("tools/call", CALL)
        silent = caller.modern("tools/call", CALL)
        await eventually(lambda: len(scripts.wire("a").exchanges) == 2)

        say(scripts, "notifications/message", level="info", data="little")
        say(scripts, "notifications/message", level="error", data="much")
        await asked.told(1)
        for exchange in scripts.wire("a").exchanges:
            exchange.write()
            exchange.end(RESULT)

        log, _ = (await asked.done()).messages
        assert log["params"] == {"level": "error", "data": "much"}
        assert len((await silent.done()).messages) == 1


async def listening(caller: Caller, **wanted: Any) -> Asked:
    """Open a modern stream of changes, and wait for its first message."""
    asked = caller.modern("subscriptions/listen", {"notifications": wanted})
    await asked.told(1)
    return asked


@on_a_loop
async def test_a_modern_stream_begins_with_what_will_be_heard() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        asked = await listening(caller, toolsListChanged=True, promptsListChanged=False, odd=True)

        assert asked.messages == [
            {
                "jsonrpc": "2.0",
                "method": "notifications/subscriptions/acknowledged",
                "params": {"notifications": {"toolsListChanged": True}, "_meta": {f"{P}subscriptionId": 7}},
            }
        ]
        await asked.leave()


@on_a_loop
async def test_a_new_tool_is_told_to_both_eras_once_it_can_be_listed() -> None:
    scripts = Scripts()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        stream = caller.http("GET", mcp_session_id=caller.session)
        modern, deaf = await listening(caller, toolsListChanged=True), await listening(caller, promptsListChanged=True)

        scripts.wire("a").tools["new"] = {}
        say(scripts, "notifications/tools/list_changed")
        scripts.runtime.pass_on()

        assert (await stream.told(1))[0] == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        changed = (await modern.told(2))[1]
        assert changed["method"] == "notifications/tools/list_changed"
        assert changed["params"]["_meta"] == {f"{P}subscriptionId": 7}
        names = [tool["name"] for tool in (await caller.modern("tools/list").done()).result["tools"]]
        assert "a__new" in names
        assert len(deaf.messages) == 1
        for asked in (stream, modern, deaf):
            await asked.leave()


@on_a_loop
async def test_changed_prompts_are_fetched_again() -> None:
    scripts = Scripts()
    offering(scripts, "a", prompts={"listChanged": True})
    scripts.wire("a").script("prompts/list", {"prompts": [{"name": "x"}]}, {"prompts": [{"name": "y"}]})
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        modern = await listening(caller, promptsListChanged=True)
        for _ in range(2):
            listed = (await caller.modern("prompts/list").done()).result["prompts"]
            assert listed == [{"name": "a__x"}]

        say(scripts, "notifications/prompts/list_changed")

        assert (await modern.told(2))[1]["method"] == "notifications/prompts/list_changed"
        assert (await caller.modern("prompts/list").done()).result["prompts"] == [{"name": "a__y"}]
        await modern.leave()


@on_a_loop
async def test_what_a_session_missed_it_hears_once_when_it_listens() -> None:
    scripts = Scripts()
    offering(scripts, "a", prompts={"listChanged": True})
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        witness = await listening(caller, promptsListChanged=True)
        say(scripts, "notifications/prompts/list_changed")
        say(scripts, "notifications/prompts/list_changed")
        await witness.told(3)

        stream = caller.http("GET", mcp_session_id=caller.session)

        assert await stream.told(1) == [{"jsonrpc": "2.0", "method": "notifications/prompts/list_changed"}]
        await witness.leave()
        await stream.leave()


@on_a_loop
async def test_a_second_stream_of_a_session_ends_the_first() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        await caller.initialize()
        first = caller.http("GET", mcp_session_id=caller.session)
        await eventually(lambda: first.status == 200)

        second = caller.http("GET", mcp_session_id=caller.session)

        assert (await first.done()).messages == []
        assert not second.task.done()
        await second.leave()


@on_a_loop
async def test_all_streams_end_in_good_order_with_the_gateway() -> None:
    async with serving({"a": LEGACY}) as (caller, _, gateway):
        await caller.initialize()
        stream, modern = caller.http("GET", mcp_session_id=caller.session), await listening(caller)
        await eventually(lambda: stream.status == 200)

        gateway.end_streams()

        assert (await modern.done()).result["resultType"] == "complete"
        assert modern.result["_meta"][f"{P}subscriptionId"] == 7
        await stream.done()


@on_a_loop
async def test_a_resource_is_subscribed_to_as_long_as_somebody_wants_to_hear_of_it() -> None:
    scripts = Scripts()
    offering(scripts, "a", resources={"subscribe": True, "listChanged": True})
    scripts.wire("a").script("resources/list", {"resources": [{"uri": "x://a"}]})
    scripts.wire("a").script("resources/templates/list", {"resourceTemplates": []})
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        modern = await listening(caller, resourceSubscriptions=["x://a", "x://nobody"])
        assert modern.messages[0]["params"]["notifications"] == {"resourceSubscriptions": ["x://a"]}
        assert (await caller.legacy("resources/subscribe", {"uri": "x://a"}).done()).result == {}
        assert (await caller.legacy("resources/subscribe", {"uri": "x://nobody"}).done()).error["code"] == -32602

        say(scripts, "notifications/resources/updated", uri="x://a")

        stream = caller.http("GET", mcp_session_id=caller.session)
        assert (await stream.told(1))[0]["params"] == {"uri": "x://a"}
        assert (await modern.told(2))[1]["params"]["uri"] == "x://a"
        sent = scripts.wire("a").sent
        assert [getattr(m, "method", "") for m in sent].count("resources/subscribe") == 1
        await modern.leave()
        assert (await caller.legacy("resources/unsubscribe", {"uri": "x://a"}).done()).result == {}
        await eventually(
            lambda: any(getattr(m, "method", "") == "resources/unsubscribe" for m in scripts.wire("a").sent)
        )
        await stream.leave()
