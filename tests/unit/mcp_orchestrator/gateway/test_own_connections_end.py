"""How many connections sessions have for themselves, and when those end."""

import asyncio
import threading

import pytest

from actors.call import ServerName
from actors.errors import ServerUnavailableError
from actors.status import ServerStatus
from mcp_orchestrator.access.room import Room
from mcp_orchestrator.gateway import Gateway, application, sessions
from mcp_orchestrator.gateway.own_connections import OwnConnections
from mcp_orchestrator.gateway.sessions import Session
from tests.fixtures.faces import Scripts, config
from tests.fixtures.gateways import given_up, serving
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.own_connections import CALL, OWN, ended, held_call, opened


@on_a_loop
async def test_there_are_only_so_many_and_who_comes_too_late_reads_why() -> None:
    scripts = Scripts()
    settings = config(servers={"a": OWN}) | {"daemon": {"max_session_connections": 1}}
    gateway = Gateway(settings, runtime=scripts.runtime, transport_factory=scripts)
    async with gateway:
        first, second = await opened(gateway), await opened(gateway)
        await first.legacy("tools/call", CALL).done()

        refused = (await second.legacy("tools/call", CALL).done()).result

        assert refused["isError"] is True
        assert "max_session_connections. Nothing was executed" in refused["content"][0]["text"]
        await first.http("DELETE", mcp_session_id=first.session).done()
        await eventually(lambda: gateway.own_connections()["connections"] == 0)
        assert "isError" not in (await second.legacy("tools/call", CALL).done()).result
    assert scripts.runtime.close(timeout_s=5.0) == []


@on_a_loop
async def test_the_connection_ends_with_the_session_and_its_calls_are_counted() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway)
        await caller.legacy("tools/call", CALL).done()
        call, exchange = await held_call(caller, scripts, 8)
        shared, own = scripts.wire("a").connections

        await caller.http("DELETE", mcp_session_id=caller.session).done()

        await given_up(scripts)
        exchange.end({"content": []})
        await ended(own)
        assert (await call.done()).error["message"] == "cancelled"
        await eventually(lambda: gateway.own_connections()["connections"] == 0)
        numbers = gateway.own_connections()
        assert (numbers["total_calls"], numbers["pending_calls"], numbers["unaccounted_calls"]) == (2, 0, 0)
        assert not shared.ended


@on_a_loop
async def test_the_connection_of_a_session_that_nobody_uses_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_EXPIRE_EVERY_S", 0.001)
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway)
        await caller.legacy("tools/call", CALL).done()

        monkeypatch.setattr(sessions, "IDLE_S", 0.0)

        await ended(scripts.wire("a").connections[1])
        await eventually(lambda: gateway.own_connections()["connections"] == 0)
        assert (await caller.legacy("ping").done()).status == 404


@on_a_loop
async def test_a_server_that_was_changed_is_connected_anew_in_each_session() -> None:
    async with serving({"a": OWN, "b": {}}) as (_, scripts, gateway):
        caller = await opened(gateway)
        await caller.legacy("tools/call", CALL).done()
        own = scripts.wire("a").connections[1]

        changed = config(servers={"a": {**OWN, "timeout_s": 7}, "b": {}})
        await gateway.orchestrator.reload(changed)

        await ended(own)
        assert (await caller.legacy("tools/call", CALL).done()).result["structuredContent"] == {"of": "status"}
        shared = config(servers={"a": {"protocol": "legacy"}, "b": {}})
        await gateway.orchestrator.reload(shared)
        await eventually(lambda: gateway.own_connections()["connections"] == 0)
        assert (await caller.legacy("tools/call", CALL).done()).result["structuredContent"] == {"of": "status"}


@on_a_loop
async def test_nothing_is_left_running_of_connections_that_a_reload_has_taken_away_but_their_numbers() -> None:
    def supervisors() -> int:
        return sum(thread.name.startswith("SupervisorActor") for thread in threading.enumerate())

    async with serving({"a": OWN, "b": {}}) as (_, _scripts, gateway):
        caller, before = await opened(gateway), supervisors()
        await caller.legacy("tools/call", CALL).done()
        assert supervisors() == before + 1

        await gateway.orchestrator.reload(config(servers={"a": {"protocol": "legacy"}, "b": {}}))

        await eventually(lambda: supervisors() == before)
        await eventually(lambda: gateway.own_connections()["connections"] == 0)
        assert gateway.own_connections()["total_calls"] == 1


@on_a_loop
async def test_a_server_that_was_taken_away_while_it_was_asked_is_an_answer_and_holds_no_place() -> None:
    async with serving({"a": OWN, "b": {}}) as (_, _scripts, gateway):
        session = Session("s", "2025-11-25", 0.0)
        room = Room(lambda: 1)
        own = OwnConnections(gateway.orchestrator, lambda name: ServerStatus(server=name), session, room)
        await gateway.orchestrator.reload(config(servers={"b": {}}))

        assert not own.serves(ServerName("a"))
        for timeout in (None, 1.0):
            with pytest.raises(ServerUnavailableError, match="not in the configuration any more") as raised:
                await own.request("a", "prompts/get", {"name": "p"}, timeout=timeout)
            assert raised.value.executed == "no"

        assert room.taken == 0


@on_a_loop
async def test_a_call_under_way_over_it_finishes_as_the_gateway_ends() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway)
        call, exchange = await held_call(caller, scripts)

        closing = asyncio.ensure_future(gateway.close())
        await eventually(lambda: gateway.orchestrator.refusal() is not None)
        exchange.end({"content": []})

        assert (await call.done()).result == {"content": []}
        assert await closing == []
        assert all(connection.ended for connection in scripts.wire("a").connections)
