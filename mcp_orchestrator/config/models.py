"""What an orchestrator may be told, and the rules that hold across its servers."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from actors.call import ServerName
from actors.config import Count, Seconds, Section, ServerConfig
from mcp_orchestrator.config.daemon import DaemonSettings
from supervisors.children import SupervisionPolicy

KeyPath: TypeAlias = tuple[str | int, ...]  # Where in a document: ("servers", "sonarr", "command", 0).

_NAME = re.compile(r"(?!.*__)[A-Za-z0-9_.-]{1,64}")


class OrchestratorSettings(Section):
    """What holds for all servers: the table `[orchestrator]`."""

    max_parallel_calls: Count = Field(default=32, description="calls of one batch under way at once")
    start_timeout_s: Seconds = Field(default=15.0, description="how long connecting to all servers is waited for")
    shutdown_timeout_s: Seconds = Field(
        default=5.0, description="how long a shutdown lets calls under way finish; then they are ended"
    )

    health_check_interval_s: Seconds = Field(default=30.0, description="from one ping of a server to the next")
    health_check_misses: Count = Field(default=3, description="pings missed in a row that make a server down")

    max_restarts: Count = Field(default=5, description="crashes of a server's actor within the window that park it")
    restart_window_s: Seconds = Field(default=120.0, description="the window in which crashes are counted")
    parked_retry_s: Seconds = Field(default=120.0, description="how long a parked server is left alone")
    hung_after_s: Seconds = Field(
        default=5.0, description="silence after which an actor with unread messages counts as hung, and is replaced"
    )

    state: Literal["disk", "memory"] = Field(
        default="disk", description='"memory": nothing is kept from one run to the next'
    )
    state_dir: str | None = Field(
        default=None,
        pattern=r"^[/~]",
        description="folder of what is kept, absolute or from `~`; not set: `$STATE_DIRECTORY`, which systemd sets, "
        "else `mcp-orchestrator` in `$XDG_STATE_HOME` or `~/.local/state`",
    )

    @property
    def supervision(self) -> SupervisionPolicy:
        """What of it concerns the supervisor."""
        return SupervisionPolicy(
            health_check_interval_s=self.health_check_interval_s,
            health_check_misses=self.health_check_misses,
            max_restarts=self.max_restarts,
            restart_window_s=self.restart_window_s,
            parked_retry_s=self.parked_retry_s,
            hung_after_s=self.hung_after_s,
        )

    def state_folder(self, environ: Mapping[str, str] = os.environ) -> Path | None:
        """Return where state is kept, for the store, which makes the folder; None: in memory only."""
        if self.state == "memory":
            return None
        if self.state_dir is not None:
            return Path(self.state_dir).expanduser()
        if of_systemd := environ.get("STATE_DIRECTORY"):
            return Path(of_systemd.split(":")[0])  # A unit with several gets them joined by colons.
        of_user = environ.get("XDG_STATE_HOME")
        return (Path(of_user) if of_user else Path.home() / ".local" / "state") / "mcp-orchestrator"


class OrchestratorConfig(OrchestratorSettings):
    """Everything an orchestrator needs to know. `servers` keeps its order: it breaks ties of priority."""

    servers: Mapping[ServerName, ServerConfig] = Field(description="by name, in order")
    daemon: DaemonSettings = Field(default=DaemonSettings(), description="of `mcp-orchestrator serve` alone")

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        wrong = [f"{'.'.join(map(str, path))}: {text}" for path, text in conflicts(self.servers)]
        wrong += [
            f"{name}: its section says name = {server.name!r}; give it the name it is listed under"
            for name, server in self.servers.items()
            if server.name != name
        ]
        if not self.servers:
            wrong = ["no server: give at least one"]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


Source: TypeAlias = str | os.PathLike[str] | Mapping[str, object] | OrchestratorConfig


def wrong_name(name: str) -> str | None:
    """Say what is wrong with the name or alias of a server, in words that follow it; None: nothing.

    The gateway joins server and tool by two underscores, so a name with two could not be taken apart again.
    """
    if _NAME.fullmatch(name):
        return None
    return "is no usable name; take 1 to 64 letters, digits, `_`, `.` or `-`, no two underscores in a row"


def conflicts(servers: Mapping[ServerName, ServerConfig]) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is wrong between names and aliases, each with its path below the servers' table."""
    for name in servers:
        if wrong := wrong_name(name):
            yield (name,), wrong
    owners: dict[str, str] = {name: f"the server {name}" for name in servers}
    for name, server in servers.items():
        yield from _taken((name, "aliases"), server.aliases, owners, f"an alias of {name}")
        for alias in server.aliases:
            if wrong := wrong_name(alias):
                yield (name, "aliases"), f'"{alias}" {wrong}'
        tools: dict[str, str] = {tool: f"the tool {tool}" for tool in server.tools}
        for tool, config in server.tools.items():
            yield from _taken((name, "tools", tool, "aliases"), config.aliases, tools, f"an alias of {tool}")


def _taken(path: KeyPath, aliases: Iterable[str], owners: dict[str, str], owner: str) -> Iterator[tuple[KeyPath, str]]:
    """Yield a mistake for every alias that somebody has already, and enter the others as `owner`'s."""
    for alias in aliases:
        if alias in owners:
            yield path, f'"{alias}" is {owners[alias]} already; take another alias'
        else:
            owners[alias] = owner


def switched(config: OrchestratorConfig, switches: Mapping[ServerName, bool]) -> OrchestratorConfig:
    """Return a configuration with some of its servers enabled or disabled, whatever it says of them itself."""
    servers = {
        name: server.model_copy(update={"enabled": switches[name]})
        if switches.get(name, server.enabled) != server.enabled
        else server
        for name, server in config.servers.items()
    }
    return config.model_copy(update={"servers": servers})
