"""Which configuration is used, and what is said when there is none."""

from pathlib import Path

import pytest

from mcp_orchestrator.cli.exits import UsageError
from mcp_orchestrator.cli.finding import config_path


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_given_comes_before_the_variable_and_that_before_files() -> None:
    Path("orchestrator.toml").touch()
    environ = {"MCP_ORCHESTRATOR_CONFIG": "of-variable.toml"}

    assert config_path(Path("given.toml"), environ=environ) == Path("given.toml")
    assert config_path(None, environ=environ) == Path("of-variable.toml")
    assert config_path(None, environ={}) == Path("orchestrator.toml")


def test_the_file_here_comes_before_that_of_the_user(tmp_path: Path) -> None:
    of_user = tmp_path / "config" / "mcp-orchestrator" / "orchestrator.toml"
    of_user.parent.mkdir(parents=True)
    of_user.touch()
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}

    assert config_path(None, environ=environ) == of_user
    Path("orchestrator.toml").touch()
    assert config_path(None, environ=environ) == Path("orchestrator.toml")


def test_without_any_it_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no configuration.*\$MCP_ORCHESTRATOR_CONFIG.*mcp-orchestrator run --demo"):
        config_path(None, environ={"XDG_CONFIG_HOME": str(tmp_path)})
