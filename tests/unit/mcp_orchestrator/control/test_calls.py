"""Calls over HTTP: what they are answered with, who may make them, and what becomes of those nobody waits for."""

from typing import Any

import pytest

from actors.errors import MCPToolError, OverloadedError
from mcp_orchestrator.access import audit
from mcp_orchestrator.access.identity import Identity
from tests.fixtures.controlled import Controlled, controlling
from tests.fixtures.faces import Scripts
from tests.fixtures.guarding import audited
from tests.fixtures.manual_time import eventually, on_a_loop

CALL = {"server": "a", "tool": "status", "params": {"limit": 5}}


def caller(*tools: str, **scopes: bool) -> Identity:
    return Identity(name="agent", scopes=frozenset({"admin"} if scopes.get("admin") else {"call", "read"}), tools=tools)


async def refused(controlled: Controlled, scripts: Scripts, outcome: Any) -> tuple[int, Any]:
    """Call a tool, let its server end it so, and return how that is told."""
    scripts.hold = True
    asked = controlled.ask("POST", "/call", CALL)
    await eventually(lambda: bool(scripts.wire("a").exchanges))
    scripts.wire("a").exchanges[-1].write()
    scripts.wire("a").exchanges[-1].end(outcome)
    await asked.done()
    return asked.status, asked.messages[0]


@on_a_loop
async def test_a_call_is_answered_with_its_data_its_raw_result_and_how_it_went() -> None:
    async with controlling("a") as (controlled, scripts):
        told = await controlled.answer("POST", "/call", CALL)

        assert (told["success"], told["executed"], told["error"]) == (True, "yes", None)
        assert told["data"] == {"of": "status"}
        assert told["result"]["content"] == [{"type": "text", "text": "[1]"}]
        assert (told["metadata"]["attempts"], told["metadata"]["protocol"]) == (1, "2025-11-25")
        sent = scripts.wire("a").sent[-1]
        assert sent.params == {"name": "status", "arguments": {"limit": 5}}  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue] -- a Request


@on_a_loop
async def test_a_call_without_a_server_goes_to_whichever_offers_the_tool() -> None:
    async with controlling("a") as (controlled, _):
        assert (await controlled.answer("POST", "/call", {"tool": "status"}))["server"] == "a"


@on_a_loop
async def test_the_audit_log_says_who_has_answered_a_call_without_a_server(caplog: pytest.LogCaptureFixture) -> None:
    anybody: dict[str, Any] = {"tool": "status", "params": {}}
    async with controlling("a") as (controlled, _):
        with audited(caplog) as records:
            called = await controlled.answer("POST", "/call", anybody)
            batch = await controlled.answer("POST", "/batch", {"calls": [anybody]})

        said = [vars(record) for record in records if record.name == audit.NAME]
        asked = [called["metadata"]["request_id"], batch["outcomes"][0]["metadata"]["request_id"]]
        assert [(one["what"], one["request_id"]) for one in said] == [("a__status", number) for number in asked]


@on_a_loop
async def test_a_tool_that_says_it_failed_has_answered() -> None:
    async with controlling("a") as (controlled, scripts):
        failure = {"isError": True, "content": [{"type": "text", "text": "no such film"}]}

        status, told = await refused(controlled, scripts, failure)

        assert (status, told["success"], told["executed"], told["data"]) == (200, False, "yes", None)
        assert (told["error"]["type"], told["error"]["message"]) == ("MCPToolError", "no such film")
        assert told["result"] == failure


@on_a_loop
async def test_an_answer_that_got_lost_is_a_bad_gateway_and_nobody_knows_what_ran() -> None:
    async with controlling("a") as (controlled, scripts):
        scripts.hold = True
        asked = controlled.ask("POST", "/call", {"server": "a", "tool": "add_nzb"})
        await eventually(lambda: bool(scripts.wire("a").exchanges))
        scripts.wire("a").exchanges[-1].write()
        scripts.wire("a").exchanges[-1].lose()
        await asked.done()

        error = asked.messages[0]["error"]
        assert (asked.status, error["type"], error["executed"]) == (502, "OutcomeUnknownError", "unknown")
        assert (error["server"], error["tool"], error["request_id"] > 0) == ("a", "add_nzb", True)
        assert "retry-after" not in asked.headers


@pytest.mark.parametrize(("code", "status"), [(-32602, 422), (-32603, 502)])
def test_a_json_rpc_error_is_the_callers_mistake_if_it_says_so_and_else_the_servers(code: int, status: int) -> None:
    @on_a_loop
    async def run() -> None:
        async with controlling("a") as (controlled, scripts):
            error = MCPToolError("the server says no", executed="unknown", code=code, data={"why": 1})

            told_status, told = await refused(controlled, scripts, error)

            assert (told_status, told["error"]["code"], told["error"]["data"]) == (status, code, {"why": 1})

    run()


@on_a_loop
async def test_what_was_not_executed_says_so_and_when_to_come_back() -> None:
    async with controlling("a") as (controlled, _):
        await controlled.answer("PUT", "/servers/a/breaker", {"state": "open", "reason": "disks", "for_s": 12.3})

        asked = await controlled.ask("POST", "/call", CALL).done()

        error = asked.messages[0]["error"]
        assert (asked.status, asked.headers["retry-after"]) == (503, "13")
        assert (error["type"], error["executed"]) == ("CircuitBreakerOpenError", "no")
        assert 12.0 < error["retry_after_s"] <= 12.3


