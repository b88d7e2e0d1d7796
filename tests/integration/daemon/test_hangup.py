"""What becomes of `serve` when the terminal goes away that it was started from."""

import os
import pty
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.fixtures.services import ODD
from tests.fixtures.stdio import wait_until_gone
from tests.fixtures.terminal import on_pipe

pytestmark = pytest.mark.slow

LAUNCH = (  # As a login does: a session of its own, whose terminal is that on the descriptor.
    "import fcntl, os, sys, termios\n"
    "os.setsid()\n"
    "fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)\n"
    "os.close(int(sys.argv[1]))\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)


@pytest.mark.parametrize("before", [[], ["nohup"]])
def test_it_ends_with_its_terminal_unless_it_was_told_not_to(tmp_path: Path, before: list[str]) -> None:
    file = tmp_path / "o.toml"
    file.write_text(f'[orchestrator]\nstate = "memory"\n[servers.a]\ncommand = {ODD}\nprotocol = "legacy"\n')
    serve = [*before, sys.executable, "-m", "mcp_orchestrator", "serve", str(file), "--port", "0"]
    ours, its = pty.openpty()
    with on_pipe(sys.executable, "-c", LAUNCH, str(its), *serve, folder=tmp_path, passed=[its]) as running:
        os.close(its)
        running.wait_for(" ready\n")
        assert re.search(r"http://\S+/mcp", running.text)
        (child,) = running.children()

        os.close(ours)

        if before:
            running.wait_for("the configuration was reloaded")
            running.signal(signal.SIGTERM)
        assert running.end() == 0
        wait_until_gone(child)
