"""Servers that stop because they were told to are not taken for crashed ones."""

from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.terminal import ODD


def test_an_orderly_end_is_shown_as_no_restart() -> None:
    servers = {f"odd{number}": {"command": ODD} for number in range(6)}  # Each may be seen just as it ends.
    orchestrator = MCPOrchestrator({"orchestrator": {"state": "memory"}, "servers": servers})
    assert all(orchestrator.connect_all().values())

    assert orchestrator.shutdown() == []

    shown = [orchestrator.get_server_status(server) for server in servers]
    assert [(status["state"], status["generation"]) for status in shown] == [("stopped", 0)] * len(servers)
