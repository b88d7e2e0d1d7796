"""What servers of others ask of us, in the way of their revision; the user's answer comes back in theirs."""

from typing import Any

import pytest

from actors.inputs import Elicitation, InputHandlers, Sampling
from mcp_orchestrator import MCPToolError
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, orchestrating
from tests.fixtures.peer_words import Ask
from tests.fixtures.peers import ASKING, RunningPeer

pytestmark = pytest.mark.parametrize("peer", ASKING, indirect=True)


def elicit(asked: Elicitation) -> dict[str, Any]:
    """Fill in what has no default."""
    return {"action": "accept", "content": dict.fromkeys(asked.requested_schema.get("required", []), "Ann")}


def sample(asked: Sampling) -> dict[str, Any]:
    """Answer with what was asked."""
    return {"role": "assistant", "content": {"type": "text", "text": f"{len(asked.messages)} words"}, "model": "tiny"}


def said(whole: Orchestrated, ask: Ask) -> str:
    """Return all of what a tool answers, as text."""
    result = whole.face.call_tool("peer", ask.tool, ask.arguments, timeout=PATIENCE_S)
    return " ".join(str(block.get("text")) for block in result.content)


def test_the_user_his_model_and_his_folders_are_asked_for(peer: RunningPeer) -> None:
    inputs = InputHandlers(on_elicitation=elicit, on_sampling=sample, roots=["file:///media"])

    with orchestrating({"peer": peer.section}, inputs, start_timeout_s=30.0) as whole:
        assert "Ann" in said(whole, peer.words.asks_user)
        assert "1 words" in said(whole, peer.words.asks_model)
        assert "file:///media" in said(whole, peer.words.asks_roots)


def test_what_nobody_answers_is_not_asked_for(peer: RunningPeer) -> None:
    with orchestrating({"peer": peer.section}, start_timeout_s=30.0) as whole:
        tools = {tool["name"] for tool in whole.face.list_tools("peer")}

        if peer.words.asks_user.tool in tools:  # Some servers offer it only to those who declare that they answer.
            with pytest.raises(MCPToolError):
                said(whole, peer.words.asks_user)
