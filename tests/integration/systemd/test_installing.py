"""Installing the service on a machine that runs systemd, again, and away; and the secrets of it."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from tests.fixtures.booted import PROGRAM, Booted
from tests.integration.systemd.conftest import CANARY, CONFIG, Installed, configuration

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
Told = Callable[[str], None]


def everything_said(machine: Booted) -> str:
    """Return all of the journal, and what systemd shows of the service."""
    machine.run("journalctl", "--sync")
    return machine.run("journalctl", "--output=export") + machine.run("systemctl", "show", "mcp-orchestrator")


def test_only_root_and_the_service_can_read_the_configuration_and_its_secrets(machine: Booted) -> None:
    for path in (CONFIG, "/etc/mcp-orchestrator/secrets/token"):
        assert machine.run("stat", "-c", "%a %U %G", path).split() == ["640", "root", "mcp-orchestrator-config"]

    assert machine.call("one__secret") == sha256(CANARY.encode()).hexdigest()
    assert CANARY not in everything_said(machine)


def test_a_credential_reaches_the_server_and_no_log(machine: Booted, drop_in: Told, change: Told) -> None:
    machine.write("/root/credential", f"{CANARY}-2\n", mode=0o600)

    change(configuration(file_of_one="a-credential"))
    drop_in("LoadCredential=a-credential:/root/credential")

    assert machine.call("one__secret") == sha256(f"{CANARY}-2".encode()).hexdigest()
    assert CANARY not in everything_said(machine)


def test_a_credential_that_is_missing_is_a_clear_error(machine: Booted, change: Told) -> None:
    change(configuration(file_of_one="no-credential"))

    said = machine.fails(PROGRAM, "install-service")

    assert "servers.one.env.SECRET: the file /etc/mcp-orchestrator/no-credential cannot be read" in said
    assert "if a drop-in brings what is missing: --no-check" in said


def test_who_is_not_root_is_told_what_to_type(machine: Booted) -> None:
    said = machine.fails("setpriv", "--reuid=65534", "--clear-groups", PROGRAM, "install-service", "my own.toml")

    assert f"install-service is for root: sudo {PROGRAM} install-service 'my own.toml'" in said


def test_another_configuration_does_not_replace_the_installed_one(machine: Booted) -> None:
    machine.write("/root/other.toml", configuration(file_of_one="/root/secrets/token"))

    said = machine.fails(PROGRAM, "install-service", "/root/other.toml")

    assert f"{CONFIG} is there already, and is not as /root/other.toml" in said
    assert machine.read(CONFIG) == configuration()


def test_one_that_does_not_come_up_is_shown_with_what_it_said(machine: Booted, change: Told) -> None:
    change(configuration(file_of_one="no-credential"))

    said = machine.fails(PROGRAM, "install-service", "--no-check")

    assert "it does not start" in said
    assert "no-credential cannot be read (No such file or directory)" in said
    assert "it is tried again and again" in said


def test_the_port_is_the_configured_one(machine: Booted, change: Told) -> None:
    change(configuration() + "[daemon]\nport = 8611\n")
    said = machine.run(PROGRAM, "install-service")
    machine.connect(8611).close()

    before = machine.show("MainPID")
    change(configuration())
    machine.run(PROGRAM, "install-service")

    assert machine.show("MainPID") != before
    assert "serves at http://127.0.0.1:8611/mcp" in said
    assert machine.call("one__echo", word="back") == {"word": "back"}


def test_a_token_that_root_makes_is_known_to_the_service(machine: Booted) -> None:
    token = machine.run(PROGRAM, "token", "create", "ann", "--scope", "read", "--config", CONFIG).splitlines()[0]

    machine.eventually(lambda: machine.ask("GET", "/api/v1/overview")[0] == 401, "nobody comes in without it")
    status, _ = machine.ask("GET", "/api/v1/overview", Authorization=f"Bearer {token}")

    assert status == 200
    assert token not in everything_said(machine)
    machine.run("rm", "/etc/mcp-orchestrator/tokens.json")
    machine.run("systemctl", "restart", "mcp-orchestrator")


def test_uninstalling_keeps_configuration_and_state(machine: Booted, installed: Installed) -> None:
    assert PROGRAM.name in installed.said

    said = machine.run(PROGRAM, "uninstall-service")
    units = machine.run("systemctl", "list-unit-files", "mcp-orchestrator.*", check=False)
    with pytest.raises(ConnectionRefusedError):
        machine.connect()
    machine.run("test", "-e", "/var/lib/private/mcp-orchestrator/orchestrator.db")
    again = machine.run(PROGRAM, "install-service")

    assert "removed /etc/systemd/system/mcp-orchestrator.socket" in said
    assert "0 unit files" in units
    assert f"unchanged: {CONFIG}" in again
