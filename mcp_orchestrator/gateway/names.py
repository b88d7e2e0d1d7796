"""What tools and prompts are called at the gateway: `server__tool`, for the merged lists. Pure.

A name has at most 64 letters, digits, `_`, `.`, `-` or `/`: what the strictest of model APIs and clients take.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256

from actors.call import ServerName
from actors.config import ServerConfig

LONGEST = 64
JOINT = "__"
_UNUSABLE = re.compile(r"[^A-Za-z0-9_./-]")
_MARK = 8  # Hexadecimal digits that tell shortened names apart.


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something that the gateway offers comes from: its server, and its name there."""

    server: ServerName
    name: str

    @property
    def full_name(self) -> str:
        """What it is called where prefixes, aliases and other servers do not matter."""
        return f"{self.server}{JOINT}{self.name}"


@dataclass(frozen=True, slots=True)
class Published:
    """Two ways from a name to its origin: `offered`, one name for each, in order; `spellings`, aliases besides."""

    offered: Mapping[str, Origin]
    spellings: Mapping[str, Origin]

    def origin(self, name: str) -> Origin | None:
        """Return what a caller means by this name; None: nothing."""
        return self.offered.get(name) or self.spellings.get(name)

    def only(self, may: Callable[[str], bool]) -> "Published":
        """Return what is left of it for a caller who may use only some. `may`: takes full names."""
        offered, spellings = (
            {name: origin for name, origin in names.items() if may(origin.full_name)}
            for names in (self.offered, self.spellings)
        )
        return Published(offered, spellings)


def published(
    servers: Mapping[ServerName, ServerConfig],
    names: Mapping[ServerName, Iterable[str]],
    reserved: frozenset[str] = frozenset(),
) -> Published:
    """Give every name that is exposed one name of ours, none of `reserved`. `names`: each server's own, in its order.

    * Two that would have the same name: the server of the lowest priority has it, then the first in the configuration;
      the other is called by its server's full name, or with a mark that depends on nothing but its origin.
    * The order is that of the configuration, then the servers' own.
    """
    owners: dict[str, Origin] = {}
    for server in sorted(servers, key=lambda name: servers[name].priority):
        for name in names.get(server, ()):
            if is_exposed(servers[server], name):
                origin = Origin(server, name)
                taken = next(way for way in _ways(servers[server], origin) if way not in owners and way not in reserved)
                owners[taken] = origin
    by_origin = {origin: name for name, origin in owners.items()}
    in_order = (Origin(server, name) for server in servers for name in names.get(server, ()))
    offered = {by_origin[origin]: origin for origin in in_order if origin in by_origin}
    return Published(offered, _spellings(servers, offered))


def is_exposed(config: ServerConfig, name: str) -> bool:
    """Say if the configuration lets callers of the gateway see what has this name at its server."""
    if any(fnmatchcase(name, pattern) for pattern in config.hide):
        return False
    return not config.expose or any(fnmatchcase(name, pattern) for pattern in config.expose)


def unlisted(servers: Mapping[ServerName, ServerConfig], name: str) -> Origin | None:
    """Return what a name would mean of a server whose list nobody has seen yet; None: nobody's, or hidden."""
    for server, config in servers.items():
        for prefix in _prefixes(config):
            rest = name.removeprefix(f"{prefix}{JOINT}")
            if rest and rest != name and config.enabled and is_exposed(config, rest):
                return Origin(server, rest)
    return None


def _ways(config: ServerConfig, origin: Origin) -> Iterator[str]:
    """Yield the names that something may have, the best first; the last ones are nobody else's."""
    prefix = config.name if config.prefix is None else config.prefix
    best = f"{prefix}{JOINT}{origin.name}" if prefix else origin.name
    yield _usable(best, origin)
    yield _usable(f"{config.name}{JOINT}{origin.name}", origin)
    for attempt in range(1 << 16):
        yield _marked(best, origin, str(attempt))


def _usable(name: str, origin: Origin) -> str:
    return name if len(name) <= LONGEST and not _UNUSABLE.search(name) else _marked(name, origin)


def _marked(name: str, origin: Origin, salt: str = "") -> str:
    digest = sha256(f"{origin.server}\0{origin.name}\0{salt}".encode(errors="surrogatepass")).hexdigest()
    return f"{_UNUSABLE.sub('_', name)[: LONGEST - _MARK - 1]}_{digest[:_MARK]}"


def _prefixes(config: ServerConfig) -> list[str]:
    given = (config.prefix or config.name, config.name, *config.aliases)
    return list(dict.fromkeys(given))


def _spellings(servers: Mapping[ServerName, ServerConfig], offered: Mapping[str, Origin]) -> dict[str, Origin]:
    """Return what else leads to an origin: other names of its server, with its own names and its aliases."""
    spellings: dict[str, Origin] = {}
    for origin in offered.values():
        config = servers[origin.server]
        known = config.tools.get(origin.name)  # type: ignore[call-overload]  # a NewType of str
        names = (origin.name, *(known.aliases if known is not None else ()))
        for name in names:
            for prefix in _prefixes(config):
                spellings.setdefault(f"{prefix}{JOINT}{name}", origin)
            if config.prefix == "":
                spellings.setdefault(name, origin)
    return spellings
