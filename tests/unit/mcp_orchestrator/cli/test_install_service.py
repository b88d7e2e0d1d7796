"""What install-service would write, and what it refuses, without a systemd: tests/integration/systemd has one."""

import json
import os
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_orchestrator.cli.service_files import (
    DROP_IN,
    GROUP,
    SERVICE,
    SOCKET,
    UNITS,
    Service,
    address_of,
    is_edited,
    unreachable,
    variables,
    write,
)
from mcp_orchestrator.config import DaemonSettings
from tests.fixtures.terminal import ROOT

Cli = Callable[..., int]
Capture = pytest.CaptureFixture[str]
BIN = Path(sysconfig.get_path("scripts"))


def service(
    *, folder: str = "/opt/mcp-orchestrator/bin", address: str = "127.0.0.1:8600", systemd: int = 252
) -> Service:
    config = Path("/etc/mcp-orchestrator/orchestrator.toml")
    return Service(bin=Path(folder), config=config, address=address, systemd=systemd)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return the root of a machine that is being made."""
    return tmp_path / "image"


@pytest.fixture
def with_secret(tmp_path: Path) -> Path:
    """Return a configuration with a secret beside it."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("c4na4y")
    path = tmp_path / "mine.toml"
    path.write_text('[servers.a]\ncommand = ["a"]\nenv = { TOKEN = { file = "secrets/token" } }\n')
    return path


def test_a_dry_run_prints_the_units_and_writes_nothing(cli: Cli, healthy: Path, image: Path, capsys: Capture) -> None:
    assert cli("install-service", str(healthy), "--dry-run", "--prefix", str(image)) == 0

    printed = capsys.readouterr().out
    assert f"# {UNITS / SERVICE}\n" in printed
    assert f"ExecStart={BIN}/mcp-orchestrator serve /etc/mcp-orchestrator/orchestrator.toml\n" in printed
    assert "ListenStream=127.0.0.1:8600\n" in printed
    assert not image.exists()


def test_an_image_gets_units_configuration_and_secrets(
    cli: Cli, with_secret: Path, image: Path, capsys: Capture
) -> None:
    assert cli("install-service", str(with_secret), "--prefix", str(image)) == 0

    config = image / "etc/mcp-orchestrator/orchestrator.toml"
    assert config.read_bytes() == with_secret.read_bytes()
    assert config.stat().st_mode & 0o777 == 0o640
    assert (config.parent / "secrets/token").read_text() == "c4na4y"
    assert (image / f"etc/systemd/system/{SOCKET}").is_file()
    printed = capsys.readouterr().out
    assert f"chgrp -R {GROUP} /etc/mcp-orchestrator" in printed
    assert "c4na4y" not in printed


def test_writing_it_again_changes_nothing(cli: Cli, with_secret: Path, image: Path, capsys: Capture) -> None:
    cli("install-service", str(with_secret), "--prefix", str(image))
    capsys.readouterr()

    assert cli("install-service", "--prefix", str(image)) == 0

    assert "wrote" not in capsys.readouterr().out


def test_what_was_edited_is_kept(cli: Cli, healthy: Path, image: Path, capsys: Capture) -> None:
    cli("install-service", str(healthy), "--prefix", str(image))
    unit = image / f"etc/systemd/system/{SERVICE}"
    edited = unit.read_text().replace("RestartSec=1", "RestartSec=9")
    unit.write_text(edited)

    refused = cli("install-service", str(healthy), "--prefix", str(image))
    forced = cli("install-service", str(healthy), "--prefix", str(image), "--force")

    assert (refused, forced) == (2, 0)
    assert f"{unit} was changed by hand: move the changes into a drop-in" in capsys.readouterr().err
    assert unit.with_name(f"{SERVICE}.before").read_text() == edited
    assert "RestartSec=1\n" in unit.read_text()


def test_another_configuration_is_not_overwritten(cli: Cli, healthy: Path, config: Path, image: Path) -> None:
    cli("install-service", str(healthy), "--prefix", str(image))

    refused = cli("install-service", str(config), "--prefix", str(image))
    installed = (image / "etc/mcp-orchestrator/orchestrator.toml").read_bytes()
    forced = cli("install-service", str(config), "--prefix", str(image), "--force")

    assert (refused, forced) == (2, 0)
    assert installed == healthy.read_bytes()
    assert (image / "etc/mcp-orchestrator/orchestrator.toml").read_bytes() == config.read_bytes()


