"""Reads a configuration's source: TOML, the JSON of MCP clients, or a dict, all into one `Document`."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from actors.errors import ConfigurationError
from mcp_orchestrator.config.mistakes import Mistakes, shown, unknown_key
from mcp_orchestrator.config.models import KeyPath

Table: TypeAlias = dict[str, object]

_OURS = ("orchestrator", "daemon", "servers")
_SIGNS_OF_A_SERVER = ("command", "url", "preset")
_TOO_DEEP = "nested too deeply; no setting needs more than a few levels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was written, not yet understood.

    * `servers_path`: where its author put the servers: () in a dict `{server: {…}}`.
    * `folder`: where its relative secret files are.
    * `foreign`: a file of some MCP client, which may hold keys that are none of ours.
    """

    source: str
    folder: Path
    foreign: bool
    orchestrator: Table
    daemon: Table
    servers: Table
    servers_path: KeyPath


def read_file(path: Path, mistakes: Mistakes) -> Document:
    """Read a file: JSON if it is called so, else TOML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file; check the path") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; check the path and its rights") from None
    foreign = path.suffix.lower() == ".json"
    data = _json(path, text) if foreign else _toml(path, text)
    return _document(data, mistakes, source=str(path), folder=path.absolute().parent, foreign=foreign, flat=foreign)


def read_dict(data: Mapping[str, object], mistakes: Mistakes) -> Document:
    """Take a dict in any of the shapes a file may have, or `{server: {…}}`."""
    table = cast("Table", _copy(data))
    foreign = "mcpServers" in table
    return _document(table, mistakes, source="config", folder=Path.cwd(), foreign=foreign, flat=True)


def as_table(value: object) -> Table | None:
    """Return `value` if it is a table."""
    return cast("Table", value) if isinstance(value, dict) else None


def _document(  # noqa: PLR0913 -- two callers, each of which knows all of it
    data: Table, mistakes: Mistakes, *, source: str, folder: Path, foreign: bool, flat: bool
) -> Document:
    """Find the servers. `flat`: the top level may be the servers' table."""
    if "mcpServers" in data:  # The client's own settings stand beside it.
        servers_path: KeyPath = ("mcpServers",)
        data = {**{key: data.get(key, {}) for key in _OURS}, "servers": data["mcpServers"]}
    elif any(key in data for key in _OURS) or not flat:
        servers_path = ("servers",)
        _only_ours(data, mistakes, foreign=foreign)
    else:
        servers_path = ()
        data = {"servers": data}
    found = [as_table(data.get(key, {})) for key in _OURS]
    for key, table in zip((("orchestrator",), ("daemon",), servers_path), found, strict=True):
        if table is None:
            mistakes.add(key, "must be a table")
        elif key != servers_path and any(sign in table for sign in _SIGNS_OF_A_SERVER):
            mistakes.add(key, f"holds settings of ours; a server of that name is written [servers.{shown(key)}]")
            table.clear()
    return Document(
        source=source,
        folder=folder,
        foreign=foreign,
        orchestrator=found[0] or {},
        daemon=found[1] or {},
        servers=found[2] or {},
        servers_path=servers_path,
    )


def _only_ours(data: Table, mistakes: Mistakes, *, foreign: bool) -> None:
    """Note the keys beside our tables. VS Code keeps `inputs` there."""
    for key, value in data.items():
        if key in _OURS or (foreign and key == "inputs"):
            continue
        text = unknown_key(key, _OURS)
        if as_table(value) is not None and "did you mean" not in text:
            text = f"unknown table; a server is written [servers.{key}]"
        mistakes.add((key,), text)


def _toml(path: Path, text: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}; correct the syntax there") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: {_TOO_DEEP}") from None


def _json(path: Path, text: str) -> Table:
    try:
        data: object = json.loads(text, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{path}: not JSON: {error.msg} (at line {error.lineno}, column {error.colno}); "
            "JSON has no comments and no comma before a closing bracket"
        ) from None
    except RecursionError:
        raise ConfigurationError(f"{path}: {_TOO_DEEP}") from None
    except _DoubleKeyError as error:
        raise ConfigurationError(f'{path}: the key "{error}" is there twice in one object; keep one') from None
    if (table := as_table(data)) is None:
        raise ConfigurationError(f'{path}: must be an object; write {{"mcpServers": {{…}}}}')
    return table


class _DoubleKeyError(Exception):
    """Two values for one key: JSON readers take the last without a word."""


def _without_doubles(pairs: list[tuple[str, object]]) -> Table:
    table: Table = {}
    for key, value in pairs:
        if key in table:
            raise _DoubleKeyError(key)
        table[key] = value
    return table


def _copy(value: object) -> object:
    """Copy a caller's dict down to its leaves: we change it, and they may."""
    if isinstance(value, Mapping):
        return {str(key): _copy(inner) for key, inner in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_copy(inner) for inner in cast("list[object] | tuple[object, ...]", value)]
    return value
