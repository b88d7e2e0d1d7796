"""Whatever comes in over HTTP is answered: never by an internal error, never by silence, once."""

import asyncio
import json
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.catalogue import table
from tests.fixtures.asgi import META, Asked, Caller
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, offering, serving
from tests.fixtures.manual_time import on_a_loop

WORDS = [
    "initialize",
    "ping",
    "tools/list",
    "tools/call",
    "prompts/get",
    "prompts/list",
    "resources/read",
    "completion/complete",
    "resources/list",
    "resources/subscribe",
    "resources/unsubscribe",
    "logging/setLevel",
    "server/discover",
    "tasks/get",
    "notifications/cancelled",
    "notifications/initialized",
    "subscriptions/listen",
]
SAID = [
    "a__status",
    "call_tool",
    "search_tools",
    "x://a",
    "2025-11-25",
    "2025-03-26",
    "2026-07-28",
    "debug",
    "ref/prompt",
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(SAID)
KEYS = [
    "name",
    "arguments",
    "uri",
    "cursor",
    "level",
    "ref",
    "type",
    "argument",
    "value",
    "protocolVersion",
    "capabilities",
    "_meta",
    "progressToken",
    "requestId",
    "notifications",
    "resourceSubscriptions",
    "inputResponses",
    "requestState",
    "task",
]
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries(
    {"jsonrpc": st.sampled_from(["2.0", "2.0", "2.0", "1.0"])},
    optional={
        "id": st.integers() | st.text(max_size=3) | st.none() | st.booleans(),
        "method": st.sampled_from([*WORDS, "", "\ud800"]),
        "params": JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5),
        "result": JSON,
        "error": JSON,
    },
)
BODY = st.one_of(MESSAGE, st.lists(MESSAGE, max_size=3), JSON, st.binary(max_size=40))
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "accept": st.sampled_from(["application/json", "text/event-stream", "*/*", "x"]),
        "mcp_protocol_version": st.sampled_from(["2025-11-25", "2025-03-26", "2026-07-28", "1999", ""]),
        "mcp_method": st.sampled_from(WORDS[:8]),
        "mcp_name": st.sampled_from(["a__status", "=?base64?!?=", "=?base64?YQ==?="]),
        "content_type": st.sampled_from(["application/json; charset=x", "text/plain"]),
        "content_length": st.sampled_from(["0", "-1", "9" * 30]),
        "origin": st.sampled_from(["http://localhost", "null", "http://[", "https://evil.example"]),
        "host": st.sampled_from(["localhost:1", "", "[::1]:80", "a@b", "evil.example"]),
        "last_event_id": st.just("1"),
    },
)
REQUEST = st.tuples(
    st.sampled_from(["POST", "POST", "POST", "POST", "GET", "DELETE", "PUT"]),
    BODY,
    HEADERS,
    st.sampled_from(["none", "mine", "other"]),
    st.booleans(),
)
_WITHIN_S = 5.0


async def answered(caller: Caller, request: tuple[str, Any, dict[str, str], str, bool]) -> Asked:
    """Send one request, by the last of it as a modern caller would, and wait for its end, or until he listens."""
    method, body, headers, session, is_modern = request
    if is_modern and isinstance(body, dict):
        message = table(cast("object", body))
        body = {**message, "params": {**table(message.get("params")), "_meta": META}}
        headers = {"mcp_protocol_version": "2026-07-28", "mcp_method": str(message.get("method")), **headers}
    if session != "none":
        headers = {**headers, "mcp_session_id": caller.session if session == "mine" else "f" * 32}
    headers = {name: value.encode(errors="replace").decode() for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = caller.http(method, content, **headers)
    done, _ = await asyncio.wait({asked.task}, timeout=0.02)
    if not done:  # He listens, or asks a server: he goes away, and that ends it.
        await asyncio.wait_for(asked.leave(), _WITHIN_S)
    return asked


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUEST, min_size=1, max_size=12))
def test_nothing_that_comes_in_is_an_internal_error_or_answered_twice(requests: list[Any]) -> None:
    send_all(requests)


@on_a_loop
async def send_all(requests: list[Any]) -> None:
    """Send these to a gateway of one server, one after the other; it still serves afterwards."""
    scripts = Scripts()
    offering(scripts, "a", resources={"subscribe": True}, prompts={}, completions={})
    for kind in ("prompts", "resources", "resourceTemplates"):
        method = "resources/templates/list" if kind == "resourceTemplates" else f"{kind}/list"
        scripts.wire("a").script(method, *(dict[str, Any]({kind: []}) for _ in range(50)))
    async with serving({"a": {**LEGACY, "per_session": True}}, scripts) as (caller, _, _gateway):
        await caller.initialize("2025-03-26")
        for request in requests:
            asked = await answered(caller, request)
            assert asked.status not in (0, 500), request
            assert b"Internal error" not in asked.body, (request, asked.body)

        assert (await caller.modern("tools/call", {"name": "a__status"}).done()).result["content"]
