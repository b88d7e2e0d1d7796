"""What must hold of a modern request: each step, its code and its HTTP status."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fixtures.asgi import META, Asked, Caller, P
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import MODERN, params_of, serving
from tests.fixtures.manual_time import on_a_loop

Ask = Callable[[Caller], Asked]
CALL = {"name": "a__status"}
OLD = {"_meta": {**META, f"{P}protocolVersion": "2099-01-01"}}


def without(key: str) -> dict[str, Any]:
    """Return params whose `_meta` lacks a key."""
    return {"_meta": {name: value for name, value in META.items() if name != f"{P}{key}"}}


REFUSED: list[tuple[str, Ask, int, int]] = [
    ("no _meta", lambda c: c.modern("tools/list", {"_meta": None}), 400, -32602),
    ("no version", lambda c: c.modern("tools/list", without("protocolVersion")), 400, -32602),
    ("no capabilities", lambda c: c.modern("tools/list", without("clientCapabilities")), 400, -32602),
    ("_meta before headers", lambda c: c.modern("tools/list", {"_meta": {}}, mcp_method="x"), 400, -32602),
    ("no version header", lambda c: c.modern("tools/list", mcp_protocol_version=""), 400, -32020),
    ("another version", lambda c: c.modern("tools/list", mcp_protocol_version="2025-11-25"), 400, -32020),
    ("no method header", lambda c: c.modern("tools/list", mcp_method=""), 400, -32020),
    ("another method", lambda c: c.modern("tools/list", mcp_method="Tools/list"), 400, -32020),
    ("no name header", lambda c: c.modern("tools/call", CALL, mcp_name=""), 400, -32020),
    ("another name", lambda c: c.modern("tools/call", CALL, mcp_name="a__add_nzb"), 400, -32020),
    ("bad base64", lambda c: c.modern("tools/call", CALL, mcp_name="=?base64?*?="), 400, -32020),
    ("headers first", lambda c: c.modern("tools/list", OLD), 400, -32020),
    ("unknown version", lambda c: c.modern("tools/list", OLD, mcp_protocol_version="2099-01-01"), 400, -32022),
    ("unknown method", lambda c: c.modern("tools/spin"), 404, -32601),
    ("initialize", lambda c: c.modern("initialize"), 404, -32601),
    ("ping", lambda c: c.modern("ping"), 404, -32601),
    ("logging/setLevel", lambda c: c.modern("logging/setLevel"), 404, -32601),
    ("resources/subscribe", lambda c: c.modern("resources/subscribe"), 404, -32601),
    ("unknown tool", lambda c: c.modern("tools/call", {"name": "a__nope"}), 400, -32602),
    ("no tool", lambda c: c.modern("tools/call"), 400, -32602),
    ("bad arguments", lambda c: c.modern("tools/call", {**CALL, "arguments": [1]}), 400, -32602),
    ("bad cursor", lambda c: c.modern("tools/list", {"cursor": "x"}), 400, -32602),
    ("unknown prompt", lambda c: c.modern("prompts/get", {"name": "x"}), 400, -32602),
    ("unknown resource", lambda c: c.modern("resources/read", {"uri": "x://y"}), 400, -32602),
    ("bad ref", lambda c: c.modern("completion/complete", {"ref": {"type": "ref/tool"}}), 400, -32602),
    ("bad filter", lambda c: c.modern("subscriptions/listen"), 400, -32602),
]


@pytest.mark.parametrize(("ask", "status", "code"), [step[1:] for step in REFUSED], ids=[step[0] for step in REFUSED])
@on_a_loop
async def test_a_request_that_is_not_in_order_is_refused(ask: Ask, status: int, code: int) -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        asked = await ask(caller).done()

        assert (asked.status, asked.error["code"]) == (status, code)
        assert asked.messages[0]["id"] == 7


@on_a_loop
async def test_an_unknown_version_hears_which_there_are() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        asked = await caller.modern("tools/list", OLD, mcp_protocol_version="2099-01-01").done()

        assert asked.error["data"] == {"supported": ["2026-07-28"], "requested": "2099-01-01"}


@on_a_loop
async def test_discover_says_who_is_there() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        result = (await caller.modern("server/discover").done()).result

        assert result["supportedVersions"] == ["2026-07-28"]
        assert result["capabilities"]["tools"] == {"listChanged": True}
        assert result["_meta"][f"{P}serverInfo"]["name"] == "mcp-orchestrator"
        assert result["ttlMs"] == 0


@on_a_loop
async def test_a_name_may_be_in_base64() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        asked = await caller.modern("tools/call", CALL, mcp_name="=?base64?YV9fc3RhdHVz?=").done()

        assert asked.status == 200


MIRRORED = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "n": {"type": "integer", "x-mcp-header": "N"},
    },
}


@pytest.mark.parametrize(
    ("arguments", "headers", "status"),
    [
        ({"region": "us"}, {"mcp_param_region": "us"}, 200),
        ({"n": 42}, {"mcp_param_n": "42.0"}, 200),
        ({}, {}, 200),
        ({"region": "ü"}, {"mcp_param_region": "=?base64?w7w=?="}, 200),
        ({"region": "us"}, {}, 400),
        ({}, {"mcp_param_region": "us"}, 400),
        ({"region": "us"}, {"mcp_param_region": "eu"}, 400),
        ({"region": "us"}, {"mcp_param_region": "=?base64?*?="}, 400),
        ({"n": 42}, {"mcp_param_n": "43"}, 400),
    ],
)
@on_a_loop
async def test_arguments_in_headers_are_those_in_the_body(
    arguments: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    scripts = Scripts()
    scripts.wire("a").script("tools/list", {"tools": [{"name": "status", "inputSchema": MIRRORED}]})
    async with serving({"a": {}}, scripts) as (caller, _, _gateway):
        asked = await caller.modern("tools/call", {**CALL, "arguments": arguments}, **headers).done()

        assert asked.status == status
        assert status == 200 or asked.error["code"] == -32020


@on_a_loop
async def test_annotations_that_no_client_would_take_are_not_passed_on() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"x": {"type": "object", "x-mcp-header": "X", "enum": [{}]}},
    }
    scripts = Scripts()
    scripts.wire("a").script("tools/list", {"tools": [{"name": "status", "inputSchema": schema, "execution": {}}]})
    async with serving({"a": {"protocol": "legacy"}}, scripts) as (caller, _, _gateway):
        (tool,) = (await caller.modern("tools/list").done()).result["tools"]

        assert tool == {
            "name": "a__status",
            "inputSchema": {"type": "object", "properties": {"x": {"type": "object", "enum": [{}]}}},
        }


@on_a_loop
async def test_what_a_server_asks_goes_to_the_caller_and_his_answer_back() -> None:
    scripts = Scripts()
    scripts.wire("a").script("server/discover", {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
    asks = {"resultType": "input_required", "inputRequests": {"who": {"method": "roots/list"}}, "requestState": "s"}
    scripts.wire("a").script("status", asks)
    extensions: dict[str, Any] = {"x.example/y": {}}
    declared: dict[str, Any] = {"roots": {}, "extensions": {**extensions, f"{P}tasks": {}}}
    meta = {**META, f"{P}clientCapabilities": declared}
    async with serving({"a": MODERN}, scripts) as (caller, _, _gateway):
        asked = await caller.modern("tools/call", {**CALL, "_meta": meta}).done()

        assert {key: asked.result[key] for key in asks} == asks
        answers: dict[str, Any] = {"inputResponses": {"who": {"roots": []}}, "requestState": "s"}
        again = await caller.modern("tools/call", {**CALL, **answers, "_meta": meta}).done()
        assert again.result["resultType"] == "complete"
        sent = params_of(scripts.exchange("a", "status"))
        assert {key: sent[key] for key in answers} == answers
        assert sent["_meta"][f"{P}clientCapabilities"] == {"roots": {}, "extensions": extensions}
