"""What an agent, and the orchestrator's retries, read about the tools."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from mcp.types import Tool

from media_servers.plex.simulated import SimulatedPlex
from media_servers.plex.tools import make_server as make_plex
from media_servers.radarr.simulated import SimulatedRadarr
from media_servers.radarr.tools import make_server as make_radarr
from media_servers.sabnzbd.simulated import SimulatedSabnzbd
from media_servers.sabnzbd.tools import make_server as make_sabnzbd
from media_servers.server import MediaServer
from media_servers.sonarr.simulated import SimulatedSonarr
from media_servers.sonarr.tools import make_server as make_sonarr
from tests.fixtures.media import SettableClock

SERVERS: dict[str, Callable[[], MediaServer]] = {
    "sabnzbd": lambda: make_sabnzbd(SimulatedSabnzbd(SettableClock())),
    "sonarr": lambda: make_sonarr(SimulatedSonarr(SettableClock())),
    "radarr": lambda: make_radarr(SimulatedRadarr(SettableClock())),
    "plex": lambda: make_plex(SimulatedPlex(SettableClock())),
}
TOOLS = {name: asyncio.run(make().list_tools()) for name, make in SERVERS.items()}
EVERY_TOOL = [pytest.param(tool, id=f"{name}.{tool.name}") for name, tools in TOOLS.items() for tool in tools]

READ_ONLY = {
    "sabnzbd": "get_queue get_history get_status get_version health_check get_config",
    "sonarr": "get_series get_series_by_id search_series get_episodes get_wanted get_calendar get_queue get_version "
    "health_check",
    "radarr": "get_movies get_movie_by_id search_movies get_wanted get_calendar get_queue get_version health_check",
    "plex": "get_libraries get_library_items get_recently_added get_on_deck get_sessions search get_history "
    "get_version health_check",
}
LONGEST_DESCRIPTION = 800  # An agent reads those of all tools, before it does anything.
IDEMPOTENT, DESTRUCTIVE = {"idempotent"}, {"destructive"}
WRITES: dict[str, dict[str, set[str]]] = {
    "sabnzbd": {
        "add_nzb": set(),
        "pause_queue": IDEMPOTENT,
        "resume_queue": IDEMPOTENT,
        "pause_download": IDEMPOTENT,
        "resume_download": IDEMPOTENT,
        "delete_download": IDEMPOTENT | DESTRUCTIVE,
        "retry_download": set(),
        "set_priority": IDEMPOTENT,
        "set_config": IDEMPOTENT | DESTRUCTIVE,
    },
    "sonarr": {"add_series": IDEMPOTENT, "search_episode": set(), "delete_series": IDEMPOTENT | DESTRUCTIVE},
    "radarr": {"add_movie": IDEMPOTENT, "search_movie": set(), "delete_movie": IDEMPOTENT | DESTRUCTIVE},
    "plex": {"scan_library": IDEMPOTENT},
}
OUTSIDE = {
    "add_nzb",
    "retry_download",
    "search_series",
    "add_series",
    "search_episode",
    "search_movies",
    "add_movie",
    "search_movie",
    "scan_library",
}


@pytest.mark.parametrize("name", SERVERS)
def test_the_server_has_these_tools_and_says_this_about_them(name: str) -> None:
    reads: set[str] = set()
    writes: dict[str, set[str]] = {}
    for tool in TOOLS[name]:
        hints = tool.annotations
        assert hints is not None
        if hints.read_only_hint:
            assert (hints.idempotent_hint, hints.destructive_hint) == (True, False)
            reads.add(tool.name)
        else:
            said = {"idempotent": hints.idempotent_hint, "destructive": hints.destructive_hint}
            writes[tool.name] = {word for word, is_so in said.items() if is_so}
        assert hints.open_world_hint == (tool.name in OUTSIDE)

    assert reads == set(READ_ONLY[name].split())
    assert writes == WRITES[name]


@pytest.mark.parametrize("tool", EVERY_TOOL)
def test_a_tool_has_a_title_a_few_sentences_and_an_output_schema(tool: Tool) -> None:
    assert tool.description is not None
    assert tool.annotations is not None
    assert tool.title == tool.annotations.title
    assert tool.title
    assert tool.description.endswith(".")
    assert "\n" not in tool.description
    assert tool.description.count(". ") <= 5
    assert tool.output_schema is not None
    assert tool.output_schema["type"] == "object"


@pytest.mark.parametrize("tool", EVERY_TOOL)
def test_every_parameter_is_described_and_no_other_is_allowed(tool: Tool) -> None:
    properties: dict[str, dict[str, Any]] = tool.input_schema["properties"]

    assert tool.input_schema["additionalProperties"] is False
    assert [name for name, schema in properties.items() if not schema.get("description")] == []


@pytest.mark.parametrize("tool", EVERY_TOOL)
def test_schemas_do_not_repeat_names_as_titles(tool: Tool) -> None:
    written = json.dumps([tool.input_schema, tool.output_schema])

    assert '"title": "' not in written


def test_a_field_that_is_called_title_stays() -> None:
    (scan,) = [tool for tool in TOOLS["plex"] if tool.name == "scan_library"]

    assert scan.output_schema is not None
    assert scan.output_schema["properties"]["title"] == {"type": "string"}


@pytest.mark.parametrize("tool", EVERY_TOOL)
def test_every_list_comes_in_pages_of_a_hundred_at_most(tool: Tool) -> None:
    assert tool.output_schema is not None
    if "items" in tool.output_schema["properties"]:
        limit = tool.input_schema["properties"]["limit"]

        assert (limit["minimum"], limit["maximum"]) == (1, 100)
        assert {"total", "next_offset"} <= tool.output_schema["properties"].keys()
        assert tool.input_schema["properties"]["offset"]["minimum"] == 0
