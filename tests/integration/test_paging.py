"""Lists of a real server that are long, have odd cursors, or never end."""

import sys
from pathlib import Path

import pytest

from actors.mcp.paging import MAX_ENTRIES
from tests.fixtures import paging_server
from tests.fixtures.orchestrating import eventually, orchestrating

SECTION = {"command": [sys.executable, "-I", str(Path(paging_server.__file__))]}


def test_every_list_ends(caplog: pytest.LogCaptureFixture) -> None:
    with orchestrating({"long": SECTION}) as whole:
        face = whole.face

        eventually(lambda: face.get_server_status("long")["fresh"], "a thousand tools")
        assert [tool["name"] for tool in face.list_tools("long")] == [f"tool-{number}" for number in range(1000)]
        assert [prompt["name"] for prompt in face.list_prompts("long")] == ["None", "b", "c"]
        assert [entry["uriTemplate"] for entry in face.list_resource_templates("long")] == ["None:{x}", "1:{x}"]
        assert caplog.records == []

        assert len(face.list_resources("long")) == MAX_ENTRIES

        assert [record.getMessage().split(" has ")[0] for record in caplog.records] == ["long: its list of resources"]
        assert face.get_stats()["failures"] == 1  # The cursor that was refused.
