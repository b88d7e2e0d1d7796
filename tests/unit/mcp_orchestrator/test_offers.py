"""What a server offers besides tools, through both faces: prompts, resources, templates, completion."""

from collections.abc import Callable
from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import (
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
)
from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.faces import asynchronous, facing
from tests.fixtures.manual_time import in_background, on_a_loop, until
from tests.fixtures.offering import ALL, LEGACY, PROMPT, entry, hello, offering, sent

Listing = Callable[[MCPOrchestrator, str], list[Any]]
LISTINGS: dict[str, tuple[Listing, str, str]] = {
    "prompts": (MCPOrchestrator.list_prompts, "prompts/list", "prompts"),
    "resources": (MCPOrchestrator.list_resources, "resources/list", "resources"),
    "templates": (MCPOrchestrator.list_resource_templates, "resources/templates/list", "resourceTemplates"),
}
each_listing = pytest.mark.parametrize(("listing", "method", "key"), LISTINGS.values(), ids=list(LISTINGS))


@each_listing
def test_a_list_is_all_its_pages_as_they_came(listing: Listing, method: str, key: str) -> None:
    with offering(*ALL) as (face, scripts):
        first: Outcome = {key: [entry("b"), {"name": None}, 7], "nextCursor": ""}
        scripts.wire("a").script(method, first, {key: [entry("a")], "_meta": {}})

        assert listing(face, "alias") == [entry("b"), entry("a")]

        assert sent(scripts, method) == [{}, {"cursor": ""}]


@each_listing
def test_a_server_that_offers_no_such_thing_is_not_asked_for_a_list(listing: Listing, method: str, key: str) -> None:
    del key
    with offering("tools") as (face, scripts):
        assert listing(face, "a") == []

        assert sent(scripts, method) == []
        assert face.get_stats()["total_calls"] == 0


def test_what_a_server_offers_that_is_being_connected_is_asked_for() -> None:
    no_such_method = MCPToolError("no such method", executed="no", code=-32601)
    with facing(MCPOrchestrator, servers={"a": LEGACY}) as (face, scripts):
        wire, scripts.hold = scripts.wire("a"), True
        wire.script("initialize", None)
        connecting = in_background(lambda: face.connect("a"))
        handshake = scripts.exchange("a", "initialize")
        until(lambda: face.get_server_status("a")["state"] == "connecting")
        wire.script("prompts/list", no_such_method)
        wire.script("resources/list", {"resources": [entry("a")]})

        prompts = in_background(lambda: face.list_prompts("a"))
        resources = in_background(lambda: face.list_resources("a"))
        until(lambda: face.get_pending_calls() == 2)
        handshake.write()
        handshake.end(hello("resources"))

        assert connecting.result(timeout=5)
        assert prompts.result(timeout=5) == []
        assert resources.result(timeout=5) == [entry("a")]


def test_a_server_that_refuses_what_it_offers_is_an_error() -> None:
    with offering("prompts") as (face, scripts):
        scripts.wire("a").script("prompts/list", MCPToolError("no such method", executed="no", code=-32601))

        with pytest.raises(MCPToolError, match=r"^a: no such method"):
            face.list_prompts("a")


def test_a_server_with_resources_that_has_never_heard_of_templates_has_none() -> None:
    with offering("resources") as (face, scripts):
        refusal = MCPToolError("no such method", executed="no", code=-32601)
        scripts.wire("a").script("resources/templates/list", refusal)

        assert face.list_resource_templates("a") == []


def test_an_answer_without_a_list_names_the_server() -> None:
    with offering("prompts") as (face, scripts):
        scripts.wire("a").script("prompts/list", {})

        with pytest.raises(OutcomeUnknownError, match=r"^a: the answer to prompts/list has no list of prompts"):
            face.list_prompts("a")


def test_all_pages_of_a_list_have_one_deadline() -> None:
    with offering("prompts", max_retries=0) as (face, scripts):
        scripts.hold = True
        listing = in_background(lambda: face.list_prompts("a", timeout=5))
        exchange = scripts.exchange("a", "prompts/list")
        scripts.runtime.advance(3)
        assert exchange.write()
        exchange.end({"prompts": [], "nextCursor": "1"})
        until(lambda: len(scripts.wire("a").exchanges) == 2)

        scripts.runtime.advance(1.9)
        assert not listing.done()
        scripts.runtime.advance(0.2)

        assert isinstance(listing.exception(timeout=5), MCPTimeoutError)
        until(lambda: len(scripts.failed) == 1)


def test_a_page_that_is_lost_is_fetched_again_as_every_request_that_only_reads() -> None:
    with offering("prompts") as (face, scripts):
        scripts.wire("a").script("prompts/list", {"prompts": [entry("a")], "nextCursor": "1"})
        scripts.wire("a").script("prompts/list", OutcomeUnknownError("reset"), {"prompts": [entry("b")]})
        listing = in_background(lambda: face.list_prompts("a"))
        until(lambda: len(sent(scripts, "prompts/list")) == 2)

        scripts.runtime.advance(5)

        assert listing.result(timeout=5) == [entry("a"), entry("b")]
        assert sent(scripts, "prompts/list") == [{}, {"cursor": "1"}, {"cursor": "1"}]


