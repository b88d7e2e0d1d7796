"""What a stdio connection needs of whoever runs its child, and how a child's fate reads in an error text."""

import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from typing import Protocol, TypeAlias

from actors.config import ServerConfig
from actors.errors import MCPConnectionError, NotExecutedError, ServerUnavailableError

# What any program may expect of its surroundings. All else, above all credentials, is given by configuration.
_INHERITED = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TMPDIR", "TZ"})

# The machine is short of something: the next try may find it. Any other error of a spawn is the configuration's.
_SHORTAGES = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ESHUTDOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. `env` is all of the environment; `cwd` None: the folder this process is in."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str | None


class Child(Protocol):
    """A process of ours, leader of a session and group. Its files are non-blocking pipes; its taker closes them."""

    @property
    def pid(self) -> int:
        """Number of the process and of its group."""
        ...

    @property
    def stdin(self) -> FileIO:
        """For writing."""
        ...

    @property
    def stdout(self) -> FileIO:
        """For reading."""
        ...

    @property
    def stderr(self) -> FileIO:
        """For reading."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to the whole group; nothing once the child was waited for. Never blocks; any thread."""
        ...


Spawned: TypeAlias = Child | OSError | ValueError
OnSpawned: TypeAlias = Callable[[Spawned], object]
OnExit: TypeAlias = Callable[[int], object]


class Spawner(Protocol):
    """Runs and waits for children (`supervisors.reaper`)."""

    def spawn(self, program: Program, on_spawned: OnSpawned, on_exit: OnExit) -> None:
        """Begin to start a child and return at once. Both callbacks come on the spawner's thread and only tell.

        * `on_spawned` once: the child, or why there is none.
        * `on_exit` once if there is a child, after `on_spawned`: its exit code, or minus the signal that ended it.
          By then it has been waited for and the rest of its group killed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioLimits:
    """How long a child may take, and how much is kept for it. All arbitrary; the grace periods add up to 5 s."""

    stall_s: float = 10.0  # Something to write, and not a byte of it taken.
    flush_s: float = 1.0  # On close: for lines already queued.
    stdin_grace_s: float = 2.0  # From the close of stdin to SIGTERM. Healthy servers were seen to take up to 0.8 s.
    term_grace_s: float = 2.0  # From SIGTERM to SIGKILL.
    exit_grace_s: float = 0.5  # From the end of a pipe to SIGKILL: most are about to exit, with a code that tells why.
    queued_bytes: int = 8 * 1024 * 1024  # Not yet taken by stdin.
    backlog_bytes: int = 32 * 1024 * 1024  # Of stdout, read and not yet parsed, or told and not yet heard.


def program_of(config: ServerConfig) -> Program:
    """Return what to run for this server: its command, in a minimal environment."""
    inherited = {key: value for key, value in os.environ.items() if key in _INHERITED or key.startswith("LC_")}
    return Program(command=config.command or (), env=inherited | dict(config.env), cwd=config.cwd)


def spawn_refusal(config: ServerConfig, error: OSError | ValueError) -> NotExecutedError:
    """Say why there is no child, and what to do about it."""
    program, where = (config.command or ("",))[0], f"servers.{config.name}"
    number, culprit = (error.errno, error.filename) if isinstance(error, OSError) else (None, None)
    if number in _SHORTAGES:
        return MCPConnectionError(f"cannot start {program!r}: {error}")
    if config.cwd is not None and culprit == config.cwd:  # `subprocess` says which of the two it was.
        reason = f"cannot start {program!r} in the folder {config.cwd!r}: create it, or correct {where}.cwd"
    elif number == errno.ENOENT:
        reason = f"command {program!r} not found: install it, or give its full path in {where}.command"
    elif number == errno.EACCES:
        reason = f"{program!r} may not be executed: make it executable (chmod +x), or correct {where}.command"
    else:
        reason = f"cannot start {program!r}: {error}: correct {where}.command"
    return ServerUnavailableError(reason, state="config")


def exit_text(code: int) -> str:
    """Say how a child ended, in words: `code` as in OnExit."""
    if code >= 0:
        return f"the server's process exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # A real-time signal has a number only.
        name = f"signal {-code}"
    return f"the server's process was killed by {name}"


def with_last_words(text: str, stderr: Sequence[str]) -> str:
    """Add the last lines of stderr: where a server says why it will not run."""
    last = [line.strip() for line in stderr if line.strip()][-_LAST_LINES:]
    return f"{text}; last on stderr: {' | '.join(last)}" if last else text


_LAST_LINES = 3
