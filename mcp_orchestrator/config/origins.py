"""Where the secrets of a configuration come from, for whoever checks one. Never a value."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from actors.call import ServerName
from mcp_orchestrator.config.mistakes import Mistakes, shown
from mcp_orchestrator.config.models import KeyPath
from mcp_orchestrator.config.overrides import overrides
from mcp_orchestrator.config.sources import as_table, read_file
from mcp_orchestrator.config.values import pointed_to, takes_text

_MAY_HOLD_SECRETS = ("env", "headers")  # Tables.
_SECRETS = ("api_key", "token")


def origins(path: Path, *, environ: Mapping[str, str] = os.environ) -> dict[ServerName, dict[str, str]]:
    """Return per server each setting that may hold a secret, and where its value comes from.

    Those are all variables and headers, and whatever else is filled in. `path`: a file that `load` has found right.
    """
    mistakes = Mistakes(str(path))
    document = read_file(path, mistakes)
    by_variables = overrides(document, environ, mistakes).servers
    found: dict[ServerName, dict[str, str]] = {}
    for name, server in document.servers.items():
        found[ServerName(name)] = dict(_origins(server, (), "written in the file"))
        found[ServerName(name)].update(_origins(by_variables.get(name), (), "override by a variable"))
    return found


def _origins(value: object, inner: KeyPath, as_it_stands: str) -> Iterator[tuple[str, str]]:
    """Yield the settings at and below `inner`."""
    if (isinstance(value, str) or takes_text(inner)) and (pointers := pointed_to(value)):
        yield shown(inner), ", ".join(pointers)
    elif (table := as_table(value)) is not None:
        for key, below in table.items():
            yield from _origins(below, (*inner, key), as_it_stands)
    elif isinstance(value, list):
        for number, below in enumerate(cast("list[object]", value)):
            yield from _origins(below, (*inner, number), as_it_stands)
    elif inner and inner[0] in (_SECRETS if len(inner) == 1 else _MAY_HOLD_SECRETS if len(inner) == 2 else ()):
        yield shown(inner), as_it_stands


def files_beside(path: Path) -> list[Path]:
    """Return the files that a configuration refers to by relative paths: its secrets and certificates."""
    document = read_file(path, Mistakes(str(path)))
    named = dict.fromkeys(name for server in document.servers.values() for name in _relative_files(server, ()))
    return [Path(name) for name in named]


def _relative_files(value: object, inner: KeyPath) -> Iterator[str]:
    if (table := as_table(value)) is not None:
        name = table.get("file")
        if takes_text(inner) and table.keys() == {"file"} and isinstance(name, str) and name[:1] not in "/~$":
            yield name
            return
        for key, below in table.items():
            yield from _relative_files(below, (*inner, key))
    elif isinstance(value, list):
        for number, below in enumerate(cast("list[object]", value)):
            yield from _relative_files(below, (*inner, number))
    elif inner == ("ca_file",) and isinstance(value, str) and value[:1] not in "/~$":
        yield value
