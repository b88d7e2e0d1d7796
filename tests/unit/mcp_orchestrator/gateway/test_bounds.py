"""What callers may have of the gateway: so many subscriptions, so much in a batch, and nothing after they have gone."""

import pytest

from mcp_orchestrator.gateway import fanout, streams
from tests.fixtures.asgi import Caller
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, given_up, held, offering, serving
from tests.fixtures.manual_time import eventually, on_a_loop


def numbered() -> Scripts:
    """Return scripts whose server `a` has the resources x://1 to x://9."""
    scripts = Scripts()
    offering(scripts, "a", resources={"subscribe": True})
    scripts.wire("a").script("resources/list", {"resources": [{"uri": f"x://{n}"} for n in range(1, 10)]})
    scripts.wire("a").script("resources/templates/list", {"resourceTemplates": []})
    return scripts


async def subscribed(caller: Caller, number: int) -> bool:
    """Subscribe to a resource within the session, and say if that was accepted."""
    asked = await caller.legacy("resources/subscribe", {"uri": f"x://{number}"}).done()
    return "result" in asked.messages[0]


@on_a_loop
async def test_a_session_subscribes_to_so_many_resources_and_to_another_for_each_it_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanout, "MOST_SUBSCRIPTIONS", 2)
    async with serving({"a": LEGACY}, numbered()) as (caller, _, _gateway):
        await caller.initialize()

        assert [await subscribed(caller, number) for number in (1, 2, 3, 2)] == [True, True, False, True]

        await caller.legacy("resources/unsubscribe", {"uri": "x://1"}).done()
        assert await subscribed(caller, 3)


@on_a_loop
async def test_of_what_a_stream_asks_for_only_the_first_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "MOST_SUBSCRIPTIONS", 2)
    async with serving({"a": LEGACY}, numbered()) as (caller, _, _gateway):
        wanted = {"resourceSubscriptions": ["x://1", "x://nobody", "x://2"]}

        asked = caller.modern("subscriptions/listen", {"notifications": wanted})

        assert (await asked.told(1))[0]["params"]["notifications"] == {"resourceSubscriptions": ["x://1"]}
        await asked.leave()


@on_a_loop
async def test_a_batch_has_a_hundred_messages_at_most() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        await caller.initialize("2025-03-26")
        batch = [{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in range(101)]

        assert (await caller.http("POST", batch, mcp_session_id=caller.session).done()).status == 400
        assert (await caller.http("POST", batch[1:], mcp_session_id=caller.session).done()).status == 200


@on_a_loop
async def test_a_session_that_is_ended_gives_up_what_is_under_way_in_it() -> None:
    scripts = Scripts()
    scripts.hold = True
    async with serving({"a": LEGACY}, scripts) as (caller, _, gateway):
        await caller.initialize()
        asked = caller.legacy("tools/call", {"name": "a__add_nzb"}, 5)
        await held(scripts)

        await caller.http("DELETE", mcp_session_id=caller.session).done()

        assert (await asked.done()).error["message"] == "cancelled"
        await given_up(scripts)
        await eventually(lambda: gateway.orchestrator.get_pending_calls() == 0)


@on_a_loop
async def test_a_stream_of_changes_that_is_kept_alive_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.01)
    monkeypatch.setattr(streams, "BEGIN_AFTER_S", 0.01)
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        asked = caller.modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})

        await eventually(lambda: asked.body.count(b":\n\n") > 3)

        assert asked.heads == 1
        await asked.leave()
