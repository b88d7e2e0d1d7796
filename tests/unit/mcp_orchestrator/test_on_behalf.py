"""Requests that a gateway makes on behalf of its own callers, through both faces."""

from typing import Any

from actors.transport import Request
from mcp_orchestrator import Caller, MCPOrchestrator
from tests.fixtures.faces import Scripts, asynchronous, facing
from tests.fixtures.manual_time import on_a_loop

ASKS = {"resultType": "input_required", "requestState": "s"}
MODERN = {"a": {"protocol": "modern"}}
CALLER = Caller(capabilities={"sampling": {}})


def script(scripts: Scripts) -> None:
    """Let a modern server ask for input at once."""
    discovered: dict[str, Any] = {"supportedVersions": ["2026-07-28"], "capabilities": {}}
    scripts.wire("a").script("server/discover", discovered)
    scripts.wire("a").script("prompts/get", ASKS)


def declared(scripts: Scripts) -> list[Any]:
    """Return the capabilities that went out with each prompts/get."""
    requests = [message for message in scripts.wire("a").sent if isinstance(message, Request)]
    metas = [(request.params or {})["_meta"] for request in requests if request.method == "prompts/get"]
    return [meta["io.modelcontextprotocol/clientCapabilities"] for meta in metas]


def test_a_server_may_be_asked_on_behalf_of_somebody() -> None:
    with facing(MCPOrchestrator, servers=MODERN) as (face, scripts):
        script(scripts)
        face.connect("a")

        assert face.request("a", "prompts/get", {"name": "x"}, caller=CALLER) == ASKS
        assert declared(scripts) == [{"sampling": {}}]


@on_a_loop
async def test_it_may_be_on_a_loop_too() -> None:
    with asynchronous(servers=MODERN) as (face, scripts):
        script(scripts)
        await face.connect("a")

        assert await face.request("a", "prompts/get", {"name": "x"}, caller=CALLER) == ASKS
        assert declared(scripts) == [{"sampling": {}}]
