"""A configuration of odd servers, and the command line in this process."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_orchestrator.cli import main
from tests.fixtures.terminal import ODD

Cli = Callable[..., int]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration with one good server, one that dies at once, one that is not installed, one disabled."""
    path = tmp_path / "orchestrator.toml"
    path.write_text(f"""
        [orchestrator]
        state = "memory"
        [servers.odd]
        command = {json.dumps(ODD)}
        aliases = ["o"]
        max_retries = 0
        tools.echo.aliases = ["say"]
        [servers.dead]
        command = ["false"]
        max_retries = 0
        [servers.missing]
        command = ["no-such-program"]
        [servers.off]
        url = "http://127.0.0.1:9/mcp"
        enabled = false
    """)
    return path


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """Return a configuration with one good server."""
    path = tmp_path / "healthy.toml"
    path.write_text(f'[orchestrator]\nstate = "memory"\n[servers.odd]\ncommand = {json.dumps(ODD)}\n')
    return path


@pytest.fixture
def cli(config: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return the command line, in the folder of `config`, with nothing in its environment."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("MCP_ORCHESTRATOR_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent / "of-user"))
    return lambda *arguments: main(arguments)
