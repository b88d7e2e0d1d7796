"""Servers for known applications in three lines: what each preset knows, and what it expands to. Pure."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from actors.config import LONGEST_S, Flag, Section, Word
from mcp_orchestrator.config.overrides import merged
from mcp_orchestrator.config.sources import Table, as_table

QUICK_S, SLOW_S = 30.0, 120.0  # A large library takes up to half a minute to list, and twice that on a busy machine.
_SERVER_SHARE = 0.9  # Of our time limit: so the server's own sentence about a slow application comes first.
_SERVER_LONGEST_S = 3600.0  # What the media servers take.
_START_S = 60.0  # Four servers at once on a small machine. A probe that ends too early starts a second child.


def _plain(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_known = parts.hostname is not None and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # A port that is none, a bracket too many.
        is_known = False
        parts = urlsplit("")
    if not is_known:
        raise ValueError("is no address; correct its host or port")
    if parts.username is not None:
        raise ValueError("holds a password; leave it out")
    if parts.query or parts.fragment:
        raise ValueError("has something behind a ? or #; leave it out")
    return url


Address = Annotated[str, Field(pattern=r"^https?://[^/\s]+"), AfterValidator(_plain)]
Secret = Annotated[str, Field(pattern=r"^[!-~]+$")]  # What a header can carry, and no slip of copying.
PresetName = Literal["sabnzbd", "sonarr", "radarr", "plex"]


class PresetSettings(Section):
    """What a server's table may say only if it has a preset; `url`, besides, means something else there."""

    preset: PresetName = Field(description="the application: everything below follows from it")
    url: Address | None = Field(default=None, repr=False, description="where the application itself answers")
    api_key: Secret | None = Field(default=None, repr=False, description="lets in: SABnzbd, Sonarr, Radarr")
    token: Secret | None = Field(default=None, repr=False, description="lets in: Plex")
    ca_file: Word | None = Field(
        default=None,
        description="certificates to trust in place of the system's; a relative path begins beside the configuration",
    )
    simulate: Flag = Field(
        default=False, description="true: an application in memory, for trying out; url and key are not used"
    )


PRESET_KEYS = frozenset(PresetSettings.model_fields) - {"url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One application. Its variables are those that its media server reads."""

    name: PresetName
    title: str
    secret: Literal["api_key", "token"]
    secret_found: str  # Where the user finds it.
    example: str  # An address as it is after installation.
    max_concurrent: int
    slow_tools: tuple[str, ...]  # They read a whole library, ask far away, or delete files.

    def variable(self, setting: str) -> str:
        """Return the name of the variable for a setting: SONARR_API_KEY for api_key."""
        return f"{self.name}_{setting}".upper()

    @property
    def secret_file(self) -> str:
        """Return the usual name of the file with the secret: sonarr-api-key."""
        return f"{self.name}-{self.secret}".replace("_", "-")

    @property
    def arguments(self) -> tuple[str, ...]:
        """What Python is told to run."""
        return "-m", f"media_servers.{self.name}"

    def expanded(self, told: PresetSettings, own: Table) -> Table:
        """Return a server's table without a preset. `own`: what the user says beside `told`, and which wins.

        A longer `timeout_s` of the user's holds for slow tools as well.
        """
        command = [sys.executable, *self.arguments]
        slow_s = max([SLOW_S, *_numbers([own.get("timeout_s")])])
        table: Table = {
            "command": [*command, "--simulate"] if told.simulate else command,
            "env": {},
            "timeout_s": QUICK_S,
            "handshake_timeout_s": _START_S,
            "probe_timeout_s": _START_S / 2,
            "max_concurrent": self.max_concurrent,
            "tools": {tool: {"timeout_s": slow_s} for tool in self.slow_tools},
        }
        table = merged(table, own)
        return table if told.simulate else merged({"env": self._environment(told, table)}, table)

    def _environment(self, told: PresetSettings, table: Table) -> Table:
        """Return the variables of the media server. `table`: with all time limits."""
        tools = (as_table(tool) or {} for tool in (as_table(table["tools"]) or {}).values())
        limits = _numbers([table["timeout_s"], *(tool.get("timeout_s") for tool in tools)])
        longest_s = min(max(limits, default=SLOW_S) * _SERVER_SHARE, _SERVER_LONGEST_S)
        settings = {
            "url": told.url,
            self.secret: told.token if self.secret == "token" else told.api_key,  # noqa: S105 -- the name of a setting
            "ca_file": told.ca_file,
            "timeout_s": f"{longest_s:g}",
        }
        return {self.variable(setting): value for setting, value in settings.items() if value is not None}


def _numbers(values: Iterable[object]) -> list[float]:
    """Return the time limits among them; what is none, the model tells."""
    return [float(value) for value in values if isinstance(value, int | float) and 0 < value < LONGEST_S]


# A few at a time: SABnzbd answers in a millisecond, the others read SQLite, where long lists hold one another up.
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="sabnzbd",
            title="SABnzbd",
            secret="api_key",  # noqa: S106 -- the name of a setting
            secret_found="Config > General > API Key",  # noqa: S106 -- a place
            example="http://127.0.0.1:8080",
            max_concurrent=8,
            slow_tools=("add_nzb", "retry_download", "delete_download"),
        ),
        Preset(
            name="sonarr",
            title="Sonarr",
            secret="api_key",  # noqa: S106 -- as above
            secret_found="Settings > General > API Key",  # noqa: S106 -- as above
            example="http://127.0.0.1:8989",
            max_concurrent=4,
            slow_tools=(
                "get_series",
                "search_series",
                "add_series",
                "get_episodes",
                "get_wanted",
                "get_calendar",
                "delete_series",
            ),
        ),
        Preset(
            name="radarr",
            title="Radarr",
            secret="api_key",  # noqa: S106 -- as above
            secret_found="Settings > General > API Key",  # noqa: S106 -- as above
            example="http://127.0.0.1:7878",
            max_concurrent=4,
            slow_tools=("get_movies", "search_movies", "add_movie", "get_wanted", "get_calendar", "delete_movie"),
        ),
        Preset(
            name="plex",
            title="Plex",
            secret="token",  # noqa: S106 -- as above
            secret_found="X-Plex-Token in the address of any item's XML view",  # noqa: S106 -- as above
            example="http://127.0.0.1:32400",
            max_concurrent=4,
            slow_tools=(
                "get_libraries",
                "get_library_items",
                "get_recently_added",
                "get_on_deck",
                "search",
                "get_history",
            ),
        ),
    )
}
