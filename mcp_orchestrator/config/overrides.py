"""Settings from environment variables: MCP_ORCHESTRATOR__SERVERS__SONARR__TIMEOUT_S=60."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from mcp_orchestrator.config.mistakes import Mistakes, nearest, shown
from mcp_orchestrator.config.sources import Document, Table, as_table
from mcp_orchestrator.config.values import scalar, takes_text

PREFIX = "MCP_ORCHESTRATOR__"

_TEXTS = {("orchestrator", "state_dir"), ("daemon", "host"), ("daemon", "tokens_file")}
_AS_SPELLED = ("env", "headers")  # Tables whose keys are not ours.


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the variables say, table by table; of the servers, by their names."""

    orchestrator: Table = field(default_factory=dict[str, object])
    daemon: Table = field(default_factory=dict[str, object])
    servers: Table = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    parts: tuple[str, ...]  # What follows the prefix: ("SERVERS", "SONARR", "TIMEOUT_S").
    text: str


def overrides(document: Document, environ: Mapping[str, str], mistakes: Mistakes) -> Overrides:
    """Return what the variables say.

    * Case does not matter. In names `-` and `.` are written `_`: a variable's name cannot hold them.
    * Only servers that the document has can be told something: a slip in the name makes no new one.
    """
    over = Overrides()
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX):
            continue
        variable = _Variable(name, tuple(name[len(PREFIX) :].split("__")), environ[name])
        if variable.parts[0].upper() == "DAEMON":
            _setting(over.daemon, variable, "daemon", variable.parts[1:], mistakes)
        elif variable.parts[0].upper() != "SERVERS":
            _setting(over.orchestrator, variable, "orchestrator", variable.parts, mistakes)
        elif len(variable.parts) < 3 or not all(variable.parts):
            mistakes.add((name,), f"names no setting; write {PREFIX}SERVERS__NAME__SETTING")
        elif (server := _server(variable, document.servers, mistakes)) is not None:
            _enter(over.servers, document, server, variable, mistakes)
    return over


def merged(below: Table, above: Table) -> Table:
    """Lay one table over another: tables join, all else is replaced."""
    joined = dict(below)
    for key, value in above.items():
        lower, upper = as_table(joined.get(key)), as_table(value)
        joined[key] = value if lower is None or upper is None else merged(lower, upper)
    return joined


def _setting(table: Table, variable: _Variable, home: str, parts: tuple[str, ...], mistakes: Mistakes) -> None:
    """Enter a setting that is no server's. `parts`: what names it within its table, `home`."""
    if len(parts) != 1 or not parts[0]:
        names = ("SETTING", "DAEMON__SETTING", "SERVERS__NAME__SETTING")
        mistakes.add((variable.name,), f"names no setting; write {' or '.join(f'{PREFIX}{name}' for name in names)}")
        return
    key = parts[0].lower()
    mistakes.written_as((home, key), variable.name)
    table[key] = variable.text if (home, key) in _TEXTS else scalar(variable.text)


def _server(variable: _Variable, servers: Table, mistakes: Mistakes) -> str | None:
    """Find the one server that a variable means."""
    wanted = variable.parts[1]
    found = [name for name in servers if _plain(name) == _plain(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        mistakes.add((variable.name,), f"means {' or '.join(found)}, which no variable can tell apart; use the file")
    else:
        meant = nearest(wanted, servers)
        hint = f"did you mean {meant}?" if meant else "unset it, or configure the server"
        mistakes.add((variable.name,), f"there is no server {wanted.lower()}; {hint}")
    return None


def _enter(servers: Table, document: Document, server: str, variable: _Variable, mistakes: Mistakes) -> None:
    """Enter one value, below the keys that the document uses where it has them."""
    path = [server]
    home = cast("Table", servers.setdefault(server, {}))
    there = as_table(document.servers[server]) or {}
    *tables, last = variable.parts[2:]
    for part in tables:
        path.append(_key(part, there, path))
        there = as_table(there.get(path[-1])) or {}
        inner = as_table(home.setdefault(path[-1], {}))
        if inner is None:
            mistakes.add((variable.name,), f"another variable sets all of {shown(tuple(path[1:]))}; unset one")
            return
        home = inner
    path.append(_key(last, there, path))
    mistakes.written_as((*document.servers_path, *path), variable.name)
    home[path[-1]] = variable.text if takes_text(tuple(path[1:])) else scalar(variable.text)


def _key(part: str, there: Table, path: list[str]) -> str:
    """Spell one part as the document does, else in lower case; names of variables and headers stay as they are."""
    same = next((key for key in there if _plain(key) == _plain(part)), None)
    return same or (part if path[-1] in _AS_SPELLED and len(path) == 2 else part.lower())


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
