"""Servers with `per_session`: a connection for each session, whose caller they can ask, and who alone hears them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from actors.call import ServerName
from actors.errors import ServerUnavailableError
from actors.status import ServerStatus
from actors.transport import Reply, Request
from mcp_orchestrator.access.room import Room
from mcp_orchestrator.gateway import Gateway, application, sessions
from mcp_orchestrator.gateway.own_connections import OwnConnections
from mcp_orchestrator.gateway.sessions import Session
from tests.fixtures.asgi import Asked, Caller
from tests.fixtures.faces import Scripts, config
from tests.fixtures.gateways import given_up, hello, params_of, serving
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.scripted_wire import ScriptedConnection, ScriptedExchange

OWN = {"protocol": "legacy", "per_session": True}
CALL: Mapping[str, Any] = {"name": "a__status", "arguments": {"n": None}}
FORM: Mapping[str, Any] = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}
ANN = {"action": "accept", "content": {"name": "Ann"}, "_meta": {"by": "hand"}}


async def opened(gateway: Gateway, **declared: Any) -> Caller:
    """Return a caller who has begun a session and declared this."""
    caller = Caller(gateway)
    params = {"protocolVersion": "2025-11-25", "capabilities": declared}
    asked = await caller.http("POST", {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}).done()
    caller.session = asked.headers["mcp-session-id"]
    return caller


async def held_call(caller: Caller, scripts: Scripts, request_id: int = 7) -> tuple[Asked, ScriptedExchange]:
    """Begin a call, and wait until it has reached the server, which holds it."""
    scripts.hold, known = True, len(scripts.wire("a").exchanges)
    asked = caller.legacy("tools/call", CALL, request_id)
    await eventually(lambda: len(scripts.wire("a").exchanges) > known)
    exchange = scripts.wire("a").exchanges[-1]
    exchange.write()
    return asked, exchange


def declared_by(scripts: Scripts) -> list[Mapping[str, Any]]:
    """Return what each connection to the server declared, in their order."""
    requests = [message for message in scripts.wire("a").sent if isinstance(message, Request)]
    return [(request.params or {})["capabilities"] for request in requests if request.method == "initialize"]


def replies(scripts: Scripts) -> list[Reply]:
    """Return what the server was answered."""
    return [message for message in scripts.wire("a").sent if isinstance(message, Reply)]


async def ended(connection: ScriptedConnection) -> None:
    """Wait for the end of a connection."""
    await eventually(lambda: bool(connection.ended))


@on_a_loop
async def test_the_first_call_of_a_session_connects_once_more_with_what_its_caller_declared() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        first = await opened(gateway, elicitation={"form": {}, "url": {}}, roots={"listChanged": True}, tasks={})
        second = await opened(gateway)
        assert len(scripts.wire("a").connections) == 1

        for caller in (first, first, second):
            assert (await caller.legacy("tools/call", CALL).done()).result["structuredContent"] == {"of": "status"}

        assert declared_by(scripts) == [{}, {"elicitation": {"form": {}, "url": {}}, "roots": {}}, {}]
        assert gateway.own_connections()["connections"] == 2


@on_a_loop
async def test_who_has_no_session_calls_over_the_shared_connection() -> None:
    async with serving({"a": OWN}) as (caller, scripts, _gateway):
        await caller.modern("tools/call", CALL).done()

        assert len(scripts.wire("a").connections) == 1


@on_a_loop
async def test_what_the_server_asks_goes_to_the_caller_and_his_answer_back_as_they_are() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway, elicitation={})
        call, exchange = await held_call(caller, scripts)
        scripts.wire("a").connections[-1].notify("elicitation/create", dict(FORM), request_id=3)
        (question,) = await call.told(1)

        await caller.http(
            "POST", {"jsonrpc": "2.0", "id": question["id"], "result": ANN}, mcp_session_id=caller.session
        ).done()

        await eventually(lambda: bool(replies(scripts)))
        assert (question["method"], question["params"]) == ("elicitation/create", FORM)
        assert (replies(scripts)[0].id, replies(scripts)[0].result) == (3, ANN)
        exchange.end({"content": []})
        assert (await call.done()).result == {"content": []}


@on_a_loop
async def test_an_error_of_the_caller_is_the_answer_too() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway, sampling={})
        call, exchange = await held_call(caller, scripts)
        scripts.wire("a").connections[-1].notify("sampling/createMessage", {"messages": []}, request_id=3)
        (question,) = await call.told(1)

        error = {"jsonrpc": "2.0", "id": question["id"], "error": {"code": -1, "message": "rejected by the user"}}
        await caller.http("POST", error, mcp_session_id=caller.session).done()

        await eventually(lambda: bool(replies(scripts)))
        assert (replies(scripts)[0].error or {})["code"] == -1
        assert "rejected by the user" in (replies(scripts)[0].error or {})["message"]
        exchange.end({"content": []})
        await call.done()


@on_a_loop
async def test_a_server_that_asks_what_was_not_declared_is_refused() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway, elicitation={})
        call, exchange = await held_call(caller, scripts)

        scripts.wire("a").connections[-1].notify("roots/list", request_id=3)

        await eventually(lambda: bool(replies(scripts)))
        assert (replies(scripts)[0].error or {})["code"] == -32601
        exchange.end({"content": []})
        assert len((await call.done()).messages) == 1


@on_a_loop
async def test_a_question_outside_of_calls_comes_on_the_stream_of_the_session() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway, roots={})
        await caller.legacy("tools/call", CALL).done()
        stream = caller.http("GET", mcp_session_id=caller.session)

        scripts.wire("a").connections[-1].notify("roots/list", request_id=3)

        (question,) = await stream.told(1)
        assert question["method"] == "roots/list"
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": question["id"], "result": {"roots": []}}
        await caller.http("POST", answer, mcp_session_id=caller.session).done()
        await eventually(lambda: bool(replies(scripts)))
        assert replies(scripts)[0].result == {"roots": []}
        gateway.end_streams()
        await stream.done()


@on_a_loop
async def test_a_question_whose_call_is_over_is_taken_back() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway, elicitation={})
        call, exchange = await held_call(caller, scripts)
        scripts.wire("a").connections[-1].notify("elicitation/create", dict(FORM), request_id=3)
        (question,) = await call.told(1)

        exchange.end({"content": []})

        await eventually(lambda: bool(replies(scripts)))
        assert replies(scripts)[0].error is not None
        taken_back = (await call.done()).messages[1]
        assert (taken_back["method"], taken_back["params"]["requestId"]) == ("notifications/cancelled", question["id"])


@on_a_loop
async def test_what_the_server_logs_and_what_changes_is_heard_by_that_session_alone() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        mine, other = await opened(gateway), await opened(gateway)
        streams = [caller.http("GET", mcp_session_id=caller.session) for caller in (mine, other)]
        for caller in (other, mine):
            await caller.legacy("logging/setLevel", {"level": "info"}).done()
            await caller.legacy("tools/call", CALL).done()
        own = scripts.wire("a").connections[-1]

        own.notify("notifications/message", {"level": "debug", "data": "no"})
        own.notify("notifications/message", {"level": "error", "data": "yes"})
        own.notify("notifications/prompts/list_changed")
        own.notify("notifications/elicitation/complete", {"elicitationId": "e"})

        methods = ["notifications/message", "notifications/prompts/list_changed", "notifications/elicitation/complete"]
        assert [message["method"] for message in await streams[0].told(3)] == methods
        assert not [message for message in streams[1].messages if "tools" not in message["method"]]
        gateway.end_streams()
        await asyncio.gather(*(stream.done() for stream in streams))


@on_a_loop
async def test_a_resource_is_subscribed_to_over_the_session_s_own_connection() -> None:
    scripts = Scripts()
    scripts.wire("a").script("initialize", *[hello(resources={"subscribe": True})] * 3)
    scripts.wire("a").script("resources/list", *[{"resources": [{"uri": "x://a"}]}] * 3)
    scripts.wire("a").script("resources/templates/list", {"resourceTemplates": []})
    scripts.wire("a").script("resources/subscribe", {}, {})
    scripts.wire("a").script("resources/unsubscribe", {}, {})
    async with serving({"a": OWN}, scripts) as (_, scripts, gateway):
        caller = await opened(gateway)
        stream = caller.http("GET", mcp_session_id=caller.session)

        await caller.legacy("resources/subscribe", {"uri": "x://a"}).done()
        scripts.wire("a").connections[1].notify("notifications/resources/updated", {"uri": "x://a"})

        assert (await stream.told(1))[0]["params"] == {"uri": "x://a"}
        await caller.legacy("resources/unsubscribe", {"uri": "x://a"}).done()
        sent = [message.method for message in scripts.wire("a").sent if isinstance(message, Request)]
        await eventually(lambda: "resources/subscribe" in sent)
        gateway.end_streams()
        await stream.done()


@on_a_loop
async def test_a_new_log_level_is_told_to_the_session_s_own_server() -> None:
    scripts = Scripts()
    scripts.wire("a").script("initialize", *[hello(logging={})] * 3)
    scripts.wire("a").script("logging/setLevel", {}, {})
    async with serving({"a": OWN}, scripts) as (_, scripts, gateway):
        caller = await opened(gateway)
        await caller.legacy("tools/call", CALL).done()

        await caller.legacy("logging/setLevel", {"level": "warning"}).done()

        def levels() -> list[Any]:
            sent = [message for message in scripts.wire("a").sent if isinstance(message, Request)]
            return [(message.params or {})["level"] for message in sent if message.method == "logging/setLevel"]

        await eventually(lambda: levels() == ["warning"])


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


@on_a_loop
async def test_two_servers_of_one_session_are_opened_one_after_the_other_and_once() -> None:
    async with serving({"a": OWN, "b": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway)
        calls = [{"name": f"{server}__status"} for server in "abab"]

        asked = [caller.legacy("tools/call", call, number) for number, call in enumerate(calls)]

        assert [(await one.done()).result["structuredContent"] for one in asked] == [{"of": "status"}] * 4
        assert [len(scripts.wire(server).connections) for server in "ab"] == [2, 2]


@on_a_loop
async def test_who_holds_the_breaker_of_a_server_open_means_these_connections_too() -> None:
    async with serving({"a": OWN}) as (_, _scripts, gateway):
        caller = await opened(gateway)
        await caller.legacy("tools/call", CALL).done()

        gateway.orchestrator.force_circuit_breaker("a", "open", "maintenance")
        await eventually(lambda: bool(gateway.orchestrator.get_circuit_breaker_state("a")["forced"]))

        text = (await caller.legacy("tools/call", CALL).done()).result["content"][0]["text"]
        assert "maintenance" in text


@on_a_loop
async def test_the_server_gets_the_arguments_as_they_came() -> None:
    async with serving({"a": OWN}) as (_, scripts, gateway):
        caller = await opened(gateway)
        call, exchange = await held_call(caller, scripts)

        assert params_of(exchange)["arguments"] == {"n": None}
        exchange.end({"content": []})
        await call.done()
