"""Accepts other people's spellings of our settings: the test strategy's, and those of MCP clients."""

import logging
import shlex
from collections.abc import Mapping
from typing import cast

from actors.config import ServerConfig
from mcp_orchestrator.config.mistakes import Mistakes, nearest, shown, unknown_key
from mcp_orchestrator.config.models import KeyPath
from mcp_orchestrator.config.presets import PRESET_KEYS
from mcp_orchestrator.config.sources import Table, as_table

_log = logging.getLogger(__name__)

ORCHESTRATOR: Mapping[str, KeyPath] = {
    "health_check_interval": ("health_check_interval_s",),
    "keepalive_interval": ("health_check_interval_s",),
}
SERVER: Mapping[str, KeyPath] = {
    "timeout": ("timeout_s",),
    "max_concurrent_requests": ("max_concurrent",),
    "circuit_breaker_threshold": ("breaker", "failure_threshold"),
    "circuit_breaker_timeout": ("breaker", "open_s"),
    "circuit_breaker_success_threshold": ("breaker", "success_threshold"),
    "httpUrl": ("url",),
    "serverUrl": ("url",),
}
TOOL: Mapping[str, KeyPath] = {"timeout": ("timeout_s",)}
# Never seen by the model: what a preset is told, how clients say `enabled` and `command`, what says only what is plain.
SERVER_ALSO = frozenset({*SERVER, *PRESET_KEYS, "args", "disabled", "type"})

_TYPES = {"stdio": "command", "local": "command"} | dict.fromkeys(
    ("http", "sse", "streamable-http", "streamable_http", "streamableHttp"), "url"
)
_LONGEST_FOREIGN_TIMEOUT_S = 3600.0
# Keys of clients that are near to one of ours, and no slip.
_LOOK_LIKE_OURS = frozenset({"disabledTools", "disabled_tools", "enabledTools", "enabled_tools", "headersHelper"})


def orchestrator_as_ours(table: Table, path: KeyPath, mistakes: Mistakes) -> Table:
    """Return the table `[orchestrator]` in our own words."""
    return _renamed(table, path, ORCHESTRATOR, mistakes)


def server_as_ours(table: Table, path: KeyPath, mistakes: Mistakes, *, foreign: bool) -> Table:
    """Return one server's table in our own words. `foreign`: keys of other programs are left out, with a warning."""
    if foreign:
        table = _without_foreign(table, path, mistakes)
    table = _renamed(table, path, SERVER, mistakes)
    _drop_name(table, path, mistakes)
    _disabled(table, path, mistakes)
    _type(table, path, mistakes)
    _command(table, path, mistakes, foreign=foreign)
    if (tools := as_table(table.get("tools"))) is not None:
        table["tools"] = {name: _tool(tool, (*path, "tools", name), mistakes) for name, tool in tools.items()}
    return table


def _tool(tool: object, path: KeyPath, mistakes: Mistakes) -> object:
    table = as_table(tool)
    return tool if table is None else _renamed(table, path, TOOL, mistakes)


def _renamed(table: Table, path: KeyPath, spellings: Mapping[str, KeyPath], mistakes: Mistakes) -> Table:
    """Move the values of other spellings to our keys; both spellings of one setting are a mistake."""
    ours = {key: value for key, value in table.items() if key not in spellings}
    for key in [key for key in table if key in spellings]:
        *tables, last = cast("tuple[str, ...]", spellings[key])
        home = ours
        for name in tables:
            inner = as_table(home.get(name, {}))
            if inner is None:
                break  # No table: the model says so.
            home[name] = home = dict(inner)
        else:
            if last in home:
                mistakes.add((*path, key), f"says the same as {shown(spellings[key])}; keep one")
            else:
                home[last] = table[key]
                mistakes.moved((*path, key), (*path, *spellings[key]))
    return ours


def _drop_name(table: Table, path: KeyPath, mistakes: Mistakes) -> None:
    name = table.pop("name", path[-1])
    if name != path[-1]:
        mistakes.add((*path, "name"), f"a server is called as its table is; remove it, or name the table {name}")


def _disabled(table: Table, path: KeyPath, mistakes: Mistakes) -> None:
    if "disabled" not in table:
        return
    disabled = table.pop("disabled")
    if "enabled" in table:
        mistakes.add((*path, "disabled"), "says the same as enabled; keep one")
    elif not isinstance(disabled, bool):
        mistakes.add((*path, "disabled"), "must be true or false")
    else:
        table["enabled"] = not disabled


def _type(table: Table, path: KeyPath, mistakes: Mistakes) -> None:
    """Clients say `type` beside `command` or `url`; it must not contradict them. Only "sse" says more than they do."""
    if "type" not in table:
        return
    kind = table.pop("type")
    needs = _TYPES.get(kind) if isinstance(kind, str) else None
    if needs is None:
        mistakes.add((*path, "type"), f"must be one of {', '.join(_TYPES)}; or remove it")
    elif needs not in table:
        mistakes.add((*path, "type"), f'"{kind}" needs {needs}; correct one of them')
    elif kind == "sse":
        if table.get("transport", "auto") not in {"auto", "sse"}:
            mistakes.add((*path, "type"), f'"sse" contradicts transport = "{table["transport"]}"; keep one')
        table["transport"] = "sse"


def _command(table: Table, path: KeyPath, mistakes: Mistakes, *, foreign: bool) -> None:
    """Make one list of `command` and `args`. A command in one text is split as a shell would.

    Not so in a client's file with `args` beside it: there it is a program's path, which may hold spaces.
    """
    command, args = table.get("command"), table.pop("args", None)
    if isinstance(command, str):
        try:
            table["command"] = command = [command] if foreign and args is not None else shlex.split(command)
        except ValueError:
            mistakes.add((*path, "command"), "a quote is not closed; close it, or write a list")
    if args is None:
        return
    if command is None:
        mistakes.add((*path, "args"), "there is no command to go with it; give the program as command")
    elif not isinstance(args, list):
        mistakes.add((*path, "args"), "must be a list")
    elif isinstance(command, list):
        for number in range(len(cast("list[object]", args))):
            mistakes.moved((*path, "args", number), (*path, "command", len(cast("list[object]", command)) + number))
        table["command"] = [*cast("list[object]", command), *cast("list[object]", args)]


def _without_foreign(table: Table, path: KeyPath, mistakes: Mistakes) -> Table:
    """Leave out what is meant for some client. A key that is nearly one of ours is a slip, not a foreign key."""
    known = (set(ServerConfig.model_fields) | SERVER_ALSO) - {"name"}
    ours = {key: value for key, value in table.items() if key in known}
    if isinstance(table.get("tools"), list):  # Some clients list there what they show to the model.
        del ours["tools"]
    ignored: list[str] = []
    for key in sorted(table.keys() - ours.keys()):
        if key not in known and key not in _LOOK_LIKE_OURS and nearest(key, known):
            mistakes.add((*path, key), unknown_key(key, known, ServerConfig))
        else:
            ignored.append(key)
    if ignored:
        _log.warning("%s: not read, being none of our settings: %s", shown(path), ", ".join(ignored))
    timeout = ours.get("timeout")
    if isinstance(timeout, int | float) and timeout > _LONGEST_FOREIGN_TIMEOUT_S:
        mistakes.add((*path, "timeout"), f"is in seconds, not milliseconds; write timeout_s if {timeout:g} s are meant")
    return ours
