"""The scenarios of the official conformance suite, as a user of MCPOrchestrator plays them: one function a scenario.

A server is configured by its URL alone: era, revision and everything else is for the orchestrator to find out.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from mcp_orchestrator import Elicitation, MCPOrchestrator, MCPOrchestratorError, Sampling

PEER = "peer"
# Far above what a scenario takes, also when two score of them share two processors; below the suite's own limit.
CALL_S = 30.0


def lists_tools(orchestrator: MCPOrchestrator) -> None:
    """List the tools that connecting has fetched."""
    orchestrator.list_tools(PEER)


def asks_the_server_how_it_is(orchestrator: MCPOrchestrator) -> None:
    """Make some requests more, each of which must say who asks."""
    if not orchestrator.health_check(PEER):
        raise SystemExit("the server is not healthy")
    orchestrator.request(PEER, "tools/list", timeout=CALL_S)


def adds_numbers(orchestrator: MCPOrchestrator) -> None:
    """Send two numbers, which must arrive as numbers."""
    orchestrator.call_tool(PEER, "add_numbers", {"a": 5, "b": 3}, timeout=CALL_S)


def calls_every_tool_listed(orchestrator: MCPOrchestrator) -> None:
    """Call whatever the list holds, without arguments."""
    for tool in orchestrator.list_tools(PEER):
        orchestrator.call_tool(PEER, tool["name"], {}, timeout=CALL_S)


def calls_every_tool_with_a_region(orchestrator: MCPOrchestrator) -> None:
    """Call whatever the list holds: of a dozen tools one declares its header well, and takes a region."""
    for tool in orchestrator.list_tools(PEER):
        orchestrator.call_tool(PEER, tool["name"], {"region": "us-west1"}, timeout=CALL_S)


def uses_everything(orchestrator: MCPOrchestrator) -> None:
    """Make one request of every kind that has a name or a URI in its headers."""
    calls_every_tool_listed(orchestrator)
    for resource in orchestrator.list_resources(PEER):
        orchestrator.read_resource(PEER, resource["uri"])
    for prompt in orchestrator.list_prompts(PEER):
        orchestrator.get_prompt(PEER, prompt["name"])


def makes_the_calls_given(orchestrator: MCPOrchestrator) -> None:
    """Make the calls of the context, word for word."""
    context: Mapping[str, Any] = json.loads(os.environ["MCP_CONFORMANCE_CONTEXT"])
    for call in context["toolCalls"]:
        orchestrator.call_tool(PEER, call["name"], call["arguments"], timeout=CALL_S)


def uses_a_tool_whose_schema_refers_elsewhere(orchestrator: MCPOrchestrator) -> None:
    """Use it as far as that goes: the server lists the tool but does not run it."""
    for tool in orchestrator.list_tools(PEER):
        with suppress(MCPOrchestratorError):
            orchestrator.call_tool(PEER, tool["name"], {"id": "ann", "profile": {}}, timeout=CALL_S)


def sends_a_schema_back(orchestrator: MCPOrchestrator) -> None:
    """Show what is left of a schema when it has passed through the catalogue."""
    (schema,) = (
        tool["inputSchema"] for tool in orchestrator.list_tools(PEER) if tool["name"] == "json_schema_2020_12_tool"
    )
    orchestrator.call_tool(PEER, "json_schema_echo", {"schema": schema}, timeout=CALL_S)


SCENARIOS: Mapping[str, Callable[[MCPOrchestrator], None]] = {
    "initialize": lists_tools,
    "tools_call": adds_numbers,
    "elicitation-sep1034-client-defaults": calls_every_tool_listed,
    "sse-retry": calls_every_tool_listed,
    "request-metadata": asks_the_server_how_it_is,
    "sep-2322-client-request-state": calls_every_tool_listed,
    "http-standard-headers": uses_everything,
    "http-custom-headers": makes_the_calls_given,
    "http-invalid-tool-headers": calls_every_tool_with_a_region,
    "json-schema-ref-no-deref": uses_a_tool_whose_schema_refers_elsewhere,
    "json-schema-2020-12-preservation": sends_a_schema_back,
}


def accept(_asked: Elicitation) -> dict[str, Any]:
    """Accept what a server asks for, and fill in no field: the orchestrator sends the defaults of its form."""
    return {"action": "accept", "content": {}}


def answer(_asked: Sampling) -> dict[str, Any]:
    """Answer as a language model: declared so that the suite sees it, though no scenario asks for it."""
    return {"role": "assistant", "content": {"type": "text", "text": "Yes."}, "model": "none"}


def play(name: str, revision: str, url: str) -> None:
    """Play one scenario against the suite's server. Raises what goes wrong, SystemExit for what only looks right."""
    era = "modern" if revision == "2026-07-28" else "legacy"
    config = {"orchestrator": {"state": "memory", "start_timeout_s": CALL_S}, "servers": {PEER: {"url": url}}}
    with MCPOrchestrator(config, on_elicitation=accept, on_sampling=answer, roots=[]) as orchestrator:
        status = orchestrator.get_server_status(PEER)
        if not status["connected"]:
            raise SystemExit(f"not connected: {status['state']}: {status['reason']}")
        if status["era"] != era:
            raise SystemExit(f"taken for {status['era'] or 'nothing'}, but {era} is right")
        SCENARIOS[name](orchestrator)
        if left := orchestrator.shutdown():
            raise SystemExit(f"left behind: {left}")
