"""`run --attach` on a terminal and in a pipe, before a daemon that lives, dies and is back."""

import json
import os
import re
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcp_orchestrator.cli import main
from tests.fixtures.serving import free_port
from tests.fixtures.terminal import ODD, Running, on_pipe, on_terminal

pytestmark = pytest.mark.slow
CLI = (sys.executable, "-m", "mcp_orchestrator")


@contextmanager
def serve(folder: Path, port: int) -> Generator[Running]:
    """Run a daemon before one odd server."""
    file = folder / "orchestrator.toml"
    file.write_text(f'[orchestrator]\nstate = "memory"\n[servers.odd]\ncommand = {json.dumps(ODD)}\n')
    with on_pipe(*CLI, "serve", str(file), "--port", str(port), folder=folder) as daemon:
        daemon.wait_for("of 1 server ready")
        yield daemon
        daemon.signal()
        daemon.end()


def drawn(text: str) -> str:
    """Return what a terminal was told, without its codes."""
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text)


def test_on_a_terminal_the_table_lives_goes_with_the_daemon_and_comes_back_with_it(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serve(tmp_path, port) as daemon, on_terminal("run", "--attach", url, folder=tmp_path) as run:
        run.wait_for("serving; Ctrl-C ends this view, not the daemon")
        (child,) = daemon.children()
        os.kill(child, signal.SIGKILL)
        run.wait_for("odd lost: ")
        daemon.signal(signal.SIGKILL)
        daemon.end()

        run.wait_for("away, trying again: the connection to ")
        gone = run.text.rindex("\x1b[2K")  # From here on, what is drawn in place of the table.
        assert "odd" not in drawn(run.text[gone:])
        with serve(tmp_path, port) as again:
            run.wait_for("serving; Ctrl-C", times=run.text.count("serving; Ctrl-C") + 1)
            assert "odd" in drawn(run.text[gone:])
            run.signal()

            assert run.end() == 0
            assert run.text.endswith("\x1b[?25h"), "the cursor is shown again"
            assert again.children(), "the daemon goes on"


def test_in_a_pipe_everything_that_happens_is_a_line_and_sigterm_ends_it(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serve(tmp_path, port) as daemon, on_pipe(*CLI, "run", "--attach", url, folder=tmp_path) as run:
        run.wait_for("not the daemon\n")
        (child,) = daemon.children()
        os.kill(child, signal.SIGKILL)
        run.wait_for("odd connected")
        run.signal(signal.SIGTERM)
        code = run.end()

    lines = [re.sub(r"^[\d:]{8} ", "", line) for line in run.text.splitlines()]
    assert lines == [
        f"{url}: serving; Ctrl-C ends this view, not the daemon",
        "odd lost: the server's process was killed by SIGKILL",
        "odd connected: odd 1, protocol 2025-11-25",
    ]
    assert code == 0


def test_where_tokens_are_asked_for_one_that_may_read_is_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port, tokens = free_port(), dict[str, str]()
    url = f"http://127.0.0.1:{port}"
    with serve(tmp_path, port):
        for scope in ("read", "call"):
            assert main(["token", "create", scope, "--scope", scope, "-c", str(tmp_path / "orchestrator.toml")]) == 0
            tokens[scope] = capsys.readouterr().out.strip()
        said: dict[str, tuple[int, str]] = {}
        for name, token in {"none": "", "wrong": "x", **tokens}.items():
            (tmp_path / name).write_text(token)
            words = ["--token-file", str(tmp_path / name)] if token else []
            said[name] = main(["status", "--attach", url, *words]), capsys.readouterr().err

    assert {name: code for name, (code, _) in said.items()} == {"none": 2, "wrong": 2, "read": 0, "call": 2}
    assert "asks for a token" in said["none"][1]
    assert "does not take this token" in said["wrong"][1]
    assert "refuses: " in said["call"][1]
