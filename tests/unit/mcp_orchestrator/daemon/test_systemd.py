"""What a service says to systemd, what it takes from it, and that nothing happens where there is none."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.daemon.systemd import Notifier, notifier, passed_sockets, watchdog_s
from tests.fixtures.terminal import ROOT

TAKE = """
import json, os, socket, sys
from actors.errors import ConfigurationError
from mcp_orchestrator.daemon.systemd import passed_sockets
for number, descriptor in enumerate(sys.argv[1:]):
    os.dup2(int(descriptor), 103 + number)
for number in range(len(sys.argv) - 1):
    os.dup2(103 + number, 3 + number)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(sys.argv) - 1), "LISTEN_FDNAMES": "http:odd"}
try:
    said = [[one.family.name, one.get_inheritable(), one.getsockname()] for one in passed_sockets(os.environ)]
except ConfigurationError as error:
    said = str(error)
print(json.dumps([said, [name for name in os.environ if name.startswith("LISTEN_")]]))
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Yield where the messages of a service arrive."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def taken_by_a_service(*sockets: socket.socket) -> tuple[object, list[str]]:
    """Return what `passed_sockets` says in a process that is passed these, and what it leaves in the environment."""
    numbers = [one.fileno() for one in sockets]
    command = [sys.executable, "-c", TAKE, *map(str, numbers)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    said, left = json.loads(subprocess.check_output(command, pass_fds=numbers, env=env))  # noqa: S603 -- our own
    return said, left


def test_each_message_says_what_sd_notify_has_for_it(manager: socket.socket, tmp_path: Path) -> None:
    told = Notifier(str(tmp_path / "notify"))

    told.ready("3/4 servers\nup")
    told.status("4/4 servers up")
    told.stopping("draining")
    told.alive()
    told.extend(1.5)
    told.reloading()

    assert [manager.recv(4096).decode() for _ in range(5)] == [
        "READY=1\nSTATUS=3/4 servers up",
        "STATUS=4/4 servers up",
        "STOPPING=1\nSTATUS=draining",
        "WATCHDOG=1",
        "EXTEND_TIMEOUT_USEC=1500000",
    ]
    word, at = manager.recv(4096).decode().splitlines()
    assert word == "RELOADING=1"
    assert at.removeprefix("MONOTONIC_USEC=").isdecimal()


def test_an_abstract_address_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")  # Linux chooses an abstract one.
        address = listener.getsockname().decode().replace("\0", "@", 1)

        Notifier(address).alive()

        assert listener.recv(100) == b"WATCHDOG=1"


def test_a_manager_that_is_gone_is_logged_and_nothing_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Notifier(str(tmp_path / "nobody")).alive()

    assert "the service manager was not told WATCHDOG=1" in caplog.text


def test_a_long_status_arrives_cut_at_the_limit_of_systemd(manager: socket.socket, tmp_path: Path) -> None:
    Notifier(str(tmp_path / "notify")).ready("x" * 100_000)

    assert len(manager.recv(200_000)) < 4096


def test_a_status_that_is_no_text_arrives_all_the_same(manager: socket.socket, tmp_path: Path) -> None:
    Notifier(str(tmp_path / "notify")).status("the file was not reloaded: o.json: \ud800")

    assert manager.recv(4096) == b"STATUS=the file was not reloaded: o.json: \\ud800"


def test_children_do_not_inherit_where_to_report() -> None:
    environ = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}

    assert notifier(environ)
    assert watchdog_s(environ) == 30.0
    assert environ == {}


def test_outside_systemd_there_is_nobody_to_tell_and_nothing_passed(caplog: pytest.LogCaptureFixture) -> None:
    told = notifier({})
    told.ready("3/4 servers up")

    assert not told
    assert watchdog_s({}) == 0.0
    assert passed_sockets({}) == []
    assert caplog.text == ""


@pytest.mark.parametrize(("pid", "number"), [("1", "1"), ("", "1"), (str(os.getpid()), "many")])
def test_what_is_meant_for_another_process_is_left_alone(pid: str, number: str) -> None:
    environ = {"LISTEN_PID": pid, "LISTEN_FDS": number, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}

    assert passed_sockets(environ) == []
    assert watchdog_s(environ) == 0.0


def test_sockets_of_every_family_are_taken_and_not_passed_on(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as tcp6,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        unix.bind(str(tmp_path / "http"))
        unix.listen()

        said, left = taken_by_a_service(tcp, tcp6, unix)

        assert said == [
            ["AF_INET", False, list(tcp.getsockname())],
            ["AF_INET6", False, list(tcp6.getsockname())],
            ["AF_UNIX", False, str(tmp_path / "http")],
        ]
    assert left == []


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagrams", "a connection"])
def test_a_socket_that_takes_no_connections_is_one_clear_error(kind: socket.SocketKind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, kind) as odd:
        said, _ = taken_by_a_service(tcp, odd)

    assert said == (
        "the socket odd (descriptor 4) that systemd passes cannot be served on: it takes no connections; "
        "a socket unit for this service has ListenStream= and Accept=no"
    )


def test_a_descriptor_that_is_none_is_the_same_error() -> None:
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1000000", "LISTEN_FDNAMES": ""}

    with pytest.raises(ConfigurationError, match="that systemd passes cannot be served on"):
        passed_sockets(environ, first=900_000)
