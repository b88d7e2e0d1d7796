"""One machine with systemd, the service installed there with its own command, for all tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.booted import HOME, PROGRAM, ROOT, Booted, booted

CANARY = "c4na4y-of-the-service"
SERVER = f"{HOME}/service_server.py"
CONFIG = "/etc/mcp-orchestrator/orchestrator.toml"
_DROP_IN = "/run/systemd/system/mcp-orchestrator.service.d/test.conf"


def configuration(*, more: str = "", of_two: str = "", file_of_one: str = "secrets/token") -> str:
    """Return a configuration of two servers, of which the first is told a secret."""
    command = f'command = ["{HOME}/bin/python", "{SERVER}"]'
    return (
        f"[orchestrator]\n{more}\n"
        f'[servers.one]\n{command}\nenv = {{ SECRET = {{ file = "{file_of_one}" }} }}\n'
        f"[servers.two]\n{command}\n{of_two}\n"
    )


@dataclass(frozen=True, slots=True)
class Installed:
    """A machine with the service. `said`: what install-service said."""

    machine: Booted
    said: str


@pytest.fixture(scope="session")
def installed(systemd_root: Path) -> Iterator[Installed]:
    """Boot, and install the service as an administrator does."""
    with booted(systemd_root) as machine:
        machine.write(SERVER, (ROOT / "tests" / "fixtures" / "service_server.py").read_text())
        machine.write("/root/orchestrator.toml", configuration())
        machine.write("/root/secrets/token", f"{CANARY}\n", mode=0o600)
        yield Installed(machine, machine.run(PROGRAM, "install-service", "/root/orchestrator.toml"))


@pytest.fixture
def machine(installed: Installed) -> Iterator[Booted]:
    """Return the machine with the service as it was installed, running; what a test changes is changed back."""
    found = installed.machine
    yield found
    dropped = found.run("rm", "--force", "--verbose", _DROP_IN)
    if dropped:
        found.run("systemctl", "daemon-reload")
    is_changed = found.read(CONFIG) != configuration()
    if is_changed:
        _put(found, configuration())
    if dropped or found.show("ActiveState") != "active":
        found.run("systemctl", "restart", "mcp-orchestrator")
    elif is_changed:
        found.run("systemctl", "reload", "mcp-orchestrator")


@pytest.fixture
def drop_in(machine: Booted) -> Callable[[str], None]:
    """Return what adds settings to the unit, as `systemctl edit` does, and starts it again."""

    def add(text: str) -> None:
        machine.write(_DROP_IN, f"[Service]\n{text}\n")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "mcp-orchestrator")

    return add


@pytest.fixture
def change(machine: Booted) -> Callable[[str], None]:
    """Return what replaces the configuration; whether the service is told is the test's matter."""
    return lambda text: _put(machine, text)


def _put(machine: Booted, text: str) -> None:
    """Put a configuration in place in one step, as editors do."""
    machine.write(f"{CONFIG}.new", text, mode=0o640)
    machine.run("chgrp", "mcp-orchestrator-config", f"{CONFIG}.new")
    machine.run("mv", f"{CONFIG}.new", CONFIG)
