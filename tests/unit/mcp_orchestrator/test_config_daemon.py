"""The table `[daemon]`: where it is read from, and what is said of mistakes in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.config import DaemonSettings, load

SERVERS: dict[str, Any] = {"a": {"command": ["a"]}}
PREFIX = "MCP_ORCHESTRATOR__DAEMON__"


def daemon(settings: Any = None, **environ: str) -> DaemonSettings:
    table = {} if settings is None else {"daemon": settings}
    return load({**table, "servers": SERVERS}, environ=environ).daemon


def error_of(source: Any, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(source, environ=environ)
    return str(caught.value)


def test_without_the_table_all_settings_have_their_defaults() -> None:
    assert daemon() == daemon({}) == DaemonSettings()
    assert (DaemonSettings().host, DaemonSettings().port) == ("127.0.0.1", 8600)


def test_it_is_a_table_of_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "orchestrator.toml"
    path.write_text('[daemon]\nport = 8700\nhosts = ["mcp.example"]\n[servers.a]\ncommand = "a"\n', encoding="utf-8")

    config = load(path, environ={})

    assert config.daemon == DaemonSettings(port=8700, hosts=("mcp.example",))


def test_it_stands_beside_the_servers_of_an_mcp_client(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(
        json.dumps({"mcpServers": {"a": {"command": "a"}}, "daemon": {"port": 8700}, "theme": "dark"}), encoding="utf-8"
    )

    assert load(path, environ={}).daemon == DaemonSettings(port=8700)
    assert "daemon.prot: unknown key; did you mean port?" in error_of({"mcpServers": SERVERS, "daemon": {"prot": 1}})


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PORT", "8601", {"port": 8601}),
        ("port", "0", {"port": 0}),
        ("HOST", "127.0.0.2", {"host": "127.0.0.2"}),
        ("HOST", "5", {"host": "5"}),
        ("HOSTS", '["a.example", "b.example"]', {"hosts": ("a.example", "b.example")}),
        ("TOKENS_FILE", "7", {"tokens_file": "7"}),
        ("TOKENS_FILE", "${HOME}/tokens.json", {"tokens_file": "/home/tokens.json"}),
        ("METRICS", "false", {"metrics": False}),
        ("META_TOOLS", "beside", {"meta_tools": "beside"}),
        ("LOG_FORMAT", "json", {"log_format": "json"}),
    ],
)
def test_a_variable_goes_before_the_file(variable: str, value: str, expected: dict[str, Any]) -> None:
    found = daemon({"port": 7, "host": "127.0.0.9"}, **{PREFIX + variable: value, "HOME": "/home"})

    assert found == DaemonSettings.model_validate({"port": 7, "host": "127.0.0.9", **expected})


def test_text_is_filled_in_as_everywhere() -> None:
    assert daemon({"host": "${HOST:-127.0.0.3}"}).host == "127.0.0.3"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prot": 1}, "daemon.prot: unknown key; did you mean port?"),
        ({"watch-config": True}, "daemon.watch-config: unknown key; did you mean watch_config?"),
        ({"zzz": 1}, "daemon.zzz: unknown key; remove it"),
        ({"max_restarts": 5}, "daemon.max_restarts: unknown here; it belongs in [orchestrator]"),
        ({"timeout_s": 5}, "daemon.timeout_s: unknown here; it belongs in [servers.NAME]"),
        ({"port": "8600"}, "daemon.port: must be a whole number, not text"),
        ({"port": True}, "daemon.port: must be a whole number, not true"),
        ({"port": 1.5}, "daemon.port: must be a whole number, not 1.5"),
        ({"port": 65536}, "daemon.port: must be at most 65535, not 65536"),
        ({"port": -1}, "daemon.port: must be at least 0, not -1"),
        ({"port": "${PORT}"}, "daemon.port: the variable PORT is not set; set it, or write ${PORT:-default}"),
        ({"host": "http://a"}, "daemon.host: must be a host name or an address"),
        ({"host": ""}, "daemon.host: must be a host name or an address"),
        ({"host": 5}, "daemon.host: must be text: put it in quotes"),
        ({"hosts": "a"}, "daemon.hosts: must be a list, not text"),
        ({"hosts": ["a", "b c"]}, "daemon.hosts[1]: must be a host name or an address"),
        ({"tokens_file": 5}, "daemon.tokens_file: must be text: put it in quotes"),
        ({"meta_tools": "on"}, "daemon.meta_tools: must be 'off', 'beside' or 'instead'"),
        ({"meta_tools": True}, "daemon.meta_tools: must be 'off', 'beside' or 'instead', not true"),
        ({"log_format": "xml"}, "daemon.log_format: must be 'text' or 'json'"),
        ({"dashboard": "yes"}, "daemon.dashboard: must be true or false, not text"),
        ({"max_connections": 0}, "daemon.max_connections: must be at least 1, not 0"),
        ({"max_streams": {}}, "daemon.max_streams: must be a whole number, not a table"),
        (5, "daemon: must be a table"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_to_do(settings: Any, message: str) -> None:
    assert error_of({"daemon": settings, "servers": SERVERS}) == f"config: {message}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"orchestrator": {"port": 1}, "servers": SERVERS}, "orchestrator.port: unknown here; it belongs in [daemon]"),
        ({"servers": {"a": {"command": ["a"], "port": 1}}}, "servers.a.port: unknown here; it belongs in [daemon]"),
        ({"port": 1, "servers": SERVERS}, "port: unknown here; it belongs in [daemon]"),
        ({"deamon": {"port": 1}, "servers": SERVERS}, "deamon: unknown key; did you mean daemon?"),
    ],
)
def test_a_setting_of_it_elsewhere_is_sent_home(source: Any, message: str) -> None:
    assert error_of(source) == f"config: {message}"


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("DAEMON__PROT", "unknown key; did you mean port?"),
        ("DAEMON__PORT", "must be a whole number, not text"),
        ("PORT", "unknown here; it belongs in [daemon]"),
        ("DAEMON__A__B", "names no setting; write MCP_ORCHESTRATOR__SETTING or MCP_ORCHESTRATOR__DAEMON__SETTING"),
    ],
)
def test_a_mistake_in_a_variable_is_told_by_its_name(variable: str, message: str) -> None:
    name = f"MCP_ORCHESTRATOR__{variable}"

    assert error_of({"servers": SERVERS}, **{name: "x"}).startswith(f"config: {name}: {message}")


@pytest.mark.parametrize("name", ["daemon", "orchestrator"])
@pytest.mark.parametrize("sign", [{"command": ["x"]}, {"url": "http://127.0.0.1/mcp"}, {"preset": "sonarr"}])
def test_a_server_called_as_a_table_of_ours_is_listed_among_the_servers(name: str, sign: dict[str, Any]) -> None:
    message = f"{name}: holds settings of ours; a server of that name is written [servers.{name}]"

    assert message in error_of({name: sign, "servers": SERVERS})
    assert message in error_of({name: sign, "a": {"command": ["a"]}})


def test_a_server_among_the_servers_may_be_called_daemon() -> None:
    environ = {"MCP_ORCHESTRATOR__SERVERS__DAEMON__TIMEOUT_S": "5"}

    (server,) = load({"servers": {"daemon": {"command": ["x"]}}}, environ=environ).servers.values()

    assert (server.name, server.timeout_s) == ("daemon", 5)
