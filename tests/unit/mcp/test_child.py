"""What a stdio connection says of a child that could not be started, or that has ended."""

import errno
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.call import ServerName
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, ServerUnavailableError
from actors.mcp.child import exit_text, spawn_refusal, with_last_words
from tests.fixtures.stdio import StdioRig


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


@pytest.mark.parametrize(
    ("mode", "text", "remedy"),
    [
        (None, "", "not found: install it, or give its full path in servers.odd.command"),
        (0o644, "#!/bin/sh\n", "may not be executed: make it executable (chmod +x), or correct servers.odd.command"),
        (0o755, "\x7fELF is more than this", "Exec format error"),
        (0o755, "#!/no/such/interpreter\n", "not found"),
    ],
)
def test_a_command_that_cannot_run_is_a_mistake_in_the_configuration(
    rig: StdioRig, tmp_path: Path, mode: int | None, text: str, remedy: str
) -> None:
    program = tmp_path / "server"
    if mode is not None:
        program.write_text(text)
        program.chmod(mode)
    odd = rig.connect(str(program))
    asked = [odd.ask("initialize"), odd.ask("next")]

    errors = [one.outcome() for one in asked]

    for error in (*errors, odd.ask("late").outcome()):
        assert isinstance(error, ServerUnavailableError)
        assert error.state == "config"
        assert str(program) in error.reason
        assert remedy in error.reason
    assert remedy in odd.lost()
    odd.connection.close()
    odd.wait_for_release()


def test_a_missing_folder_is_not_taken_for_a_missing_command(rig: StdioRig, tmp_path: Path) -> None:
    odd = rig.connect(sys.executable, "-c", "", cwd=str(tmp_path / "nowhere"))

    text = odd.ask("initialize").error(ServerUnavailableError)

    assert f"in the folder {str(tmp_path / 'nowhere')!r}: create it, or correct servers.odd.cwd" in text


def test_what_the_machine_lacks_for_the_moment_is_no_mistake_in_the_configuration() -> None:
    config = ServerConfig(name=ServerName("odd"), command=("server",))

    error = spawn_refusal(config, OSError(errno.EMFILE, "Too many open files"))

    assert type(error) is MCPConnectionError
    assert "Too many open files" in str(error)


def test_an_environment_that_no_process_can_have_is_a_mistake_in_the_configuration() -> None:
    config = ServerConfig(name=ServerName("odd"), command=("server",))

    error = spawn_refusal(config, ValueError("illegal environment variable name"))

    assert isinstance(error, ServerUnavailableError)
    assert error.reason.startswith("cannot start 'server': illegal environment variable name")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (3, "the server's process exited with code 3"),
        (-signal.SIGSEGV, "the server's process was killed by SIGSEGV"),
        (-(signal.SIGRTMIN + 3), f"the server's process was killed by signal {signal.SIGRTMIN + 3}"),
    ],
)
def test_an_end_is_told_in_words(code: int, text: str) -> None:
    assert exit_text(code) == text


def test_the_last_three_lines_of_stderr_that_say_something_are_added() -> None:
    assert with_last_words("gone", ["a", "b ", "", " c", "d", "  "]) == "gone; last on stderr: b | c | d"
    assert with_last_words("gone", [""]) == "gone"
