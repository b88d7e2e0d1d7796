"""The one SQLite file: what is remembered, in tables. Blocks; for the store's own thread."""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, count
from json import dumps, loads
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from actors.breaker import BreakerSnapshot
from actors.call import ServerName
from actors.catalogue import Catalogue
from actors.remembered import INCIDENTS_KEPT, Memory, Remembered
from actors.statistics import BOUNDS_S, StatisticsSnapshot
from actors.status import Incident

_LOCK_WAIT_S = 0.5  # Somebody may be making a copy. Short: whoever starts waits for what is recalled.

# One entry a schema version: `user_version` n has had the first n of them.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE servers (
            name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, era TEXT NOT NULL, protocol TEXT NOT NULL,
            breaker TEXT NOT NULL, half_opens_at REAL NOT NULL, statistics TEXT NOT NULL
        )""",
        """CREATE TABLE catalogues (server TEXT PRIMARY KEY, tools TEXT NOT NULL)""",
        """CREATE TABLE incidents (
            number INTEGER PRIMARY KEY, at REAL NOT NULL, server TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
        )""",
    ),
    # Eras were not asked for before: all servers are asked anew.
    ("ALTER TABLE servers ADD COLUMN transport TEXT NOT NULL DEFAULT ''", "UPDATE servers SET era = ''"),
)
_READ_SERVERS = """
    SELECT name, fingerprint, era, transport, protocol, breaker, half_opens_at, statistics, tools
    FROM servers LEFT JOIN catalogues ON server = name
"""
_KEEP_SERVER = """
    REPLACE INTO servers (name, fingerprint, era, transport, protocol, breaker, half_opens_at, statistics)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_WHY = {
    sqlite3.SQLITE_BUSY: "another process has it open",
    sqlite3.SQLITE_FULL: "no space is left for it",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "its disk fails",
}

_BREAKER = TypeAdapter(BreakerSnapshot)
_STATISTICS = TypeAdapter(StatisticsSnapshot)
_MEMORY = TypeAdapter(Memory)
_INCIDENTS = TypeAdapter(list[Incident])


class DamagedError(Exception):
    """The file is not what was written. It has to be out of the way before anything can be kept there."""


class UnknownSchemaError(Exception):
    """The file is another release's: to be left as it is."""


class StateFile:
    """Open from construction to `close`, on one thread.

    * What was committed is safe from kill -9, not from power loss: WAL with synchronous=NORMAL waits for the disk at
      checkpoints only (https://www.sqlite.org/pragma.html#pragma_synchronous).
    * One process at a time. The lock is held all the time and ends with the process, however it ends; with it,
      SQLite shares no memory with anybody, so a full disk cannot kill us by SIGBUS.
    * Failures are sqlite3.Error, OSError, DamagedError, UnknownSchemaError. After any of them: `close`.
    * A fork never closes it: what the store's thread held is never freed there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # Exclusive: to open and close a file that a connection of this process has open would end its locks.
            path.touch(mode=0o600, exist_ok=False)
        self._connection = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
        try:
            self._identity = _identity(path)
            with _damage_told_apart():
                self._prepare()
        except BaseException:
            self.close()
            raise
        self._catalogues: dict[ServerName, Catalogue] = {}  # Those that are in the file as they are.

    def is_in_place(self) -> bool:
        """Say whether the file is still the one at its path: SQLite would go on writing to a deleted one."""
        try:
            return _identity(self._path) == self._identity
        except FileNotFoundError:
            return False

    def read(self) -> Remembered:
        """Return everything that is in it."""
        with _damage_told_apart():
            try:
                servers = dict(map(_server, self._connection.execute(_READ_SERVERS)))
                rows = self._connection.execute("SELECT at, server, kind, text FROM incidents ORDER BY number")
                columns = ("at", "server", "kind", "text")
                incidents = _INCIDENTS.validate_python([dict(zip(columns, row, strict=True)) for row in rows])
            except (ValueError, RecursionError) as error:  # JSON, pydantic: no release of ours has written this.
                raise DamagedError(f"it holds what cannot be read: {error}") from error
        self._catalogues = {name: memory.catalogue for name, memory in servers.items()}
        return Remembered(servers=servers, incidents=tuple(incidents))

    def write(self, servers: Mapping[ServerName, Memory], incidents: Iterable[Incident]) -> None:
        """Put `servers` in place of what is there of them, and append `incidents`: all in one transaction."""
        listed = {
            name: memory.catalogue
            for name, memory in servers.items()
            if self._catalogues.get(name) is not memory.catalogue
        }
        with _damage_told_apart():
            execute, many = self._connection.execute, self._connection.executemany
            execute("BEGIN IMMEDIATE")
            many(_KEEP_SERVER, map(_server_row, servers.items()))
            many("REPLACE INTO catalogues VALUES (?, ?)", map(_catalogue_row, listed.items()))
            many("INSERT INTO incidents VALUES (NULL, ?, ?, ?, ?)", map(_incident_row, incidents))
            execute("DELETE FROM incidents WHERE number <= (SELECT max(number) FROM incidents) - ?", (INCIDENTS_KEPT,))
            execute("COMMIT")
        self._catalogues |= listed

    def close(self) -> None:
        """Release the file. What was not committed is not in it."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def _prepare(self) -> None:
        execute = self._connection.execute
        self._connection.text_factory = bytes.decode  # Text that is no UTF-8 is a ValueError, as other nonsense is.
        execute("PRAGMA locking_mode = EXCLUSIVE")  # First of all: later it would share memory for the WAL.
        (version,) = execute("PRAGMA user_version").fetchone()
        if not 0 <= version <= len(_MIGRATIONS):
            raise UnknownSchemaError(f"its schema is version {version}, this release knows {len(_MIGRATIONS)}")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("BEGIN IMMEDIATE")  # Takes the lock, and fails at once where nothing can be written.
        (verdict,) = execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedError(verdict)
        for statement in chain.from_iterable(_MIGRATIONS[version:]):
            execute(statement)
        execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
        execute("COMMIT")


