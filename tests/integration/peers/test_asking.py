"""What servers of others ask of us, in the way of their revision; the user's answer comes back in theirs."""

from contextlib import ExitStack

import pytest

from mcp_orchestrator import MCPToolError
from tests.fixtures.answering import FOLDER, INPUTS, NAME, SAMPLED
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, orchestrating
from tests.fixtures.peer_words import Ask
from tests.fixtures.peers import ASKING, RunningPeer

pytestmark = pytest.mark.parametrize("peer", ASKING, indirect=True)


def said(whole: Orchestrated, ask: Ask) -> str:
    """Return all of what a tool answers, as text."""
    result = whole.face.call_tool("peer", ask.tool, ask.arguments, timeout=PATIENCE_S)
    return " ".join(str(block.get("text")) for block in result.content)


def test_the_user_his_model_and_his_folders_are_asked_for(peer: RunningPeer) -> None:
    with ExitStack() as stack:
        whole = peer.shared or stack.enter_context(orchestrating({"peer": peer.section}, INPUTS))

        assert NAME in said(whole, peer.words.asks_user)
        assert SAMPLED in said(whole, peer.words.asks_model)
        assert FOLDER in said(whole, peer.words.asks_roots)


def test_what_nobody_answers_is_not_asked_for(peer: RunningPeer) -> None:
    with orchestrating({"peer": peer.section}, start_timeout_s=30.0) as whole:
        tools = {tool["name"] for tool in whole.face.list_tools("peer")}

        if peer.words.asks_user.tool in tools:  # Some servers offer it only to those who declare that they answer.
            with pytest.raises(MCPToolError):
                said(whole, peer.words.asks_user)