@on_a_loop
async def test_too_many_calls_are_429() -> None:
    async with controlling(servers={"a": {"max_concurrent": 1, "max_waiting": 1}}) as (controlled, scripts):
        scripts.hold = True
        held = [controlled.ask("POST", "/call", CALL) for _ in range(2)]
        await eventually(lambda: controlled.orchestrator.get_pending_calls() == 2)

        status, error = await controlled.refusal("POST", "/call", CALL)

        assert (status, error["type"], error["executed"]) == (429, OverloadedError.__name__, "no")
        for asked in held:
            await asked.leave()


@on_a_loop
async def test_a_deadline_that_passes_is_504() -> None:
    async with controlling("a") as (controlled, scripts):
        scripts.hold = True
        asked = controlled.ask("POST", "/call", {**CALL, "timeout": 2})
        await eventually(lambda: bool(scripts.wire("a").exchanges))
        scripts.wire("a").exchanges[-1].write()
        scripts.runtime.advance(2.0)
        await asked.done()

        assert (asked.status, asked.messages[0]["error"]["executed"]) == (504, "unknown")


@on_a_loop
async def test_who_disconnects_gives_his_call_up_at_its_server_too() -> None:
    async with controlling("a") as (controlled, scripts):
        scripts.hold = True
        asked = controlled.ask("POST", "/call", CALL)
        await eventually(lambda: bool(scripts.wire("a").exchanges))
        scripts.wire("a").exchanges[-1].write()

        await asked.leave()

        await eventually(lambda: scripts.wire("a").exchanges[-1].aborted)


@on_a_loop
async def test_who_disconnects_gives_all_calls_of_his_batch_up() -> None:
    async with controlling("a") as (controlled, scripts):
        scripts.hold = True
        asked = controlled.ask("POST", "/batch", {"calls": [CALL, CALL]})
        await eventually(lambda: len(scripts.wire("a").exchanges) == 2)

        await asked.leave()

        await eventually(lambda: all(exchange.aborted for exchange in scripts.wire("a").exchanges))


@on_a_loop
async def test_a_batch_has_an_outcome_for_each_call_whatever_was_wrong_with_another() -> None:
    async with controlling("a") as (controlled, _):
        calls = [CALL, {"server": "b", "tool": "status"}, {"server": "a", "tool": "get_queue"}]

        told = await controlled.answer("POST", "/batch", {"calls": calls, "max_parallel": 2, "timeout": 5})

        assert [outcome["index"] for outcome in told["outcomes"]] == [0, 1, 2]
        assert [outcome["success"] for outcome in told["outcomes"]] == [True, False, True]
        assert told["outcomes"][1]["error"]["type"] == "UnknownServerError"
        assert (told["succeeded"], told["failed"]) == (2, 1)


@on_a_loop
async def test_who_may_call_some_tools_may_call_no_others_by_whatever_name() -> None:
    servers = {"a": {"prefix": "x", "aliases": ["alpha"], "tools": {"add_nzb": {"aliases": ["add"]}}}}
    async with controlling(servers=servers) as (controlled, scripts):
        controlled.who = caller("a__get_*")

        assert await controlled.answer("POST", "/call", {"server": "alpha", "tool": "get_queue"})
        for server, tool in (("a", "add_nzb"), ("alpha", "add"), (None, "add_nzb")):
            call = {"server": server, "tool": tool}
            assert (await controlled.refusal("POST", "/call", call))[0] == 403
            assert (await controlled.refusal("POST", "/batch", {"calls": [call]}))[0] == 403
        assert scripts.wire("a").executed[-1] == "get_queue"


@on_a_loop
async def test_who_may_call_some_tools_sees_no_others() -> None:
    async with controlling("a", "b") as (controlled, _):
        controlled.who = caller("a__get_*")

        tools = (await controlled.get("/tools"))["tools"]

        assert [(tool["server"], tool["name"], tool["published"]) for tool in tools] == [
            ("a", "get_queue", "a__get_queue")
        ]
        assert (await controlled.get("/servers/b/tools"))["tools"] == []


@on_a_loop
async def test_what_is_hidden_at_the_gateway_only_an_administrator_calls_here() -> None:
    async with controlling(servers={"a": {"hide": ["add_*"]}}) as (controlled, _):
        call = {"server": "a", "tool": "add_nzb"}
        controlled.who = caller()

        status, error = await controlled.refusal("POST", "/call", call)

        assert (status, error["type"], error["message"]) == (403, "ForbiddenError", "agent may not call a__add_nzb")
        controlled.who = caller(admin=True)
        assert (await controlled.answer("POST", "/call", call))["success"]
        shown = {tool["name"]: tool["published"] for tool in (await controlled.get("/servers/a/tools"))["tools"]}
        assert (shown["add_nzb"], shown["status"]) == (None, "a__status")


@on_a_loop
async def test_a_tool_with_words_that_no_text_can_hold_is_answered_all_the_same() -> None:
    async with controlling("a") as (controlled, scripts):
        broken = {"content": [{"type": "text", "text": "half \ud83d"}]}

        status, told = await refused(controlled, scripts, broken)

        assert (status, told["result"]) == (200, broken)
