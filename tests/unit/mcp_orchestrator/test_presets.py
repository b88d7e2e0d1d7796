"""A preset: what it expands to, what wins over it, what may be left out. No secret is ever shown."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from actors.call import ToolName
from actors.config import ServerConfig
from mcp_orchestrator.config import load
from mcp_orchestrator.config.origins import origins
from mcp_orchestrator.config.presets import PRESETS
from media_servers.application import PLEX, RADARR, SABNZBD, SONARR, Application, access
from media_servers.plex.tools import PlexTools
from media_servers.radarr.tools import RadarrTools
from media_servers.sabnzbd.tools import SabnzbdTools
from media_servers.sonarr.tools import SonarrTools

CANARY = "canary0123456789"
URL = "http://127.0.0.1:8989"
SONARR_SECTION: dict[str, Any] = {"preset": "sonarr", "url": URL, "api_key": CANARY}
ROOT = Path(__file__).resolve().parents[3]


def server(settings: dict[str, Any], **environ: str) -> ServerConfig:
    return next(iter(load({"x": settings}, environ=environ).servers.values()))


def limit_s(config: ServerConfig, tool: str) -> float | None:
    return config.tool(ToolName(tool)).timeout_s


# What it expands to


def test_a_preset_is_the_command_and_the_environment_of_its_media_server() -> None:
    sonarr = server(SONARR_SECTION)

    assert sonarr.command == (sys.executable, "-m", "media_servers.sonarr")
    assert sonarr.url is None
    assert sonarr.env == {"SONARR_URL": URL, "SONARR_API_KEY": CANARY, "SONARR_TIMEOUT_S": "108"}


def test_slow_tools_have_long_limits_and_the_media_server_gives_up_a_little_before() -> None:
    sonarr = server(SONARR_SECTION)

    assert (sonarr.timeout_s, limit_s(sonarr, "get_series")) == (30, 120)
    assert 24 < float(sonarr.env["SONARR_TIMEOUT_S"]) < 120
    assert all(tool.idempotent is None for tool in sonarr.tools.values()), "the annotations decide"


@pytest.mark.parametrize("application", [SABNZBD, SONARR, RADARR, PLEX], ids=lambda application: application.name)
def test_a_preset_speaks_of_its_application_as_the_media_server_does(application: Application) -> None:
    preset = PRESETS[application.name]
    section = {"preset": preset.name, "url": application.example, preset.secret: CANARY, "ca_file": __file__}
    expanded = server(section)

    found = access(application, expanded.env)

    assert (found.url, found.secret, found.ca_file) == (application.example, CANARY, __file__)
    assert str(found.timeout_s) == f"{float(expanded.env[preset.variable('timeout_s')])}"
    assert (preset.title, preset.example) == (application.title, application.example)
    assert (preset.secret.upper(), preset.secret_found) == (application.secret, application.secret_found)


@pytest.mark.parametrize(
    ("name", "tools"),
    [("sabnzbd", SabnzbdTools), ("sonarr", SonarrTools), ("radarr", RadarrTools), ("plex", PlexTools)],
)
def test_the_slow_tools_of_a_preset_are_tools_of_its_server(name: str, tools: type) -> None:
    slow = PRESETS[name].slow_tools

    assert slow
    assert [tool for tool in slow if not hasattr(tools, tool)] == []


def test_a_simulated_application_needs_neither_address_nor_secret() -> None:
    bare = server({"preset": "plex", "simulate": True})
    as_it_was = server(
        {"preset": "plex", "url": "${NO}", "token": {"file": "/no/such"}, "ca_file": "/none"} | {"simulate": True}
    )

    assert bare.command == (sys.executable, "-m", "media_servers.plex", "--simulate")
    assert bare.env == {}
    assert as_it_was == bare


# What wins over it


def test_everything_that_is_said_beside_a_preset_wins() -> None:
    sonarr = server(
        SONARR_SECTION
        | {"aliases": ["tv"], "max_concurrent": 1, "handshake_timeout_s": 5, "priority": 7, "cwd": "/tmp"}  # noqa: S108 -- a path
        | {"env": {"SONARR_URL": "http://other", "TZ": "UTC"}, "breaker": {"failure_threshold": 2}}
        | {"tools": {"get_series": {"timeout_s": 60}, "get_queue": {"idempotent": True, "aliases": ["queue"]}}}
    )

    assert (sonarr.aliases, sonarr.max_concurrent, sonarr.priority, sonarr.cwd) == (("tv",), 1, 7, "/tmp")  # noqa: S108 -- as above
    assert (sonarr.handshake_timeout_s, sonarr.breaker.failure_threshold) == (5, 2)
    assert sonarr.env == {
        "SONARR_URL": "http://other",
        "SONARR_API_KEY": CANARY,
        "SONARR_TIMEOUT_S": "108",
        "TZ": "UTC",
    }
    assert [limit_s(sonarr, tool) for tool in ("get_series", "add_series", "get_queue")] == [60, 120, None]


@pytest.mark.parametrize(
    ("more", "limits", "inner"),
    [
        ({"timeout_s": 300}, (300, 300), "270"),
        ({"timeout": 60}, (60, 120), "108"),
        ({"tools": {"get_series": {"timeout_s": 200}}}, (30, 200), "180"),
        ({"timeout_s": 100_000}, (100_000, 100_000), "3600"),
        ({"env": {"SONARR_TIMEOUT_S": "9"}}, (30, 120), "9"),
    ],
)
def test_a_longer_limit_holds_for_slow_tools_and_the_media_server_too(
    more: dict[str, Any], limits: tuple[float, float], inner: str
) -> None:
    sonarr = server(SONARR_SECTION | more)

    assert (sonarr.timeout_s, limit_s(sonarr, "get_series")) == limits
    assert sonarr.env["SONARR_TIMEOUT_S"] == inner


def test_a_secret_may_be_given_as_a_variable_of_the_media_server() -> None:
    plex = server({"preset": "plex", "env": {"PLEX_URL": URL, "PLEX_TOKEN_FILE": "/run/secrets/plex"}})

    assert plex.env == {"PLEX_URL": URL, "PLEX_TOKEN_FILE": "/run/secrets/plex", "PLEX_TIMEOUT_S": "108"}


# Where it may stand, and where its values come from


def test_a_preset_is_the_same_in_toml_in_the_json_of_a_client_and_in_a_dict(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text(f"{CANARY}\n")
    (tmp_path / "ours.pem").write_text("")
    section = {"preset": "sonarr", "url": "${AT}", "api_key": {"file": "secrets/key"}, "ca_file": "ours.pem"}
    (tmp_path / "o.json").write_text(json.dumps({"mcpServers": {"x": section}}))
    (tmp_path / "o.toml").write_text(
        '[servers.x]\npreset = "sonarr"\nurl = "${AT}"\napi_key = { file = "secrets/key" }\nca_file = "ours.pem"\n'
    )
    plain = SONARR_SECTION | {"ca_file": str(tmp_path / "ours.pem")}

    for source in (tmp_path / "o.json", tmp_path / "o.toml"):
        assert load(source, environ={"AT": URL}).servers == {"x": server(plain)}


def test_variables_override_a_preset_and_may_choose_it() -> None:
    prefix = "MCP_ORCHESTRATOR__SERVERS__X__"
    environ = {
        f"{prefix}URL": "http://other:1",
        f"{prefix}API_KEY": "007",
        f"{prefix}TOOLS__GET_SERIES__TIMEOUT_S": "9",
    }

    sonarr = server(SONARR_SECTION | {"preset": "${WHICH}"}, WHICH="sonarr", **environ)

    assert (sonarr.env["SONARR_URL"], sonarr.env["SONARR_API_KEY"]) == ("http://other:1", "007")
    assert limit_s(sonarr, "get_series") == 9
    assert server(SONARR_SECTION, **{f"{prefix}SIMULATE": "true"}) == server({"preset": "sonarr", "simulate": True})


def test_a_disabled_server_needs_no_address_and_no_secret() -> None:
    for section in ({}, {"url": "${NO}", "api_key": {"file": "/no/such"}}, {"url": 5, "ca_file": "/none"}):
        assert not server({"preset": "sonarr", "enabled": False, **section}).enabled


def test_no_secret_is_in_a_repr_or_among_the_origins(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(CANARY)
    path = tmp_path / "o.toml"
    path.write_text(f"""
        [servers.written]
        preset = "sonarr"
        url = "http://{CANARY}:1"
        api_key = "{CANARY}"
        [servers.filed]
        preset = "plex"
        url = "${{AT}}"
        token = {{ file = "key" }}
    """)
    override = "MCP_ORCHESTRATOR__SERVERS__FILED__ENV__PLEX_TOKEN"
    environ = {"AT": f"http://{CANARY}:2", override: CANARY}

    config, found = load(path, environ=environ), origins(path, environ=environ)

    assert CANARY not in f"{config!r}{config}{config.servers}{found}"
    assert found == {
        "written": {"api_key": "written in the file"},
        "filed": {"url": "variable AT", "token": "file key", "env.PLEX_TOKEN": "override by a variable"},
    }


def test_the_documentation_shows_what_every_preset_expands_to() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- table: presets -->")[2].partition("<!-- end: presets -->")[0]

    for name, preset in PRESETS.items():
        (block,) = [block for block in shown.split("```toml\n") if block.startswith(f"[servers.{name}]")]
        expansion = tomllib.loads(block.partition("```")[0])["servers"][name]
        access = {"url": URL, preset.secret: CANARY, "ca_file": __file__}
        given = {preset.variable(setting): value for setting, value in access.items()}
        expansion |= {"command": [sys.executable, *preset.arguments], "env": expansion["env"] | given}

        assert server(expansion) == server({"preset": name, **access})
