"""A face on its own wires: what only real child processes have to tell."""

import sys
from pathlib import Path

import pytest

from mcp_orchestrator import MCPOrchestrator

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

TINY = [sys.executable, str(Path(__file__).parents[2] / "fixtures" / "tiny_server.py")]


def test_children_are_counted_and_tools_say_whether_they_are_repeatable() -> None:
    servers = {"a": {"command": TINY, "tools": {"echo": {"idempotent": True}}}, "b": {"command": TINY}}
    orchestrator = MCPOrchestrator({"orchestrator": {"state": "memory"}, "servers": servers})
    try:
        assert orchestrator.get_stats()["children"] == 0
        assert orchestrator.connect_all() == {"a": True, "b": True}

        assert orchestrator.get_stats()["children"] == 2
        said = {tool: (one.yes, one.why) for tool, one in orchestrator.get_repeatability("a").items()}
        assert said == {"echo": (True, "configured"), "hold": (False, "no hint")}
    finally:
        assert orchestrator.shutdown() == []

    assert orchestrator.get_stats()["children"] == 0
