"""A gateway under an ASGI server that starts and ends it, and what it does with surprises."""

import asyncio
from typing import Any, cast

from mcp_orchestrator.gateway import Gateway
from tests.fixtures.asgi import Caller
from tests.fixtures.faces import Scripts, config
from tests.fixtures.gateways import LEGACY, serving
from tests.fixtures.manual_time import eventually, on_a_loop


@on_a_loop
async def test_the_events_of_a_servers_life_start_and_end_it() -> None:
    scripts, incoming, sent = Scripts(), asyncio.Queue[dict[str, Any]](), list[Any]()
    gateway = Gateway(config("a"), runtime=scripts.runtime, transport_factory=scripts)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    living = asyncio.ensure_future(gateway({"type": "lifespan"}, incoming.get, send))
    incoming.put_nowait({"type": "lifespan.startup"})
    await eventually(lambda: sent == ["lifespan.startup.complete"])
    assert (await Caller(gateway).modern("tools/list").done()).result["tools"]

    incoming.put_nowait({"type": "lifespan.shutdown"})
    await living

    assert sent[-1] == "lifespan.shutdown.complete"
    assert gateway.orchestrator.check_for_leaks() == {"connections": 0, "threads": 0, "children": 0, "calls": 0}
    assert scripts.runtime.close(timeout_s=5.0) == []


@on_a_loop
async def test_it_starts_and_ends_with_a_block_too() -> None:
    scripts = Scripts()
    async with Gateway(config("a"), runtime=scripts.runtime, transport_factory=scripts) as gateway:
        assert gateway.orchestrator.is_connected("a")
    assert not gateway.orchestrator.is_connected("a")
    assert scripts.runtime.close(timeout_s=5.0) == []


@on_a_loop
async def test_other_kinds_of_connections_are_none_of_its_business() -> None:
    async with serving({"a": {}}) as (_, _scripts, gateway):
        await gateway({"type": "websocket"}, asyncio.Queue[Any]().get, asyncio.Queue[Any]().put)


@on_a_loop
async def test_a_mistake_of_ours_is_an_answer_too() -> None:
    async with serving({"a": {}}) as (caller, _, gateway):
        modern, broken = gateway._modern, cast("Any", None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        gateway._modern = broken  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- the nearest mistake

        asked = await caller.modern("tools/list").done()
        gateway._modern = modern  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

        assert (asked.status, asked.error["code"]) == (500, -32603)
        assert asked.messages[0]["id"] == 7


@on_a_loop
async def test_a_session_that_listens_hears_log_messages_that_belong_to_no_call() -> None:
    scripts = Scripts()
    async with serving({"a": LEGACY}, scripts) as (caller, _, _gateway):
        await caller.initialize()
        stream = caller.http("GET", mcp_session_id=caller.session)
        await eventually(lambda: stream.status == 200)
        say = scripts.wire("a").connections[-1].notify
        await caller.legacy("logging/setLevel", {"level": "warning"}).done()

        say("notifications/message", {"level": "info", "data": "little"})
        say("notifications/message", {"level": "error", "data": "much"})

        (log,) = await stream.told(1)
        assert log["params"] == {"level": "error", "data": "much"}
        await stream.leave()


@on_a_loop
async def test_a_stream_is_for_who_takes_events() -> None:
    async with serving({"a": LEGACY}) as (caller, _, _gateway):
        await caller.initialize()

        asked = caller.http("GET", mcp_session_id=caller.session, accept="application/json")

        assert (await asked.done()).status == 406
