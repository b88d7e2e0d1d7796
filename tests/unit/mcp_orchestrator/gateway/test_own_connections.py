"""Servers with `per_session`: a connection for each session, whose caller they can ask, and who alone hears them."""

import asyncio
from typing import Any

from actors.transport import Request
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import hello, params_of, serving
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.own_connections import ANN, CALL, FORM, OWN, declared_by, held_call, opened, replies


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
