"""`init` with options and variables: it asks every application through its media server, and writes all or nothing."""

import stat
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mcp_orchestrator.cli import main
from mcp_orchestrator.config import load
from mcp_orchestrator.config.presets import PRESETS
from tests.backends.plex import PlexStub
from tests.backends.radarr import RadarrStub
from tests.backends.sabnzbd import SabnzbdStub
from tests.backends.sonarr import SonarrStub
from tests.fixtures.terminal import ROOT

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
Stubs = dict[str, SabnzbdStub | SonarrStub | RadarrStub | PlexStub]
NOWHERE = "http://127.0.0.1:9"
SECRET = "not-asked-for-0123456789"  # noqa: S105 -- a canary


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Patch) -> Path:
    """Stand in an empty folder, with nothing in the environment."""
    (tmp_path / "media_servers").symlink_to(ROOT / "media_servers")  # For children where nothing is installed.
    monkeypatch.chdir(tmp_path)
    for preset in PRESETS.values():
        monkeypatch.delenv(preset.variable(preset.secret), raising=False)
    return tmp_path


@pytest.fixture
def stubs() -> Generator[Stubs]:
    with ExitStack() as stack:
        yield {
            "sabnzbd": stack.enter_context(SabnzbdStub()),
            "sonarr": stack.enter_context(SonarrStub()),
            "radarr": stack.enter_context(RadarrStub()),
            "plex": stack.enter_context(PlexStub()),
        }


def init(stubs: Stubs, monkeypatch: Patch, *more: str, **urls: str) -> int:
    """Run it for these stubs, the keys in variables; `urls`: other addresses."""
    for name, stub in stubs.items():
        preset = PRESETS[name]
        monkeypatch.setenv(preset.variable(preset.secret), stub.secret)
    addresses = {name: stub.url for name, stub in stubs.items()} | urls
    return main(["init", *(word for name, url in addresses.items() for word in (f"--{name}-url", url)), *more])


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if "media_servers" not in path.parts)


def test_all_four_are_asked_and_a_configuration_is_written_that_works(
    stubs: Stubs, monkeypatch: Patch, capsys: Capture
) -> None:
    assert init(stubs, monkeypatch) == 0

    told = capsys.readouterr()
    assert [line.split()[0] for line in told.out.splitlines() if line.endswith(" answers")] == [
        "SABnzbd",
        "Sonarr",
        "Radarr",
        "Plex",
    ]
    assert "  mcp-orchestrator run\n  mcp-orchestrator call sabnzbd get_queue\n" in told.out
    assert told.err == ""
    assert main(["call", "sabnzbd", "get_queue"]) == 0
    assert main(["call", "plex", "get_libraries"]) == 0


def test_every_secret_is_in_a_file_that_only_its_owner_can_read_and_nowhere_else(
    stubs: Stubs, folder: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    assert init(stubs, monkeypatch) == 0
    assert main(["check-config"]) == 0, "without a name it is the configuration that all commands take"
    assert main(["explain", "sonarr"]) == 0

    secrets = [f"secrets/{preset.secret_file}" for preset in PRESETS.values()]
    assert written(folder) == sorted(["orchestrator.toml", "secrets", *secrets])
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in secrets} == {0o600}
    shown = "".join(capsys.readouterr()) + (folder / "orchestrator.toml").read_text() + repr(load("orchestrator.toml"))
    assert "api_key: file secrets/sabnzbd-api-key" in shown
    assert [name for name, stub in stubs.items() if stub.secret in shown] == []


