"""Everything that all servers offer, as one list of each kind. All on the loop's thread."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.call import ServerName
from actors.catalogue import Catalogue, Tool
from actors.config import ServerConfig
from actors.mcp.header_params import HeaderParam, InvalidHeaderParamError, header_params
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES, Entry, ListMethod
from actors.status import ServerStatus
from mcp_orchestrator.access import Identity, audit
from mcp_orchestrator.gateway.names import Origin, Published, published, unlisted
from mcp_orchestrator.gateway.shelves import Shelves
from mcp_orchestrator.gateway.uri_templates import matches

Servers = Mapping[ServerName, ServerConfig]

_NOT_OURS = ("execution",)  # What a tool says of tasks, which the gateway does not make.


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The merged tools at one moment. `of`, `version`: what they were made of."""

    names: Published
    modern: list[Tool]
    legacy: list[Tool]
    header_params: Mapping[Origin, tuple[HeaderParam, ...]]
    of: Servers = field(repr=False)
    version: int


class OneCatalogue:
    """Merges what the servers list. `servers`, `status` say how things are now; no tool gets a name of `reserved`.

    `version`: a number that is another one when `status` has other tools.
    """

    def __init__(
        self,
        servers: Callable[[], Servers],
        status: Callable[[ServerName], ServerStatus],
        version: Callable[[], int],
        shelves: Shelves,
        reserved: frozenset[str] = frozenset(),
    ) -> None:
        self._servers, self._status, self._version = servers, status, version
        self._shelves, self._reserved = shelves, reserved
        self._tools: Tools | None = None

    def tools(self) -> Tools:
        """Return the tools of all enabled servers, as each listed them last, also of one that is away."""
        of, version, kept = self._servers(), self._version(), self._tools  # The number before what it is of.
        if kept is None or kept.of is not of or kept.version != version:
            kept = self._tools = self._merged(of, version)
        return kept

    def listed(self, identity: Identity, *, is_modern: bool) -> list[Tool]:
        """Return those tools that a caller may see, as his era has them."""
        tools = self.tools()
        entries = tools.modern if is_modern else tools.legacy
        if not identity.tools:
            return entries
        origins = tools.names.offered.values()
        return [tool for tool, origin in zip(entries, origins, strict=True) if identity.may_call(origin.full_name)]

    def tool(self, name: str, identity: Identity) -> Origin | None:
        """Return what a caller means by the name of a tool; None: there is none for him, for all that is known."""
        origin = self.tools().names.origin(name) or self._unlisted(name)
        if origin is not None and not identity.may_call(origin.full_name):
            audit.denied(identity, origin.full_name)
            return None
        return origin

    async def prompts(self, identity: Identity) -> tuple[Published, list[Entry]]:
        """Return the merged prompts that a caller may use, by their names and in order."""
        servers, lists = self._enabled(), await self._lists(PROMPTS)
        by_origin = {Origin(server, e["name"]): e for server, entries in lists.items() for e in entries}
        names = published(servers, {server: [e["name"] for e in entries] for server, entries in lists.items()})
        names = names.only(identity.may_call) if identity.tools else names
        return names, [{**by_origin[origin], "name": name} for name, origin in names.offered.items()]

    async def resources(self, kind: ListMethod, identity: Identity) -> list[Entry]:
        """Return the merged resources, or their templates, that a caller may see.

        Of two with one URI, that of the lower priority counts.
        """
        lists = _readable(await self._lists(kind), identity)
        owners: dict[str, ServerName] = {}
        for server in self._by_priority(lists):
            for entry in lists[server]:
                owners.setdefault(entry[kind.identity], server)
        return [e for server, entries in lists.items() for e in entries if owners.get(e[kind.identity]) == server]

    async def owner(self, uri: str, identity: Identity, *, of_template: bool = False) -> ServerName | None:
        """Return the server that has this resource: who lists it, then whose template it may be made from.

        None: none has, of those whose resources the caller may see.
        `of_template`: `uri` is perhaps a template itself, as in a reference for completion.
        """
        resources, templates = await asyncio.gather(self._lists(RESOURCES), self._lists(TEMPLATES))
        order = self._by_priority(_readable(resources, identity))
        for server in order:
            if any(entry["uri"] == uri for entry in resources[server]):
                return server
        for server in order:
            made = (entry["uriTemplate"] for entry in templates[server])
            if any((of_template and template == uri) or matches(template, uri) for template in made):
                return server
        return None

    def _merged(self, of: Servers, version: int) -> Tools:
        servers = {name: config for name, config in of.items() if config.enabled}
        catalogues = {name: self._status(name).catalogue for name in servers}
        names = published(servers, {name: list(one.tools) for name, one in catalogues.items()}, self._reserved)
        modern, params = _entries(names, catalogues)
        legacy = list(map(_for_legacy, modern))
        return Tools(names=names, modern=modern, legacy=legacy, header_params=params, of=of, version=version)

    def _unlisted(self, name: str) -> Origin | None:
        """Return the origin if its server has not listed anything yet: it will say whether there is such a tool."""
        never = {name: c for name, c in self._enabled().items() if not self._status(name).catalogue.tools}
        return unlisted(never, name) if never else None

    async def _lists(self, kind: ListMethod) -> dict[ServerName, list[Entry]]:
        servers = list(self._enabled())
        lists = await asyncio.gather(*(self._shelves.entries(self._status(name), kind) for name in servers))
        return dict(zip(servers, lists, strict=True))

    def _enabled(self) -> dict[ServerName, ServerConfig]:
        return {name: config for name, config in self._servers().items() if config.enabled}

    def _by_priority(self, servers: Mapping[ServerName, object]) -> list[ServerName]:
        configs = self._servers()  # Without those that were taken away while they were asked.
        return sorted((name for name in servers if name in configs), key=lambda name: configs[name].priority)


