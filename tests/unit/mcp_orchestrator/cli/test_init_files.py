"""What `init` writes is there as a whole or not at all, and says exactly what was chosen."""

from pathlib import Path

import pytest

from mcp_orchestrator.cli.exits import UsageError
from mcp_orchestrator.cli.init_files import Choice, Target
from mcp_orchestrator.config import load
from mcp_orchestrator.config.presets import PRESETS

SONARR = Choice(preset=PRESETS["sonarr"], url="http://127.0.0.1:8989/tv", secret="$${A}${B}$C")  # noqa: S106 -- odd, not secret
PLEX = Choice(preset=PRESETS["plex"], url="http://127.0.0.1:32400", secret="token")  # noqa: S106 -- as above


def test_what_is_written_is_read_as_what_was_tried(tmp_path: Path) -> None:
    target = Target(config=tmp_path / "o.toml", replace=False)

    target.write([SONARR, PLEX])

    tried = load({choice.preset.name: choice.section() for choice in (SONARR, PLEX)}, environ={})
    assert load(tmp_path / "o.toml", environ={}) == tried
    sonarr, _ = tried.servers.values()
    assert (sonarr.env["SONARR_URL"], sonarr.env["SONARR_API_KEY"]) == (SONARR.url, SONARR.secret)


def test_a_secret_is_in_no_repr() -> None:
    assert SONARR.secret not in repr(SONARR)


@pytest.mark.parametrize("replace", [False, True])
def test_when_the_last_step_fails_the_steps_before_it_are_undone(tmp_path: Path, *, replace: bool) -> None:
    (tmp_path / "o.toml").mkdir()  # After the check, which would have said so.

    with pytest.raises(UsageError, match=r"o\.toml.* cannot be written: .*; nothing was"):
        Target(config=tmp_path / "o.toml", replace=replace).write([SONARR, PLEX])

    assert [path.name for path in tmp_path.rglob("*")] == ["o.toml"]


def test_a_folder_of_secrets_that_was_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "other").write_text("x")
    (tmp_path / "o.toml").mkdir()

    with pytest.raises(UsageError):
        Target(config=tmp_path / "o.toml", replace=False).write([PLEX])
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["other"]

    Target(config=tmp_path / "p.toml", replace=False).write([PLEX])
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == ["other", "plex-token"]


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{tmp_path} is a folder: name a file in it"):
        Target(config=tmp_path, replace=False).check()


def test_a_folder_where_nothing_can_be_written_is_told_beforehand(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("no folder")

    with pytest.raises(UsageError, match="secrets is no folder: move it away"):
        Target(config=tmp_path / "o.toml", replace=True).check()