def test_a_prompt_is_asked_for_with_its_arguments() -> None:
    with offering("prompts") as (face, scripts):
        scripts.wire("a").script("prompts/get", {"messages": [], "odd": None}, {"messages": []})

        assert face.get_prompt("alias", "greet", {"who": "Ann"}) == {"messages": [], "odd": None}
        assert face.get_prompt("a", "greet") == {"messages": []}

        assert sent(scripts, "prompts/get") == [{"name": "greet", "arguments": {"who": "Ann"}}, {"name": "greet"}]


def test_a_resource_is_read_by_its_uri() -> None:
    with offering("resources") as (face, scripts):
        scripts.wire("a").script("resources/read", {"contents": [{"uri": "x:y", "text": "z"}]})

        assert face.read_resource("a", "x:y") == {"contents": [{"uri": "x:y", "text": "z"}]}

        assert sent(scripts, "resources/read") == [{"uri": "x:y"}]


@pytest.mark.parametrize("ref", [PROMPT, {"type": "ref/resource", "uri": "file:///{path}"}])
@pytest.mark.parametrize("context", [None, {}, {"arguments": {"language": "py"}}])
def test_a_completion_names_what_is_to_be_completed(ref: dict[str, str], context: dict[str, Any] | None) -> None:
    with offering("completions") as (face, scripts):
        scripts.wire("a").script("completion/complete", {"completion": {"values": ["Ann"]}})
        argument = {"name": "who", "value": "A"}

        assert face.complete("a", ref, argument, context) == {"completion": {"values": ["Ann"]}}

        more: dict[str, Any] = {} if context is None else {"context": {"arguments": {}, **context}}
        assert sent(scripts, "completion/complete") == [{"ref": ref, "argument": argument, **more}]


def test_any_request_may_report_progress_and_keeps_what_its_caller_put_into_meta() -> None:
    with offering("prompts") as (face, scripts):
        scripts.hold = True
        told: list[tuple[float, float | None, str | None]] = []
        params = {"name": "greet", "_meta": {"traceparent": "00-1-2-03", "progressToken": "mine"}}

        def tell(done: float, total: float | None, message: str | None) -> None:
            told.append((done, total, message))

        asking = in_background(lambda: face.request("a", "prompts/get", params, on_progress=tell))
        exchange = scripts.exchange("a", "prompts/get")
        (given,) = sent(scripts, "prompts/get")
        token = given["_meta"]["progressToken"]
        assert given["_meta"]["traceparent"] == "00-1-2-03"

        assert exchange.write()
        (connection,) = scripts.wire("a").connections
        connection.notify("notifications/progress", {"progressToken": token, "progress": 1, "message": "half"})
        exchange.end({"messages": []})

        assert asking.result(timeout=5) == {"messages": []}
        until(lambda: told)
        assert told == [(1, None, "half")]
        assert params["_meta"] == {"traceparent": "00-1-2-03", "progressToken": "mine"}


def test_a_tool_called_as_any_other_request_has_a_raw_result_too() -> None:
    with offering("tools") as (face, _):
        result = face.request("a", "tools/call", {"name": "add_nzb", "arguments": {}})

        assert result["structuredContent"] == {"of": "add_nzb"}


@on_a_loop
async def test_the_asynchronous_face_offers_the_same() -> None:
    with asynchronous(servers={"a": LEGACY}) as (face, scripts):
        wire = scripts.wire("a")
        wire.script("initialize", hello(*ALL))
        wire.script("prompts/list", {"prompts": [entry("a")], "nextCursor": "1"}, {"prompts": [entry("b")]})
        wire.script("resources/list", {"resources": [entry("a")]})
        wire.script("resources/templates/list", {"resourceTemplates": [entry("a")]})
        wire.script("prompts/get", {"messages": []})
        wire.script("resources/read", {"contents": []})
        wire.script("completion/complete", {"completion": {"values": []}})
        await face.connect("a")

        assert await face.list_prompts("a") == [entry("a"), entry("b")]
        assert await face.list_resources("a") == [entry("a")]
        assert await face.list_resource_templates("a", timeout=5) == [entry("a")]
        assert await face.get_prompt("a", "greet", {"who": "Ann"}) == {"messages": []}
        assert await face.read_resource("a", "x:y") == {"contents": []}
        assert await face.complete("a", PROMPT, {"name": "who", "value": ""}) == {"completion": {"values": []}}
        with pytest.raises(ValueError, match="uri must be"):
            await face.read_resource("a", "")


@on_a_loop
async def test_a_list_that_fails_raises_in_the_asynchronous_face_too() -> None:
    with asynchronous(servers={"a": LEGACY}) as (face, scripts):
        scripts.wire("a").script("initialize", hello(*ALL))
        scripts.wire("a").script("prompts/list", MCPToolError("broken", executed="unknown", code=-32603))
        await face.connect("a")

        with pytest.raises(MCPToolError, match="a: broken"):
            await face.list_prompts("a")