def test_what_is_wrong_is_one_sentence_each_and_nothing_is_written(
    stubs: Stubs, folder: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    code = init(stubs, monkeypatch, "--sabnzbd-api-key", SECRET, "--plex-token", SECRET, radarr=NOWHERE)

    told = capsys.readouterr()
    assert code == 1
    assert told.out.startswith("Sonarr ")
    sabnzbd, radarr, plex, last = told.err.splitlines()
    assert sabnzbd.startswith("error: SABnzbd refuses the key")
    assert radarr.startswith(f"error: Radarr cannot be reached at {NOWHERE} (connection refused)")
    assert plex.startswith("error: Plex refuses the token")
    assert last == "nothing is written: correct it, or write it untried with --no-check"
    assert SECRET not in told.out + told.err
    assert written(folder) == []


def test_an_empty_address_or_a_dash_leaves_an_application_out(folder: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("SABNZBD_API_KEY", f" {SECRET}\n")
    monkeypatch.setenv("PLEX_TOKEN", SECRET)  # For something else.

    assert main(["init", "--no-check", "--sabnzbd-url", "host:1/", "--sonarr-url", "", "--radarr-url", "-"]) == 0

    (sabnzbd,) = load("orchestrator.toml").servers.values()
    assert (sabnzbd.env["SABNZBD_URL"], sabnzbd.env["SABNZBD_API_KEY"]) == ("http://host:1", SECRET)
    assert written(folder) == ["orchestrator.toml", "secrets", "secrets/sabnzbd-api-key"]


def test_an_application_that_only_complains_answers(stubs: Stubs, monkeypatch: Patch, capsys: Capture) -> None:
    sonarr = stubs["sonarr"]

    assert init({"sonarr": sonarr}, monkeypatch) == 0

    first, issue = capsys.readouterr().out.splitlines()[:2]
    assert first.endswith(" answers")
    assert issue.startswith("  it reports: ")


def test_without_a_check_nobody_is_asked(stubs: Stubs, monkeypatch: Patch) -> None:
    assert init(stubs, monkeypatch, "--no-check", radarr=NOWHERE) == 0

    assert [stub.seen for stub in stubs.values()] == [[], [], [], []]
    assert load("orchestrator.toml").servers["radarr"].env["RADARR_URL"] == NOWHERE  # type: ignore[index]  # pyright: ignore[reportArgumentType] -- a name is a text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nobody is there to be asked, and no address is given: give --sabnzbd-url, --sonarr-url, --radarr-url or"),
        (["--sonarr-api-key", SECRET], "a secret is given for sonarr, and no address: give --sonarr-url"),
        (
            ["--plex-url", NOWHERE],
            "Plex's token is missing: set PLEX_TOKEN to what stands under X-Plex-Token in the address of any item's",
        ),
        (
            ["--sonarr-url", f"http://me:{SECRET}@host", "--sonarr-api-key", SECRET],
            "Sonarr's url: holds a password; leave it out",
        ),
        (
            ["--sonarr-url", "host", "--sonarr-api-key", f"{SECRET} x"],
            "Sonarr's api_key: must be letters and digits without spaces: copy it again",
        ),
        (["-o", "no/such.toml"], "there is no folder "),
        (["-o", "."], ". is a folder: name a file in it, such as orchestrator.toml"),
        (["-o", ".", "--force"], ". is a folder: name a file in it, such as orchestrator.toml"),
    ],
)
def test_a_mistake_in_the_options_is_one_line(folder: Path, capsys: Capture, arguments: list[str], says: str) -> None:
    assert main(["init", *arguments]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {says}")
    assert SECRET not in told.err
    assert written(folder) == []


def test_what_is_there_is_only_replaced_by_force(folder: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setenv("PLEX_TOKEN", "first-token")
    options = ["init", "--no-check", "--plex-url", NOWHERE]
    assert main(options) == 0
    monkeypatch.setenv("PLEX_TOKEN", "second-token")
    capsys.readouterr()

    assert main(options) == 2
    assert "orchestrator.toml is there already: give --force" in capsys.readouterr().err
    assert main([*options, "-o", "other.toml"]) == 2
    assert "secrets/plex-token is there already, with another secret: give --force" in capsys.readouterr().err
    assert (folder / "secrets" / "plex-token").read_text() == "first-token\n"

    assert main([*options, "--force"]) == 0
    assert (folder / "secrets" / "plex-token").read_text() == "second-token\n"
    assert main([*options, "-o", "other.toml"]) == 0, "the same secret may serve two configurations"
    assert "mcp-orchestrator call plex get_libraries --config other.toml" in capsys.readouterr().out


def test_a_media_server_that_does_not_start_says_why(folder: Path, capsys: Capture) -> None:
    (folder / "media_servers").unlink()
    (folder / "media_servers" / "plex").mkdir(parents=True)
    (folder / "media_servers" / "plex" / "__main__.py").write_text("import sys; sys.exit('plexapi is missing')")
    for package in ("", "plex"):
        (folder / "media_servers" / package / "__init__.py").write_text("")

    assert main(["init", "--plex-url", NOWHERE, "--plex-token", SECRET]) == 1

    assert "error: the media server for Plex does not start: plexapi is missing\n" in capsys.readouterr().err


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "plexapi", None)

    assert main(["init"]) == 2

    assert capsys.readouterr().err == "error: init needs the media servers: pip install '.[cli,media]' in a clone\n"
