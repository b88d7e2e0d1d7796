"""`init` on a real terminal: it asks, shows no key, asks again when something is wrong; Ctrl-C leaves no trace."""

from collections.abc import Generator
from pathlib import Path

import pytest

from mcp_orchestrator.config import load
from mcp_orchestrator.config.presets import PRESETS
from tests.backends.sabnzbd import SabnzbdStub
from tests.fixtures.orchestrating import eventually
from tests.fixtures.terminal import ROOT, Running, on_terminal

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder; the environment says nothing."""
    (tmp_path / "media_servers").symlink_to(ROOT / "media_servers")  # For children where nothing is installed.
    for preset in PRESETS.values():
        monkeypatch.delenv(preset.variable(preset.secret), raising=False)
    return tmp_path


@pytest.fixture
def sabnzbd() -> Generator[SabnzbdStub]:
    with SabnzbdStub() as stub:
        yield stub


def leave_out(run: Running, *titles: str) -> None:
    for title in titles:
        run.wait_for(f"{title}'s address [http://127.0.0.1:")
        run.type("-")


def test_it_asks_for_one_after_the_other_tries_each_and_shows_no_key(folder: Path, sabnzbd: SabnzbdStub) -> None:
    with on_terminal("init", folder=folder, columns=200) as run:
        run.wait_for("SABnzbd's address [http://127.0.0.1:8080]: ")
        run.type(sabnzbd.url.removeprefix("http://"))
        run.wait_for("SABnzbd's API key (Config > General > API Key; it is not shown): ")
        run.type(sabnzbd.secret)
        run.wait_for(" answers")
        leave_out(run, "Sonarr", "Radarr", "Plex")
        code = run.end()

    assert code == 0
    assert "Written: orchestrator.toml, and 1 secret in secrets" in run.text
    assert sabnzbd.secret not in run.text
    assert list(load(folder / "orchestrator.toml").servers) == ["sabnzbd"]
    assert (folder / "secrets" / "sabnzbd-api-key").read_text() == f"{sabnzbd.secret}\n"


def test_what_is_wrong_is_told_and_asked_for_again(folder: Path, sabnzbd: SabnzbdStub) -> None:
    with on_terminal("init", folder=folder, columns=200) as run:
        run.wait_for("SABnzbd's address")
        run.type("http://a b")
        run.wait_for("That does not work: SABnzbd's url: is no address; correct its host or port")
        run.wait_for("SABnzbd's address [http://127.0.0.1:8080]: ", times=2)
        run.type("http:/127.0.0.1:8080")
        run.wait_for("That does not work: SABnzbd's url: must begin with http:// or https:// and name a host")
        run.wait_for("SABnzbd's address [http://127.0.0.1:8080]: ", times=3)
        run.type(sabnzbd.url)
        run.wait_for("it is not shown): ")
        run.type("wrong-key")
        run.wait_for("That does not work: SABnzbd refuses the key")
        run.wait_for(f"SABnzbd's address [{sabnzbd.url}]: ")
        run.type("")
        run.wait_for("Enter takes the one before): ")
        run.type(sabnzbd.secret)
        run.wait_for(" answers")
        leave_out(run, "Sonarr", "Radarr", "Plex")
        code = run.end()

    assert code == 0
    assert "wrong-key" not in run.text
    assert load(folder / "orchestrator.toml").servers


def test_a_key_need_not_be_typed_again_for_another_address(folder: Path, sabnzbd: SabnzbdStub) -> None:
    with on_terminal("init", folder=folder, columns=200) as run:
        run.wait_for("SABnzbd's address")
        run.type("http://127.0.0.1:9")
        run.wait_for("it is not shown): ")
        run.type(sabnzbd.secret)
        run.wait_for("That does not work: SABnzbd cannot be reached at http://127.0.0.1:9 ")
        run.wait_for("SABnzbd's address [http://127.0.0.1:9]: ")
        run.type(sabnzbd.url)
        run.wait_for("it is not shown; Enter takes the one before): ")
        run.type("")
        run.wait_for(" answers")
        leave_out(run, "Sonarr", "Radarr", "Plex")
        code = run.end()

    assert code == 0
    assert (folder / "secrets" / "sabnzbd-api-key").read_text() == f"{sabnzbd.secret}\n"


def test_options_and_variables_answer_in_advance(
    folder: Path, sabnzbd: SabnzbdStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SABNZBD_API_KEY", sabnzbd.secret)
    with on_terminal("init", "--sabnzbd-url", sabnzbd.url, folder=folder, columns=200) as run:
        run.wait_for(" answers")
        leave_out(run, "Sonarr", "Radarr")
        run.wait_for("Plex's address")
        run.type("")
        run.wait_for("Plex's token")
        run.type("")
        run.wait_for("That does not work: Plex's token: is missing; give what stands in Plex under X-Plex-Token")
        run.wait_for("Plex's address", times=2)
        run.type("")
        run.wait_for("Plex's token (", times=2)
        run.type("-")
        code = run.end()

    assert code == 0, "a dash leaves an application out, wherever it is typed"
    assert list(load(folder / "orchestrator.toml").servers) == ["sabnzbd"]


def test_leaving_everything_out_writes_nothing(folder: Path) -> None:
    with on_terminal("init", folder=folder, columns=200) as run:
        leave_out(run, "SABnzbd", "Sonarr", "Radarr", "Plex")
        code = run.end()

    assert code == 2
    assert "every application is left out, so nothing is written" in run.text
    assert [path.name for path in folder.iterdir()] == ["media_servers"]


@pytest.mark.parametrize("when", ["at the address", "at the key", "at the check", "at the end of input"])
def test_an_interrupted_conversation_leaves_no_trace(folder: Path, sabnzbd: SabnzbdStub, when: str) -> None:
    sabnzbd.next("hung")
    with on_terminal("init", folder=folder, columns=200) as run:
        run.wait_for("SABnzbd's address")
        if when in {"at the key", "at the check"}:
            run.type(sabnzbd.url)
            run.wait_for("it is not shown): ")
        if when == "at the check":
            run.type(sabnzbd.secret)
            run.wait_for("asking SABnzbd")
            eventually(lambda: sabnzbd.seen, "SABnzbd was asked")
        if when == "at the end of input":
            run.type("\x04")
        else:
            run.wait_until_it_waits()
            run.signal()
        code = run.end()
    sabnzbd.resume()

    assert code == 130
    assert "interrupted: nothing is written" in run.text
    assert [path.name for path in folder.iterdir()] == ["media_servers"]
