"""What real servers say unasked, in both eras, heard by a caller."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator import MCPOrchestrator, Notification
from tests.fixtures import paging_server
from tests.fixtures.orchestrating import eventually

SDK_SERVER = str(Path(paging_server.__file__).with_name("sdk_server.py"))
RESOURCE = "demo://resource/dynamic/text/1"


@contextmanager
def listening(**section: Any) -> Generator[tuple[MCPOrchestrator, list[Notification]]]:
    """Listen to one server, called `peer`."""
    heard: list[Notification] = []
    config = {"orchestrator": {"state": "memory"}, "servers": {"peer": section}}
    with MCPOrchestrator(config, on_notification=heard.append) as face:
        assert face.is_connected("peer")
        yield face, heard


@pytest.mark.parametrize("protocol", ["legacy", "modern"])
def test_a_list_that_grows_is_told_and_fetched(protocol: str) -> None:
    with listening(command=[sys.executable, SDK_SERVER, "stdio"], protocol=protocol) as (face, heard):
        numbers = count()

        def grown() -> bool:
            # A modern server tells those who listen, which takes an exchange of its own after the connect.
            face.call_tool("peer", "grow", {"name": f"grown-{next(numbers)}"})
            return bool(heard)

        eventually(grown, "that the list has changed")

        assert (heard[0].server, heard[0].method) == ("peer", "notifications/tools/list_changed")
        eventually(lambda: "grown-0" in {tool["name"] for tool in face.list_tools("peer")}, "the new list")


def test_log_messages_and_updates_of_a_resource_are_told(node_modules: Path) -> None:
    everything = node_modules / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
    with listening(command=["node", str(everything), "stdio"], log_level="debug") as (face, heard):
        assert face.subscribe_resource("peer", RESOURCE)
        face.call_tool("peer", "toggle-simulated-logging")
        face.call_tool("peer", "toggle-subscriber-updates")  # Every five seconds.

        eventually(lambda: any(one.method == "notifications/message" for one in heard), "a log message")
        updated = Notification(server="peer", method="notifications/resources/updated", params={"uri": RESOURCE})
        eventually(lambda: updated in heard, "an update")
        assert face.get_stats()["notifications_dropped"] == 0
