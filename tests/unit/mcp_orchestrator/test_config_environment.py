"""What the environment says: settings, and where state is kept."""

from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator.config import load

URL = "http://127.0.0.1:9004/mcp"


@pytest.mark.parametrize(
    ("variable", "value", "path", "expected"),
    [
        ("TIMEOUT_S", "60", "timeout_s", 60),
        ("timeout_s", "60", "timeout_s", 60),
        ("TIMEOUT", "60", "timeout_s", 60),
        ("ENABLED", "false", "enabled", False),
        ("DISABLED", "true", "enabled", False),
        ("CWD", "60", "cwd", "60"),
        ("CWD", "1979-05-27", "cwd", "1979-05-27"),
        ("CWD", "${HOME}/x", "cwd", "/home/x"),
        ("COMMAND", "python -m sonarr", "command", ("python", "-m", "sonarr")),
        ("COMMAND", '["python", "x y"]', "command", ("python", "x y")),
        ("ALIASES", '["tv"]', "aliases", ("tv",)),
        ("ENV__KEY", "123", "env.KEY", "123"),
        ("ENV__key", "123", "env.KEY", "123"),
        ("ENV__New", "x", "env.New", "x"),
        ("BREAKER__OPEN_S", "9", "breaker.open_s", 9),
        ("CIRCUIT_BREAKER_THRESHOLD", "9", "breaker.failure_threshold", 9),
        ("TOOLS__ADD_SERIES__TIMEOUT_S", "9", "tools.add_series.timeout_s", 9),
        ("TOOLS__SONARR_QUEUE__TIMEOUT_S", "9", "tools.sonarr.queue.timeout_s", 9),
    ],
)
def test_a_variable_overrides_a_setting(variable: str, value: str, path: str, expected: object) -> None:
    settings: dict[str, Any] = {
        "command": ["a"],
        "env": {"KEY": "k"},
        "tools": {"sonarr.queue": {}},
        "timeout_s": 5,
        "enabled": True,
    }

    config = load(
        {"my-sonarr": settings},
        environ={f"MCP_ORCHESTRATOR__SERVERS__MY_SONARR__{variable}": value, "HOME": "/home"},
    )

    (found,) = config.model_dump()["servers"].values()
    for key in path.replace("sonarr.queue", "sonarr queue").split("."):
        found = found[key.replace(" ", ".")]
    assert found == expected


def test_a_variable_overrides_what_holds_for_all_servers() -> None:
    environ = {
        "MCP_ORCHESTRATOR__MAX_PARALLEL_CALLS": "4",
        "mcp_orchestrator__health_check_interval": "9",
        "MCP_ORCHESTRATOR__STATE_DIR": "/var/lib/here",
        "MCP_ORCHESTRATOR_UNRELATED": "x",
    }

    config = load({"orchestrator": {"max_parallel_calls": 9}, "servers": {"x": {"url": URL}}}, environ=environ)

    assert (config.max_parallel_calls, config.health_check_interval_s, config.state_dir) == (4, 9, "/var/lib/here")


@pytest.mark.parametrize(
    ("settings", "environ", "folder"),
    [
        ({"state": "memory", "state_dir": "/a"}, {}, None),
        ({"state_dir": "/a"}, {"STATE_DIRECTORY": "/b"}, "/a"),
        ({}, {"STATE_DIRECTORY": "/b:/c", "XDG_STATE_HOME": "/d"}, "/b"),
        ({}, {"XDG_STATE_HOME": "/d"}, "/d/mcp-orchestrator"),
        ({}, {}, str(Path.home() / ".local/state/mcp-orchestrator")),
    ],
)
def test_where_state_is_kept(settings: dict[str, str], environ: dict[str, str], folder: str | None) -> None:
    config = load({"orchestrator": settings, "servers": {"x": {"url": URL}}}, environ={})

    found = config.state_folder(environ)

    assert (found and str(found)) == folder