def _readable(lists: Mapping[ServerName, list[Entry]], identity: Identity) -> Mapping[ServerName, list[Entry]]:
    return {server: entries for server, entries in lists.items() if identity.may_read(server)}


def _entries(
    names: Published, catalogues: Mapping[ServerName, Catalogue]
) -> tuple[list[Tool], dict[Origin, tuple[HeaderParam, ...]]]:
    """Return every tool under the name it is offered by, and what of its arguments headers say too."""
    tools, params = list[Tool](), dict[Origin, tuple[HeaderParam, ...]]()
    for name, origin in names.offered.items():
        tool = catalogues[origin.server].tools[origin.name]  # type: ignore[index]  # a NewType of str
        entry = {key: value for key, value in tool.items() if key not in _NOT_OURS} | {"name": name}
        try:
            found = header_params(tool.get("inputSchema"))
        except InvalidHeaderParamError:  # Of a child on pipes, which may have what no HTTP client would take.
            entry["inputSchema"], found = _without_headers(tool.get("inputSchema")), ()
        if found:
            params[origin] = found
        tools.append(entry)
    return tools, params


def _for_legacy(tool: Tool) -> Tool:
    """Return a tool as revisions before 2026-07-28 have it: results are objects there."""
    schema = tool.get("outputSchema")
    if schema is None or (isinstance(schema, dict) and schema.get("type") == "object"):  # pyright: ignore[reportUnknownMemberType]
        return tool
    return {key: value for key, value in tool.items() if key != "outputSchema"}


def _without_headers(schema: Any, depth: int = 0) -> Any:  # noqa: ANN401 -- any JSON
    """Return a schema without `x-mcp-header`, wherever it stands."""
    if depth > 64:
        return schema
    if isinstance(schema, dict):
        return {k: _without_headers(v, depth + 1) for k, v in schema.items() if k != "x-mcp-header"}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(schema, list):
        return [_without_headers(item, depth + 1) for item in schema]  # pyright: ignore[reportUnknownVariableType]
    return schema
