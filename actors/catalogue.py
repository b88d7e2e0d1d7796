"""What a server offers. Pure; the exchanges that fetch it are in `mcp.conversations`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from actors.call import ToolName
from actors.config import ServerConfig

Tool: TypeAlias = Mapping[str, Any]  # As the server sent it, with a usable name.


def table(value: object) -> Mapping[str, Any]:
    """Return `value`, which a server sent, if it is an object; else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tools of one server, by name, in the server's order. Immutable."""

    tools: Mapping[ToolName, Tool] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, tools: Iterable[object]) -> "Catalogue":
        """Make one from raw list entries. What has no usable name is left out: one bad tool costs itself only."""
        usable: dict[ToolName, Tool] = {}
        for entry in tools:
            tool = table(entry)
            if isinstance(name := tool.get("name"), str) and name:
                usable[ToolName(name)] = tool
        return cls(MappingProxyType(usable))


@dataclass(frozen=True, slots=True)
class Repeatable:
    """Whether a call may be repeated after an unknown outcome, and by whose word."""

    yes: bool
    why: str


def repeatable(config: ServerConfig, method: str, tool: ToolName | None, fresh: Catalogue | None) -> Repeatable:
    """Decide if running this twice does no harm. `fresh`: fetched on the connection the call goes out on, or None.

    Source: the tool annotations of the MCP schema; untrusted hints unless the configuration trusts the server.
    """
    if method != "tools/call" or tool is None:
        return Repeatable(
            yes=method in _READING, why="reads only" if method in _READING else "not known to be harmless"
        )
    configured = config.tool(tool).idempotent
    if configured is not None:
        return Repeatable(yes=configured, why="configured")
    if not config.trusts_annotations:
        return Repeatable(yes=False, why="annotations not trusted")
    if fresh is None or tool not in fresh.tools:
        return Repeatable(yes=False, why="not in a catalogue of this connection")
    return _by_annotations(fresh.tools[tool].get("annotations"))


_READING = frozenset(
    {
        "ping",
        "tools/list",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "completion/complete",
    }
)


def _by_annotations(hints: object) -> Repeatable:
    hint = table(hints)
    reads, idempotent = hint.get("readOnlyHint") is True, hint.get("idempotentHint") is True
    if reads and hint.get("destructiveHint") is True:
        return Repeatable(yes=False, why="readOnlyHint and destructiveHint contradict each other")
    if reads:
        return Repeatable(yes=True, why="readOnlyHint")
    return Repeatable(yes=True, why="idempotentHint") if idempotent else Repeatable(yes=False, why="no hint")
