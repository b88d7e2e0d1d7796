"""What `run --demo` shows: the four media servers on their simulations, and a batch of calls to them."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.catalogue import table
from mcp_orchestrator.asking import ToolCall
from mcp_orchestrator.cli.media import require_media

SERVERS = ("sabnzbd", "sonarr", "radarr", "plex")


def configuration() -> dict[str, Any]:
    """Return the servers of examples/media.toml, run by this Python. UsageError if they are not installed."""
    require_media("the demo")
    servers: dict[str, dict[str, Any]] = {
        name: {"command": [sys.executable, "-m", f"media_servers.{name}", "--simulate"]} for name in SERVERS
    }
    servers["sabnzbd"] |= {"aliases": ["sab"], "tools": {"add_nzb": {"idempotent": False, "timeout_s": 60}}}
    return {"orchestrator": {"state": "memory"}, "servers": servers}


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of the batch, and how its data reads in a few words."""

    server: str
    tool: str
    params: Mapping[str, Any]
    in_words: Callable[[Mapping[str, Any]], str]

    @property
    def call(self) -> ToolCall:
        """As the orchestrator takes it."""
        return ToolCall(server=self.server, tool=self.tool, params=self.params)


def _page(what: str, key: str) -> Callable[[Mapping[str, Any]], str]:
    """Return how a page of things reads: how many there are, and the first one's `key`."""

    def in_words(data: Mapping[str, Any]) -> str:
        first = next(iter(data["items"]), None)
        return f"{data['total']} {what}" + (f": {table(first).get(key)}" if first else "")

    return in_words


def _status(data: Mapping[str, Any]) -> str:
    speed_mb, left_gb = data["speed_bytes_per_s"] / 1e6, data["remaining_bytes"] / 1e9
    return f"{data['state']} at {speed_mb:.0f} MB/s, {left_gb:.1f} GB to go"


SAMPLES = (
    Sample("sabnzbd", "get_status", {}, _status),
    Sample("sabnzbd", "get_queue", {"limit": 1}, _page("downloads", "name")),
    Sample("sonarr", "get_series", {"limit": 1}, _page("series", "title")),
    Sample("sonarr", "get_calendar", {"limit": 1}, _page("episodes to come", "series_title")),
    Sample("radarr", "search_movies", {"term": "nosferatu"}, _page("film found", "title")),
    Sample("radarr", "get_wanted", {"limit": 1}, _page("films wanted", "title")),
    Sample("plex", "get_libraries", {}, _page("libraries", "title")),
    Sample("plex", "get_sessions", {}, _page("player at work", "player")),
)
