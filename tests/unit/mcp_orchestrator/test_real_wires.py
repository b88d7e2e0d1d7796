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


def test_what_a_child_says_on_stderr_is_kept_beyond_its_end() -> None:
    program = "import sys; [print(number, file=sys.stderr) for number in range(300)]; sys.exit(3)"
    section = {"command": [sys.executable, "-c", program], "max_retries": 0}
    far = {"url": "http://127.0.0.1:9/mcp"}
    orchestrator = MCPOrchestrator({"orchestrator": {"state": "memory"}, "servers": {"a": section, "far": far}})
    try:
        assert orchestrator.get_stderr("a") == []
        assert not orchestrator.connect("a")

        assert orchestrator.get_stderr("a") == [str(number) for number in range(100, 300)]
        assert orchestrator.get_stderr("far") == []
        assert "298 | 299" in orchestrator.explain("a")[0]
    finally:
        assert orchestrator.shutdown() == []