def test_variables_of_the_administrator_are_not_those_of_the_service(
    cli: Cli, tmp_path: Path, image: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEX_TOKEN", "x")
    path = tmp_path / "o.toml"
    path.write_text('[servers.a]\nurl = "http://127.0.0.1:9/mcp"\nheaders = { A = "${PLEX_TOKEN}" }\n')

    assert cli("install-service", str(path), "--prefix", str(image)) == 2

    assert "the variable PLEX_TOKEN is not set" in (said := capsys.readouterr().err)
    assert "The service has the variables of /etc/mcp-orchestrator/environment, not yours" in said
    assert not image.exists()


def test_a_secret_outside_the_folder_is_not_copied(cli: Cli, tmp_path: Path, image: Path, capsys: Capture) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "token").write_text("x")
    path = tmp_path / "inner" / "o.toml"
    path.write_text('[servers.a]\ncommand = ["a"]\nenv = { TOKEN = { file = "../token" } }\n')

    assert cli("install-service", str(path), "--prefix", str(image)) == 2

    assert "../token is not in its folder and cannot be copied with it: write a full path" in capsys.readouterr().err


def test_json_of_a_client_is_installed_under_its_own_name(cli: Cli, tmp_path: Path, image: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"a": {"command": "a"}}}))

    assert cli("install-service", str(path), "--prefix", str(image)) == 0
    assert cli("install-service", "--prefix", str(image)) == 0

    assert (image / "etc/mcp-orchestrator/orchestrator.json").is_file()
    assert "serve /etc/mcp-orchestrator/orchestrator.json\n" in (image / f"etc/systemd/system/{SERVICE}").read_text()


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="this machine runs systemd")
@pytest.mark.parametrize("command", ["install-service", "uninstall-service"])
def test_a_machine_without_systemd_is_told_so(cli: Cli, command: str, capsys: Capture) -> None:
    assert cli(command) == 2

    assert "this machine does not run systemd" in capsys.readouterr().err


def test_the_units_in_scripts_are_those_that_are_installed() -> None:
    plain = service(folder="/opt/mcp-orchestrator/bin").texts()[UNITS / SERVICE].rpartition("\n# install-service")[0]

    assert plain == (ROOT / "scripts" / "systemd" / SERVICE).read_text()


def test_the_units_name_this_installation_and_this_address() -> None:
    texts = service(folder="/srv/100%/bin", address="[::1]:1").texts()

    assert "ExecStart=/srv/100%%/bin/mcp-orchestrator serve " in texts[UNITS / SERVICE]
    assert "/opt/mcp-orchestrator" not in texts[UNITS / SERVICE]
    assert "ListenStream=[::1]:1\n" in texts[UNITS / SOCKET]


def test_what_only_newer_systemds_know_is_for_them() -> None:
    assert DROP_IN not in service(systemd=252).texts()
    assert "Type=notify-reload\n" in service(systemd=253).texts()[DROP_IN]


def test_only_what_somebody_has_changed_counts_as_edited() -> None:
    text = service(address="[::1]:1").texts()[UNITS / SOCKET]

    assert not is_edited(text)
    assert is_edited(text.replace("[::1]", "[::]"))
    assert is_edited("[Socket]\nListenStream=1\n")


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "127.0.0.1:8600"),
        ({"host": "localhost", "port": 9}, "127.0.0.1:9"),
        ({"host": "::1", "port": 0}, "[::1]:8600"),
        ({"host": "0.0.0.0"}, "0.0.0.0:8600"),  # noqa: S104 -- written, not taken
    ],
)
def test_the_socket_is_at_the_configured_address(settings: dict[str, object], address: str) -> None:
    assert address_of(DaemonSettings.model_validate(settings)) == address


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/home/ann/venv/bin/python", "ProtectHome= hides /home from it"),
        ("/root/x", "ProtectHome= hides /root from it"),
        ("/var/tmp/x", "PrivateTmp= gives it a /tmp of its own"),  # noqa: S108 -- not used
        ("/usr/bin/env", None),
    ],
)
def test_what_the_sandbox_hides_is_known(path: str, reason: str | None) -> None:
    assert unreachable(Path(path)) == reason


def test_a_link_is_reached_only_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("/home/ann/python")

    assert unreachable(tmp_path / "first") is not None


def test_an_environment_file_is_read_as_systemd_reads_it() -> None:
    text = "# of the service\nA=1\n; and\n\n B = 'two words' \nC=\"\"\n"

    assert variables(text) == {"A": "1", "B": "two words", "C": ""}


def test_a_file_is_written_with_its_rights_and_only_if_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"

    assert write(path, "x", mode=0o640, group=os.getgid())
    assert not write(path, "x", mode=0o640, group=os.getgid())
    assert write(path, "x", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["b"]
