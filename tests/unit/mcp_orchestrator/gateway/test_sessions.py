"""Legacy callers: their sessions, from initialize to DELETE."""

import pytest

from actors.errors import MCPToolError
from mcp_orchestrator.gateway import sessions
from mcp_orchestrator.gateway.sessions import Session, Sessions
from tests.fixtures.asgi import Caller
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, MODERN, given_up, held, offering, serving
from tests.fixtures.manual_time import on_a_loop


@pytest.mark.parametrize(
    ("wanted", "given"), [("2024-11-05", "2024-11-05"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")]
)
@on_a_loop
async def test_a_session_speaks_a_revision_that_both_know(wanted: str, given: str) -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        opened = await caller.initialize(wanted)

        assert opened.result["protocolVersion"] == given
        assert len(caller.session) == 32


@on_a_loop
async def test_initialize_without_a_version_is_refused() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        asked = await caller.http("POST", {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).done()

        assert asked.error["code"] == -32602
        assert asked.messages[0]["id"] == 1


@on_a_loop
async def test_the_instructions_of_servers_are_passed_on() -> None:
    scripts = Scripts()
    offering(scripts, "a", instructions="unused")
    scripts.wire("b").script(
        "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "instructions": "Ask."}
    )
    async with serving({"a": LEGACY, "b": LEGACY}, scripts) as (caller, _, _gateway):
        assert (await caller.initialize()).result["instructions"] == "# b\nAsk."


@on_a_loop
async def test_ping_is_answered_by_nothing_at_all() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        await caller.initialize()

        assert (await caller.legacy("ping").done()).result == {}


@on_a_loop
async def test_an_unknown_method_is_an_error_within_the_session() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        await caller.initialize()

        asked = await caller.legacy("tools/spin").done()

        assert (asked.status, asked.error["code"]) == (200, -32601)


@on_a_loop
async def test_a_log_level_is_one_of_eight() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        await caller.initialize()

        assert (await caller.legacy("logging/setLevel", {"level": "debug"}).done()).result == {}
        assert (await caller.legacy("logging/setLevel", {"level": "loud"}).done()).error["code"] == -32602
        assert (await caller.legacy("logging/setLevel", {"level": ["debug"]}).done()).error["code"] == -32602


@on_a_loop
async def test_a_session_that_was_ended_is_unknown() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        await caller.initialize()

        assert (await caller.http("DELETE", mcp_session_id=caller.session).done()).status == 200
        assert (await caller.legacy("ping").done()).status == 404


@on_a_loop
async def test_a_call_that_is_given_up_is_answered_as_cancelled_and_its_server_hears() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        asked = caller.legacy("tools/call", {"name": "a__add_nzb"}, 5)
        await held(scripts)

        taken = await caller.legacy("notifications/cancelled", {"requestId": 5}, None).done()

        assert taken.status == 202
        assert (await asked.done()).error["message"] == "cancelled"
        await given_up(scripts)


@on_a_loop
async def test_a_call_goes_on_when_its_caller_goes_away() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with serving({"a": LEGACY}, scripts) as (caller, _, gateway):
        await caller.initialize()
        asked = caller.legacy("tools/call", {"name": "a__add_nzb"}, 5)
        exchange = await held(scripts)
        asked._incoming.put_nowait({"type": "http.disconnect"})  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

        await caller.legacy("ping").done()

        assert gateway.orchestrator.get_pending_calls() == 1
        exchange.end({"content": []})
        assert (await asked.done()).result == {"content": []}


@on_a_loop
async def test_an_id_in_use_is_refused() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        asked = caller.legacy("tools/call", {"name": "a__add_nzb"}, 5)
        exchange = await held(scripts)

        assert (await caller.legacy("ping", request_id=5).done()).error["code"] == -32600
        exchange.end({"content": []})
        assert (await asked.done()).result == {"content": []}


@on_a_loop
async def test_a_batch_is_answered_by_one_where_the_revision_has_them() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        await caller.initialize("2025-03-26")
        batch = [{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in (1, 2)]
        batch.append({"jsonrpc": "2.0", "method": "notifications/initialized"})

        asked = await caller.http("POST", batch, mcp_session_id=caller.session).done()
        silent = await caller.http("POST", batch[2:], mcp_session_id=caller.session).done()

        assert [message["id"] for message in asked.messages[0]] == [1, 2]
        assert silent.status == 202


@on_a_loop
async def test_a_batch_is_refused_where_the_revision_has_none() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        await caller.initialize("2025-11-25")

        asked = await caller.http(
            "POST", [{"jsonrpc": "2.0", "id": 1, "method": "ping"}], mcp_session_id=caller.session
        ).done()

        assert asked.status == 400


@on_a_loop
async def test_what_a_modern_server_asks_is_no_result_of_a_legacy_caller() -> None:
    scripts = Scripts()
    scripts.wire("a").script("server/discover", {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
    asks = {"resultType": "input_required", "inputRequests": {"who": {"method": "roots/list"}}}
    scripts.wire("a").script("status", asks)
    async with serving({"a": MODERN}, scripts) as (caller, _, _gateway):
        await caller.initialize()

        result = (await caller.legacy("tools/call", {"name": "a__status"}).done()).result

        assert result["isError"] is True
        assert "asks for input" in result["content"][0]["text"]


@on_a_loop
async def test_structured_content_of_a_legacy_caller_is_an_object() -> None:
    scripts = Scripts()
    tool = {"name": "status", "outputSchema": {"type": "array"}}
    scripts.wire("a").script("tools/list", {"tools": [tool]})
    scripts.wire("a").script("status", {"content": [], "structuredContent": [1], "resultType": "complete"})
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()

        assert (await caller.legacy("tools/list").done()).result["tools"] == [{"name": "a__status"}]
        assert (await caller.legacy("tools/call", {"name": "a__status"}).done()).result == {"content": []}


@on_a_loop
async def test_a_resource_nobody_has_is_not_found_in_the_words_of_the_era() -> None:
    scripts = Scripts()
    offering(scripts, "a", resources={})
    listed = {"resources": [{"uri": "x://a"}]}
    scripts.wire("a").script("resources/list", listed)
    scripts.wire("a").script("resources/templates/list", {"resourceTemplates": []})
    scripts.wire("a").script("resources/read", *[MCPToolError("gone", executed="no", code=-32002)] * 2)
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()

        assert (await caller.legacy("resources/read", {"uri": "x://b"}).done()).error["code"] == -32002
        assert (await caller.legacy("resources/read", {"uri": "x://a"}).done()).error["code"] == -32002
        assert (await caller.modern("resources/read", {"uri": "x://a"}).done()).error["code"] == -32602


@on_a_loop
async def test_there_are_only_so_many_sessions_in_which_something_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 1)
    async with serving({"a": LEGACY}) as (caller, scripts, gateway):
        await caller.initialize()
        scripts.hold = True
        caller.legacy("tools/call", {"name": "a__status", "arguments": {"n": None}})
        await held(scripts)

        assert (await Caller(gateway).initialize()).status == 503


def test_a_new_session_takes_the_place_of_the_idle_one_that_was_used_the_longest_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    now, ended = [0.0], list[Session]()
    kept = Sessions(lambda: now[0], ended.append)
    first, second = kept.begin("2025-11-25"), kept.begin("2025-11-25")
    assert first is not None
    now[0] = 1.0
    assert kept.get(first.session_id) is first

    third = kept.begin("2025-11-25")

    assert ended == [second]
    assert kept.all() == [first, third]


def test_a_session_nobody_uses_ends() -> None:
    now, ended = [0.0], list[Session]()
    kept = Sessions(lambda: now[0], ended.append)
    idle, used = kept.begin("2025-11-25", {}), kept.begin("2025-11-25", {})
    assert idle is not None
    assert used is not None

    now[0] = sessions.IDLE_S
    assert kept.get(used.session_id) is used
    now[0] += 1.0

    assert kept.get(idle.session_id) is None
    assert kept.get(used.session_id) is used
    kept.begin("2025-11-25", {})
    assert ended == [idle]