def move_aside(path: Path, stamp: str) -> Path:
    """Rename a damaged file, and the log that belongs to it, for whoever may want to mend it. Return its new path."""
    candidates = (path.with_name(f"{path.name}.corrupt-{stamp}{suffix}") for suffix in _suffixes())
    aside = next(candidate for candidate in candidates if not candidate.exists())
    with suppress(FileNotFoundError):  # The log first: left alone it would be deleted as nobody's.
        Path(f"{path}-wal").rename(f"{aside}-wal")
    return path.rename(aside)


def why(error: Exception) -> str:
    """Say for people what is wrong with the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # The rest of it says where SQLite was.
    return f"{_WHY[code]}: {error}" if code in _WHY else str(error)


def _suffixes() -> Iterator[str]:
    return chain([""], (f"-{number}" for number in count(2)))


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@contextmanager
def _damage_told_apart() -> Generator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            raise DamagedError(str(error)) from error
        raise


def _server(row: Any) -> tuple[ServerName, Memory]:  # noqa: ANN401 -- as SQLite has it: anything
    name, fingerprint, era, transport, protocol, breaker, half_opens_at, statistics, tools = row
    memory = _MEMORY.validate_python(
        {
            "fingerprint": fingerprint,
            "era": era,
            "transport": transport,
            "protocol": protocol,
            "catalogue": Catalogue.of(loads(tools)) if tools else Catalogue(),
            "breaker": loads(breaker),
            "half_opens_at": half_opens_at,
            "statistics": loads(statistics),
        }
    )
    if len(memory.statistics.latencies) != len(BOUNDS_S) + 1:
        raise ValueError(f"{len(memory.statistics.latencies)} latency buckets of {name}")
    return name, memory


def _server_row(item: tuple[ServerName, Memory]) -> tuple[object, ...]:
    name, memory = item
    breaker, statistics = _BREAKER.dump_json(memory.breaker), _STATISTICS.dump_json(memory.statistics)
    known = (memory.fingerprint, memory.era, memory.transport, _text(memory.protocol))
    return name, *known, breaker.decode(), memory.half_opens_at, statistics.decode()


def _catalogue_row(item: tuple[ServerName, Catalogue]) -> tuple[str, str]:
    name, catalogue = item
    try:
        return name, dumps(list(catalogue.tools.values()))
    except RecursionError:  # Nested too deep to be kept, as only malice does it: listed when it is connected.
        return name, "[]"


def _incident_row(incident: Incident) -> tuple[float, str, str, str]:
    return incident.at, incident.server, incident.kind, _text(incident.text)


def _text(text: str) -> str:
    # What servers say may hold half a surrogate pair, which no file can.
    return text.encode("utf-8", "backslashreplace").decode()
