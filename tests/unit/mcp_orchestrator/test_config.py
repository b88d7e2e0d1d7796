"""What a configuration may look like, and what is read from it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from actors.config import ServerConfig
from actors.errors import ConfigurationError
from mcp_orchestrator.config import OrchestratorConfig, load

ROOT = Path(__file__).resolve().parents[3]
URL = "http://127.0.0.1:9004/mcp"
WriteFile = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def server(settings: Mapping[str, Any], **environ: str) -> ServerConfig:
    config = load({"x": settings}, environ=environ)
    return next(iter(config.servers.values()))


# Sources


def test_a_toml_file_is_read(write: WriteFile) -> None:
    path = write(
        "orchestrator.toml",
        """
        [orchestrator]
        max_parallel_calls = 8
        [servers.sabnzbd]
        command = ["python", "-m", "sab"]
        aliases = ["sab"]
        [servers.sabnzbd.tools.add_nzb]
        timeout_s = 120
        [servers.plex]
        url = "http://127.0.0.1:9004/mcp"
        """,
    )

    config = load(path, environ={})

    assert config.max_parallel_calls == 8
    assert list(config.servers) == ["sabnzbd", "plex"]
    sabnzbd, plex = config.servers.values()
    assert (sabnzbd.name, sabnzbd.command, sabnzbd.aliases) == ("sabnzbd", ("python", "-m", "sab"), ("sab",))
    assert [tool.timeout_s for tool in sabnzbd.tools.values()] == [120]
    assert plex.url == URL
    assert load(str(path), environ={}) == config


def test_the_file_of_an_mcp_client_is_read_and_its_own_keys_are_named_in_a_warning(
    write: WriteFile, caplog: pytest.LogCaptureFixture
) -> None:
    sonarr = {"command": "/opt/My Apps/sonarr", "args": ["-v"], "env": {"K": "v"}, "autoApprove": ["a"], "tools": ["*"]}
    plex = {"type": "http", "url": URL, "disabled": True, "headers": {"A": "b"}, "disabledTools": ["a"]}
    path = write(
        "mcp.json",
        json.dumps(
            {
                "globalShortcut": "",
                "mcpServers": {"sonarr": sonarr, "plex": plex},
                "orchestrator": {"max_parallel_calls": 2},
            }
        ),
    )

    with caplog.at_level(logging.WARNING):
        config = load(path, environ={})

    first, second = config.servers.values()
    assert (first.command, first.env) == (("/opt/My Apps/sonarr", "-v"), {"K": "v"})
    assert (second.url, second.enabled, second.headers) == (URL, False, {"A": "b"})
    assert config.max_parallel_calls == 2
    assert [record.getMessage() for record in caplog.records] == [
        "mcpServers.sonarr: not read, being none of our settings: autoApprove, tools",
        "mcpServers.plex: not read, being none of our settings: disabledTools",
    ]


def test_vs_codes_file_is_read(write: WriteFile) -> None:
    servers = {"a": {"type": "stdio", "command": "python", "args": ["a.py"]}, "b": {"type": "sse", "url": URL}}
    path = write("mcp.json", json.dumps({"inputs": [], "servers": servers}))

    config = load(path, environ={})

    assert [(one.command, one.url) for one in config.servers.values()] == [(("python", "a.py"), None), (None, URL)]
    assert [one.transport for one in config.servers.values()] == ["auto", "sse"]


@pytest.mark.parametrize("around", [{}, {"servers": ...}, {"mcpServers": ...}, {"servers": ..., "orchestrator": {}}])
def test_a_dict_may_have_any_shape(around: dict[str, Any]) -> None:
    servers = {"plex": {"url": URL}}
    source = {key: servers if value is ... else value for key, value in around.items()} or servers

    config = load(source, environ={})

    assert list(config.servers) == ["plex"]
    assert servers == {"plex": {"url": URL}}


def test_a_finished_configuration_is_returned_as_it_is() -> None:
    config = load({"plex": {"url": URL}}, environ={})

    assert load(config) is config


def test_nothing_is_a_value_error_and_anything_else_a_type_error() -> None:
    with pytest.raises(ValueError, match="config"):
        load(None)
    with pytest.raises(TypeError, match="config is a int"):
        load(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] -- the mistake under test


# Spellings


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ({"command": "python -m 'my sonarr'"}, ("python", "-m", "my sonarr")),
        ({"command": ["python", "a b"]}, ("python", "a b")),
        ({"command": "python -m", "args": ["sonarr"]}, ("python", "-m", "sonarr")),
        ({"command": ("python",), "args": ("a",)}, ("python", "a")),
    ],
)
def test_a_command_is_a_list_or_a_text_that_is_split(written: dict[str, Any], command: tuple[str, ...]) -> None:
    assert server(written).command == command


def test_the_test_strategys_spellings_are_read() -> None:
    config = load(
        {
            "orchestrator": {"keepalive_interval": 7},
            "servers": {
                "plex": {
                    "name": "plex",
                    "url": URL,
                    "timeout": 60.0,
                    "max_retries": 5,
                    "max_concurrent_requests": 2,
                    "circuit_breaker_threshold": 3,
                    "circuit_breaker_timeout": 1.5,
                    "circuit_breaker_success_threshold": 1,
                    "breaker": {"lease_s": 4},
                    "tools": {"scan": {"timeout": 90}},
                }
            },
        },
        environ={},
    )

    (plex,) = config.servers.values()
    breaker = plex.breaker
    assert config.health_check_interval_s == 7
    assert (plex.timeout_s, plex.max_retries, plex.max_concurrent) == (60, 5, 2)
    assert (breaker.failure_threshold, breaker.open_s, breaker.success_threshold, breaker.lease_s) == (3, 1.5, 1, 4)
    assert [tool.timeout_s for tool in plex.tools.values()] == [90]


@pytest.mark.parametrize("key", ["httpUrl", "serverUrl"])
def test_other_clients_names_of_the_url_are_read(key: str) -> None:
    assert server({key: URL}).url == URL


# References


def test_variables_are_filled_in_everywhere() -> None:
    found = server(
        {
            "command": "run ${WHAT} --at=${WHERE:-here}${EMPTY:-!}",
            "args": ["${env:WHAT}", "$${WHAT}", "$WHAT"],
            "cwd": "${EMPTY}/tmp",
            "env": {"A": "<${WHAT}>", "NUMBER": "${N}"},
            "timeout_s": "${N}",
            "enabled": "${YES}",
        },
        WHAT="two words",
        EMPTY="",
        N="60",
        YES="true",
    )

    assert found.command == ("run", "two words", "--at=here!", "two words", "${WHAT}", "$WHAT")
    assert (found.cwd, found.env) == ("/tmp", {"A": "<two words>", "NUMBER": "60"})  # noqa: S108 -- never used
    assert (found.timeout_s, found.enabled) == (60, True)


def test_a_secret_file_lies_beside_the_configuration_or_among_the_credentials(write: WriteFile, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "token").write_text("from systemd\n")
    write("token", "from beside\r\n")
    path = write("o.toml", f'[servers.plex]\nurl = "{URL}"\nheaders = {{ X-Plex-Token = {{ file = "token" }} }}')

    beside = load(path, environ={})
    of_systemd = load(path, environ={"CREDENTIALS_DIRECTORY": str(credentials)})

    assert [one.headers for one in beside.servers.values()] == [{"X-Plex-Token": "from beside"}]
    assert [one.headers for one in of_systemd.servers.values()] == [{"X-Plex-Token": "from systemd"}]


def test_a_secret_file_that_is_no_credential_lies_beside_the_configuration(write: WriteFile, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    write("token", "from beside")
    path = write("o.toml", f'[servers.plex]\nurl = "{URL}"\nheaders = {{ A = {{ file = "token" }} }}')
    wrong = write("w.toml", f'[servers.plex]\nurl = "{URL}"\nheaders = {{ A = {{ file = "tokn" }} }}')
    environ = {"CREDENTIALS_DIRECTORY": str(credentials)}

    found = load(path, environ=environ)
    with pytest.raises(ConfigurationError, match=r"tokn cannot be read .*, nor is there a credential tokn"):
        load(wrong, environ=environ)

    assert [one.headers for one in found.servers.values()] == [{"A": "from beside"}]


def test_a_key_that_is_called_file_is_only_a_key() -> None:
    found = server({"command": ["a"], "env": {"file": "x"}, "tools": {"file": {"timeout_s": 1}}})

    assert found.env == {"file": "x"}
    assert list(found.tools) == ["file"]


def test_a_disabled_server_needs_no_secrets() -> None:
    assert not server({"url": URL, "headers": {"A": "${MISSING}"}, "enabled": False}).enabled


def test_no_repr_shows_a_secret() -> None:
    config = load(
        {"a": {"command": "a", "args": ["s3cret"], "env": {"K": "s3cret"}}, "b": {"url": f"{URL}?key=s3cret"}}
        | {"c": {"url": URL, "headers": {"A": "s3cret"}}},
        environ={},
    )

    assert "s3cret" not in f"{config!r}{config}{config.servers}"


# Direct construction, and the reference


def test_a_configuration_built_by_hand_obeys_the_same_rules() -> None:
    plex = ServerConfig(name="plex", url=URL, aliases=("tv",))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] -- as a user writes it
    settings = plex.model_dump() | {"name": "other"}

    for servers in ({}, {"tv": plex}, {"a__b": plex}, {"tv": settings, "plex": plex}):
        with pytest.raises(ValueError, match=r"no server|listed under|no usable name|already"):
            OrchestratorConfig.model_validate({"servers": servers})


def test_the_reference_in_the_documentation_is_up_to_date() -> None:
    script = ROOT / "scripts" / "config_reference.py"

    done = subprocess.run(  # noqa: S603 -- our own script
        [sys.executable, script, "--check"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
