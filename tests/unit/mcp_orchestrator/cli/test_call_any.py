"""`call - TOOL`: whichever server offers the tool, is up, and has the lowest priority."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.terminal import ODD

Cli = Callable[..., int]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Return a configuration with two servers that have the same tools, and one that cannot be connected."""
    path = tmp_path / "two.toml"
    path.write_text(f"""
        [orchestrator]
        state = "memory"
        [servers.spare]
        command = {json.dumps(ODD)}
        tools.echo.aliases = ["say"]
        [servers.main]
        command = {json.dumps(ODD)}
        priority = 10
        tools.echo.aliases = ["say"]
        [servers.gone]
        command = ["no-such-program"]
        priority = 1
        [servers.off]
        command = {json.dumps(ODD)}
        priority = 1
        enabled = false
    """)
    return path


@pytest.mark.parametrize("tool", ["echo", "say"])
def test_the_first_that_is_up_answers_and_is_named_on_stderr(cli: Cli, capsys: Capture, two: Path, tool: str) -> None:
    assert cli("call", "-", tool, "text=1984", "number=3", "-c", str(two)) == 0

    assert capsys.readouterr() == ('{"text": "1984", "number": 3}\n', "answered by main\n")


def test_when_the_first_is_away_the_next_answers(
    cli: Cli, capsys: Capture, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCP_ORCHESTRATOR__SERVERS__MAIN__COMMAND", '["no-such-program"]')

    assert cli("call", "-", "echo", "-c", str(two)) == 0

    assert capsys.readouterr() == ("{}\n", "answered by spare\n")


def test_a_tool_that_nobody_has_is_a_mistake_unless_somebody_is_away(
    cli: Cli, capsys: Capture, two: Path, healthy: Path
) -> None:
    assert cli("call", "-", "ecko", "-c", str(healthy)) == 2
    assert capsys.readouterr().err == "error: no server has a tool 'ecko': did you mean echo?\n"

    assert cli("call", "-", "zzz", "-c", str(healthy)) == 2
    assert capsys.readouterr().err == "error: no server has a tool 'zzz': see mcp-orchestrator tools\n"

    assert cli("call", "-", "ecko", "-c", str(two)) == 3
    assert capsys.readouterr().err == "error: no connected server has a tool 'ecko'; not connected: gone\n"
