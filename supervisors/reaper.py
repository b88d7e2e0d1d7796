"""Starts children and waits for them: the parent of every stdio server."""

import errno
import os
import selectors
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import FileIO
from threading import Event, Lock
from typing import cast

from actors.mcp.child import OnExit, OnSpawned, Program
from actors.mcp.pipes import SelectorThread

_POLL_S = 0.05  # Where there is no pidfd. Arbitrary.
_THREAD_ENDS_IN_S = 0.1  # Nothing but a spawn under way holds it up.


class SpawnedChild:
    """See `actors.mcp.child.Child`. The one lock keeps a signal from going to a number that is already another's."""

    def __init__(self, program: Program) -> None:
        # A session of its own: one group to signal, and no Ctrl-C from the terminal of a caller's script.
        self._process = subprocess.Popen(  # noqa: S603 -- running what the configuration says is the point
            program.command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=program.cwd,
            env=program.env,
            start_new_session=True,
        )
        self.pid = self._process.pid
        # Unbuffered pipes are FileIO, whatever the declaration says.
        self.stdin, self.stdout, self.stderr = (
            cast("FileIO", file) for file in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        for file in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(file.fileno(), False)
        self._owner, self._lock = os.getpid(), Lock()

    def signal(self, number: int) -> None:
        """See Child."""
        if os.getpid() != self._owner:  # Before the lock: another thread may have held it when this one forked.
            return
        with self._lock:
            if self._process.returncode is None:
                self._signal_group(number)

    def reap(self) -> int | None:
        """Wait for the child if it has ended, and kill what is left of its group; None: it has not ended."""
        with self._lock:
            if not _has_ended(self._process):
                return None
            if self._process.returncode is None:  # The dead leader still holds the number: only its group can have it.
                self._signal_group(signal.SIGKILL)
            return self._process.wait()

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # Gone, or become another user: not ours to end.
            os.killpg(self.pid, number)


class Reaper:
    """Spawns and waits for all children on one thread; see `actors.mcp.child.Spawner`.

    * It waits for exactly the children it started: the application may have its own.
    * It hears of their end by pidfd, and looks every 50 ms where there is none. It installs no signal handler.
    * Children end with it: `close` kills those that are left.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._thread = SelectorThread("reaper", clock=clock)
        self._children: dict[int, SpawnedChild] = {}
        self._closing = False
        self._empty = Event()

    @property
    def children(self) -> int:
        """How many are alive or not yet waited for. Any thread."""
        return len(self._children)

    def spawn(self, program: Program, on_spawned: OnSpawned, on_exit: OnExit) -> None:
        """See Spawner."""
        if not self._thread.call(partial(self._spawn, program, on_spawned, on_exit)):
            on_spawned(_shut_down())

    def close(self, timeout_s: float) -> list[str]:
        """Refuse to spawn, kill and wait for all that is left, end the thread. Return what is still there."""
        if not self._thread.is_ours:
            return []
        give_up_at = self._clock() + timeout_s
        if self._thread.call(self._end_all):
            self._empty.wait(timeout_s)
        left = [f"child {pid}" for pid in list(self._children)]
        return left + self._thread.close(max(give_up_at - self._clock(), _THREAD_ENDS_IN_S))

    def _spawn(self, program: Program, on_spawned: OnSpawned, on_exit: OnExit) -> None:
        if self._closing:
            on_spawned(_shut_down())
            return
        try:
            child = SpawnedChild(program)
        except (OSError, ValueError) as error:
            on_spawned(error)
            return
        self._children[child.pid] = child
        self._wait_for(child, on_exit)  # It tells in a later round of this thread, so after the next line.
        on_spawned(child)

    def _wait_for(self, child: SpawnedChild, on_exit: OnExit) -> None:
        try:
            ended = FileIO(os.pidfd_open(child.pid))
        except (AttributeError, OSError):  # Another platform, an old kernel, a sandbox, no file descriptor free.
            self._thread.call_later(_POLL_S, partial(self._poll, child, on_exit))
            return
        self._thread.adopt(ended)
        self._thread.watch(ended, selectors.EVENT_READ, partial(self._reap, child, on_exit, ended))

    def _poll(self, child: SpawnedChild, on_exit: OnExit) -> None:
        if not self._reap(child, on_exit):
            self._thread.call_later(_POLL_S, partial(self._poll, child, on_exit))

    def _reap(self, child: SpawnedChild, on_exit: OnExit, ended: FileIO | None = None) -> bool:
        code = child.reap()
        if code is None:
            return False
        if ended is not None:
            self._thread.drop(ended)
        del self._children[child.pid]
        on_exit(code)
        self._end_if_last()
        return True

    def _end_all(self) -> None:
        self._closing = True
        for child in self._children.values():
            child.signal(signal.SIGKILL)
        self._end_if_last()

    def _end_if_last(self) -> None:
        if self._closing and not self._children:
            self._empty.set()


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Look without waiting for it, so that its number stays its own until its group is dead."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13: what the child leaves behind in its group lives on.
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # The application waits for any child, or ignores SIGCHLD. The exit code is lost.
        return process.poll() is not None


def _shut_down() -> OSError:
    return OSError(errno.ESHUTDOWN, "the orchestrator is shutting down")
