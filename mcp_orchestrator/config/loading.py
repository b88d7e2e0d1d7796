"""From a source to an `OrchestratorConfig`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from actors.call import ServerName
from actors.config import Section, ServerConfig
from mcp_orchestrator.config.daemon import DaemonSettings
from mcp_orchestrator.config.expanding import expanded, without_access
from mcp_orchestrator.config.mistakes import Mistakes
from mcp_orchestrator.config.models import KeyPath, OrchestratorConfig, OrchestratorSettings, Source, conflicts
from mcp_orchestrator.config.overrides import merged, overrides
from mcp_orchestrator.config.sources import Document, Table, as_table, read_dict, read_file
from mcp_orchestrator.config.spellings import ORCHESTRATOR, SERVER_ALSO, orchestrator_as_ours, server_as_ours
from mcp_orchestrator.config.values import Resolver


def load(
    source: Source | None,
    *,
    environ: Mapping[str, str] = os.environ,
    looked_into: Callable[[Path], object] | None = None,
) -> OrchestratorConfig:
    """Read a configuration, for the orchestrator and the command line.

    * `source`: path of a TOML file, or of a JSON file as MCP clients have it; a dict of the same shape or simply
      `{server: {…}}`; or a finished OrchestratorConfig, which is returned as it is.
    * `environ`: where `${VAR}`, overrides and $CREDENTIALS_DIRECTORY come from.
    * `looked_into`: called with every file but `source` itself that is read for it: those of secrets.
    * Raises one ConfigurationError that lists all mistakes; ValueError for None; TypeError for other things.
    """
    if isinstance(source, OrchestratorConfig):
        return source
    if source is None:
        raise ValueError("config is None: give a file, a dict or an OrchestratorConfig")
    if not _is_source(source):
        raise TypeError(f"config is a {type(source).__name__}: give a file, a dict or an OrchestratorConfig")
    if isinstance(source, Mapping):
        mistakes = Mistakes("config")
        document = read_dict(source, mistakes)
    else:
        mistakes = Mistakes(os.fspath(source))
        document = read_file(Path(source), mistakes)
    return _understand(document, Resolver(environ, document.folder, mistakes, looked_into))


def load_daemon(path: Path, *, environ: Mapping[str, str] = os.environ) -> DaemonSettings:
    """Read the table `[daemon]` of a file alone: the secrets of its servers need not be at hand for it."""
    mistakes = Mistakes(str(path))
    document = read_file(path, mistakes)
    over = overrides(document, environ, mistakes)
    resolver = Resolver(environ, document.folder, mistakes)
    daemon = _settings(merged(document.daemon, over.daemon), "daemon", DaemonSettings, resolver)
    mistakes.check()
    return DaemonSettings.model_validate(daemon)


def _is_source(source: object) -> bool:
    return isinstance(source, Mapping | str | os.PathLike)


def _understand(document: Document, resolver: Resolver) -> OrchestratorConfig:
    mistakes = resolver.mistakes
    over = overrides(document, resolver.environ, mistakes)
    own = [
        orchestrator_as_ours(table, ("orchestrator",), mistakes) for table in (document.orchestrator, over.orchestrator)
    ]
    settings = _settings(merged(*own), "orchestrator", OrchestratorSettings, resolver)
    daemon = _settings(merged(document.daemon, over.daemon), "daemon", DaemonSettings, resolver)
    servers: dict[ServerName, ServerConfig] = {}
    for name, raw in document.servers.items():
        path = (*document.servers_path, name)
        if (table := as_table(raw)) is None:
            mistakes.add(path, "must be a table with the settings of one server")
            continue
        ours = server_as_ours(table, path, mistakes, foreign=document.foreign)
        told = server_as_ours(as_table(over.servers.get(name)) or {}, path, mistakes, foreign=False)
        server = _server(merged(ours, told), path, resolver)
        if server is not None:
            servers[server.name] = server
    for inner, text in conflicts(servers):
        mistakes.add((*document.servers_path, *inner), text)
    if not document.servers:
        mistakes.add((), "no server is configured; add one: [servers.NAME] with preset, command or url")
    mistakes.check()
    return OrchestratorConfig.model_validate({**settings, "daemon": daemon, "servers": servers})


def _settings(table: Table, name: str, model: type[Section], resolver: Resolver) -> Table:
    """Return the settings of one table that is no server's, once they are known to be right."""
    ours = resolver.table(table, (name,))
    try:
        model.model_validate(ours)
    except ValidationError as error:
        resolver.mistakes.add_invalid((name,), error, model, also=ORCHESTRATOR if name == "orchestrator" else ())
    return ours


def _server(table: Table, path: KeyPath, resolver: Resolver) -> ServerConfig | None:
    # A server may be disabled just because its secrets are not there.
    notes = Mistakes("not told") if table.get("enabled") is False else resolver.mistakes
    table = replace(resolver, mistakes=notes).table(without_access(table), path)
    plain = expanded(table, path, resolver.folder, resolver.mistakes, notes)
    if plain is None:
        return None
    try:
        return ServerConfig.model_validate({**plain, "name": path[-1]})
    except ValidationError as error:
        resolver.mistakes.add_invalid(path, error, ServerConfig, also=SERVER_ALSO)
        return None
