"""What callers of both eras get from a gateway over scripted servers."""

from tests.fixtures.gateways import LEGACY, serving
from tests.fixtures.manual_time import on_a_loop


@on_a_loop
async def test_a_modern_caller_sees_the_tools_of_all_servers() -> None:
    async with serving({"a": {}, "b": {}}) as (caller, _, _gateway):
        asked = await caller.modern("tools/list").done()

        assert asked.status == 200
        names = [tool["name"] for tool in asked.result["tools"]]
        assert names[:2] == ["a__get_queue", "a__add_nzb"]
        assert "b__get_queue" in names
        assert asked.result["resultType"] == "complete"
        assert asked.result["cacheScope"] == "private"


@on_a_loop
async def test_a_modern_caller_calls_a_tool() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        asked = await caller.modern("tools/call", {"name": "a__add_nzb"}).done()

        assert asked.headers["content-type"] == "application/json"
        assert asked.result["structuredContent"] == {"of": "add_nzb"}
        assert asked.result["resultType"] == "complete"


@on_a_loop
async def test_a_legacy_caller_calls_a_tool_in_his_session() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        opened = await caller.initialize("2025-06-18")

        assert opened.result["protocolVersion"] == "2025-06-18"
        assert (await caller.legacy("notifications/initialized", request_id=None).done()).status == 202
        listed = (await caller.legacy("tools/list").done()).result
        assert listed["tools"][0]["name"] == "a__get_queue"
        assert "resultType" not in listed
        called = await caller.legacy("tools/call", {"name": "a__add_nzb", "arguments": {}}).done()
        assert called.result["structuredContent"] == {"of": "add_nzb"}
