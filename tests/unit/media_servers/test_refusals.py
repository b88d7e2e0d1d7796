"""What a caller reads who asked for something that cannot be."""

import asyncio
from typing import Any

import pytest
from mcp import Client, MCPError

from media_servers.plex.backend import Library
from media_servers.plex.simulated import SimulatedPlex
from media_servers.plex.tools import make_server as make_plex
from media_servers.sabnzbd.simulated import SimulatedSabnzbd
from media_servers.sabnzbd.tools import make_server as make_sabnzbd
from media_servers.server import MediaServer
from media_servers.sonarr.simulated import SimulatedSonarr
from media_servers.sonarr.tools import make_server as make_sonarr
from tests.fixtures.media import SettableClock, refusal


@pytest.fixture
def sabnzbd() -> MediaServer:
    return make_sabnzbd(SimulatedSabnzbd(SettableClock()))


@pytest.fixture
def sonarr() -> MediaServer:
    return make_sonarr(SimulatedSonarr(SettableClock()))


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        (
            "pause_download",
            {"nzo_id": "nothing"},
            "No download in the queue has the id 'nothing': get_queue lists the ids.",
        ),
        (
            "delete_download",
            {"nzo_id": "nothing"},
            "The id 'nothing' is unknown: get_history lists what has ended, get_queue the rest.",
        ),
        ("add_nzb", {}, "add_nzb needs either url or path: give exactly one of them."),
        (
            "add_nzb",
            {"url": "http://a.invalid", "path": "/a"},
            "add_nzb needs either url or path: give exactly one of them.",
        ),
        ("add_nzb", {"url": "ftp://a"}, "'ftp://a' is not an http or https URL: give one, or use path."),
        ("add_nzb", {"url": "http://["}, "'http://[' is not an http or https URL: give one, or use path."),
        ("add_nzb", {"url": "http://a:b/"}, "'http://a:b/' is not an http or https URL: give one, or use path."),
        ("add_nzb", {"url": "http://a/ b"}, "'http://a/ b' is not an http or https URL: give one, or use path."),
        ("add_nzb", {"path": "a.nzb"}, "'a.nzb' is not absolute: give the whole path on SABnzbd's machine."),
        (
            "get_queue",
            {"limit": 101},
            "get_queue refuses its arguments: limit: input should be less than or equal to 100 (given: 101).",
        ),
        (
            "get_queue",
            {"limits": 5},
            "get_queue refuses its arguments: it takes no argument 'limits', only these: term, limit, offset.",
        ),
        ("get_status", {"x": 1}, "get_status refuses its arguments: it takes no argument 'x', only these: none."),
        (
            "set_priority",
            {"nzo_id": "x", "priority": "urgent"},
            (
                "set_priority refuses its arguments: priority: "
                "input should be 'force', 'high', 'normal' or 'low' (given: 'urgent')."
            ),
        ),
        ("retry_download", {}, "retry_download refuses its arguments: the argument 'nzo_id' is missing."),
    ],
)
def test_sabnzbd_refuses_in_one_sentence_with_the_remedy(
    sabnzbd: MediaServer, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    assert refusal(sabnzbd, tool, **arguments) == sentence


@pytest.mark.parametrize(
    ("tool", "arguments", "part"),
    [
        ("get_calendar", {"start": "2026-02-01", "end": "2026-01-01"}, "exchange them."),
        ("get_calendar", {"start": "soon"}, "get_calendar refuses its arguments: start: input should be a valid date"),
        ("get_series_by_id", {"series_id": 99}, "No series has the id 99: get_series lists the ids."),
        ("delete_series", {"series_id": 1, "delete_file": True}, "it takes no argument 'delete_file'"),
        ("search_series", {"term": ""}, "term: string should have at least 1 character"),
    ],
)
def test_sonarr_refuses_likewise(sonarr: MediaServer, tool: str, arguments: dict[str, Any], part: str) -> None:
    sentence = refusal(sonarr, tool, **arguments)

    assert part in sentence
    assert "\n" not in sentence
    assert "pydantic" not in sentence


def test_a_misspelt_argument_leaves_everything_as_it_was(sonarr: MediaServer) -> None:
    refusal(sonarr, "delete_series", series_id=1, delete_file=True)

    assert "get_series lists" not in refusal(sonarr, "get_series_by_id", series_id=1, x=1)


def test_an_unknown_tool_is_a_protocol_error(sabnzbd: MediaServer) -> None:
    async def call_nonsense() -> MCPError:
        async with Client(sabnzbd) as client:
            with pytest.raises(MCPError) as refused:
                await client.call_tool("nonsense", {})
        return refused.value

    error = asyncio.run(call_nonsense())

    assert (error.code, error.message) == (-32602, "There is no tool 'nonsense': tools/list names those there are.")


class BrokenPlex(SimulatedPlex):
    """Has a bug."""

    def libraries(self) -> list[Library]:
        raise RuntimeError("secret: token=123")


def test_a_bug_in_a_backend_is_told_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    sentence = refusal(make_plex(BrokenPlex(SettableClock())), "get_libraries")

    assert sentence == "Error executing tool get_libraries"
    assert "token=123" in caplog.text  # For the operator, on stderr.
