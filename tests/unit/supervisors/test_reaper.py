"""The one parent of all children."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from actors.mcp.child import Child, Program, Spawned
from supervisors.reaper import Reaper, SpawnedChild
from tests.fixtures.stdio import ODD_CHILD, PATIENCE_S, is_alive, wait_until_gone

ROOT = Path(__file__).parents[3]


class Watched:
    """One child, or why there is none; closes what it was given."""

    def __init__(self, reaper: Reaper, *command: str) -> None:
        self._spawned: SimpleQueue[Spawned] = SimpleQueue()
        self._codes: SimpleQueue[int] = SimpleQueue()
        program = Program(command=command, env={"PATH": os.environ["PATH"]}, cwd=None)
        reaper.spawn(program, self._spawned.put, self._codes.put)

    def child(self) -> Child:
        child = self._spawned.get(timeout=PATIENCE_S)
        assert not isinstance(child, OSError | ValueError), child
        for file in (child.stdin, child.stdout, child.stderr):
            assert not os.get_blocking(file.fileno())
            file.close()
        return child

    def error(self) -> OSError | ValueError:
        error = self._spawned.get(timeout=PATIENCE_S)
        assert isinstance(error, OSError | ValueError), error
        return error

    def code(self) -> int:
        return self._codes.get(timeout=PATIENCE_S)


@pytest.fixture(params=["pidfd", "polling", "polling without waitid"])
def reaper(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reaper]:
    if request.param != "pidfd":
        monkeypatch.delattr(os, "pidfd_open")
    if request.param == "polling without waitid":
        monkeypatch.delattr(os, "waitid")
    reaper = Reaper(clock=time.monotonic)
    yield reaper
    monkeypatch.undo()
    assert reaper.close(PATIENCE_S) == []
    assert reaper.children == 0


def test_the_exit_code_is_told_once_the_child_was_waited_for(reaper: Reaper) -> None:
    exited = Watched(reaper, "/bin/sh", "-c", "exit 7")

    pid = exited.child().pid

    assert exited.code() == 7
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_many_children_end_each_with_their_own_code(reaper: Reaper) -> None:
    watched = [Watched(reaper, "/bin/sh", "-c", f"exit {code}") for code in range(20)]

    for one in watched:
        one.child()

    assert [one.code() for one in watched] == list(range(20))


def test_a_signal_goes_to_the_whole_group_and_its_number_is_told(reaper: Reaper) -> None:
    watched = Watched(reaper, "/bin/sleep", "60")
    child = watched.child()
    assert os.getsid(child.pid) == child.pid

    child.signal(signal.SIGTERM)

    assert watched.code() == -signal.SIGTERM


def test_a_signal_to_a_child_that_was_waited_for_goes_nowhere(reaper: Reaper, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(reaper, "/bin/true")
    child = watched.child()
    watched.code()
    sent: list[int] = []

    def killpg(group: int, _number: int) -> None:
        sent.append(group)

    monkeypatch.setattr(os, "killpg", killpg)

    child.signal(signal.SIGKILL)

    assert sent == []


def test_what_cannot_be_started_is_told_and_harms_nobody(reaper: Reaper) -> None:
    missing, impossible = Watched(reaper, "/no/such/program"), Watched(reaper, "a\0b")

    assert isinstance(missing.error(), FileNotFoundError)
    assert isinstance(impossible.error(), ValueError)
    assert reaper.children == 0


def test_children_of_the_application_are_left_to_it(reaper: Reaper) -> None:
    ours = Watched(reaper, "/bin/sh", "-c", "exit 1")
    theirs = subprocess.Popen(["/bin/sh", "-c", "exit 9"])

    ours.child()

    assert ours.code() == 1
    assert theirs.wait(PATIENCE_S) == 9


def test_an_application_that_waits_for_any_child_takes_the_code_and_nothing_else(reaper: Reaper) -> None:
    watched = Watched(reaper, "/bin/sleep", "60")
    child = watched.child()

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel waits for all children then.
    try:
        child.signal(signal.SIGKILL)
        watched.code()
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    assert reaper.children == 0


def test_close_kills_and_waits_for_what_is_left_and_starts_nothing_more() -> None:
    reaper = Reaper(clock=time.monotonic)
    stopped, running = Watched(reaper, "/bin/sleep", "60"), Watched(reaper, "/bin/sleep", "60")
    stopped.child().signal(signal.SIGSTOP)
    running.child()

    assert reaper.close(PATIENCE_S) == []

    assert [stopped.code(), running.code()] == [-signal.SIGKILL] * 2
    assert isinstance(Watched(reaper, "/bin/true").error(), OSError)
    assert reaper.close(PATIENCE_S) == []


def test_nothing_is_started_while_the_rest_is_being_ended() -> None:
    reaper = Reaper(clock=time.monotonic)
    spawned: SimpleQueue[Spawned] = SimpleQueue()
    program = Program(command=("/bin/sleep", "60"), env={}, cwd=None)
    too_late: SimpleQueue[Spawned] = SimpleQueue()
    reaper.spawn(program, spawned.put, lambda _: reaper.spawn(program, too_late.put, bool))
    child = spawned.get(timeout=PATIENCE_S)
    assert not isinstance(child, OSError | ValueError)

    assert reaper.close(PATIENCE_S) == []

    assert isinstance(too_late.get(timeout=PATIENCE_S), OSError)
    for file in (child.stdin, child.stdout, child.stderr):
        file.close()


def test_close_says_which_children_it_could_not_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reaper = Reaper(clock=time.monotonic)
    watched = Watched(reaper, "/bin/sleep", "60")
    child = watched.child()
    assert isinstance(child, SpawnedChild)

    def in_vain(_group: int, _number: int) -> None:
        """Stands for a process that not even SIGKILL ends, as one waiting for a dead disk."""

    with monkeypatch.context() as powerless:
        powerless.setattr(os, "killpg", in_vain)
        assert reaper.close(0.05) == [f"child {child.pid}", "reaper: 1 open files"]

    child.signal(signal.SIGKILL)
    wait_until_gone(child.pid)
    assert child.reap() == -signal.SIGKILL


def test_what_a_child_leaves_behind_in_its_group_ends_with_it() -> None:
    reaper = Reaper(clock=time.monotonic)
    spawned: SimpleQueue[Spawned] = SimpleQueue()
    codes: SimpleQueue[int] = SimpleQueue()
    program = Program(command=("/bin/sh", "-c", "sleep 60 & echo $!"), env={"PATH": os.environ["PATH"]}, cwd=None)
    reaper.spawn(program, spawned.put, codes.put)
    child = spawned.get(timeout=PATIENCE_S)
    assert not isinstance(child, OSError | ValueError)

    assert codes.get(timeout=PATIENCE_S) == 0

    orphan = int(child.stdout.read() or b"")
    wait_until_gone(orphan)
    assert not is_alive(orphan)
    for file in (child.stdin, child.stdout, child.stderr):
        file.close()
    assert reaper.close(PATIENCE_S) == []


@pytest.fixture
def host() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(ROOT / "tests/fixtures/forking_host.py"), ODD_CHILD[-1]]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as host:  # noqa: S603 -- ours
        yield host
        host.kill()


def test_a_fork_can_neither_use_nor_end_its_hosts_children_and_does_not_keep_them_alive(
    host: "subprocess.Popen[str]",
) -> None:
    assert host.stdout is not None
    in_the_fork, left, in_the_host, pids = (host.stdout.readline().strip() for _ in range(4))
    child, fork = (int(pid) for pid in pids.split()[1:])
    try:
        assert in_the_fork == "in the fork: MCPConnectionError"
        assert left == "left behind: [] []"
        assert in_the_host == "in the host: {'n': 2}"

        host.kill()

        wait_until_gone(child)
        assert is_alive(fork)
    finally:
        os.kill(fork, signal.SIGKILL)
        wait_until_gone(fork)
