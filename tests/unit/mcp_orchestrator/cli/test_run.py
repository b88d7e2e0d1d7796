"""`run` as a real process: on a terminal and in a pipe, to its end and interrupted."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.fixtures.stdio import is_alive, wait_until_gone
from tests.fixtures.terminal import ODD, ROOT, on_pipe, on_terminal

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

CLI = (sys.executable, "-m", "mcp_orchestrator")


@pytest.fixture
def stubborn(tmp_path: Path) -> Path:
    """Return a configuration whose server ends by SIGKILL only."""
    path = tmp_path / "stubborn.toml"
    path.write_text(f'[orchestrator]\nstate = "memory"\n[servers.odd]\ncommand = {json.dumps([*ODD, "stubborn"])}\n')
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_every_change_is_a_line_and_a_signal_ends_it(healthy: Path, number: signal.Signals) -> None:
    with on_pipe(*CLI, "run", str(healthy), folder=healthy.parent) as run:
        run.wait_for("1 of 1 server ready")
        run.signal(number)
        code = run.end()

    lines = [re.sub(r"^[\d:]{8} ", "", line) for line in run.text.splitlines()]
    assert lines[0] == "odd connected: odd 1, protocol 2025-11-25"
    assert lines[1].startswith("1 of 1 server ready after ")
    assert lines[2:] == [
        "draining: calls under way may finish within 5.0 s; Ctrl-C again ends them now",
        "ended; nothing is left behind",
    ]
    assert "\x1b" not in run.text
    assert code == 0


def test_a_server_that_dies_is_told_as_it_happens(healthy: Path) -> None:
    with on_pipe(*CLI, "run", str(healthy), "--plain", folder=healthy.parent) as run:
        run.wait_for("ready after")
        (child,) = run.children()
        os.kill(child, signal.SIGKILL)
        run.wait_for("odd lost: the server's process was killed by SIGKILL")
        run.wait_for("odd connected: odd 1, protocol 2025-11-25\n")
        run.signal()
        assert run.end() == 0


def test_on_a_terminal_there_is_a_table_and_ctrl_c_ends_it(healthy: Path) -> None:
    with on_terminal("run", str(healthy), folder=healthy.parent) as run:
        run.wait_for("1 of 1 server ready")
        run.signal()
        code = run.end()

    assert "\x1b[32mready" in run.text
    assert "draining: calls under way may finish" in run.text
    assert "ended; nothing is left behind" in run.text
    assert run.text.endswith("\x1b[?25h"), "the cursor is shown again"
    assert code == 0


def test_a_second_ctrl_c_ends_what_is_left_at_once(stubborn: Path) -> None:
    with on_terminal("run", str(stubborn), folder=stubborn.parent) as run:
        run.wait_for("1 of 1 server ready")
        (child,) = run.children()
        run.signal()
        run.wait_for("draining")
        assert is_alive(child)
        run.signal()
        code = run.end()

    wait_until_gone(child)
    assert "ended; nothing is left behind" in run.text
    assert code == 130


def test_with_once_the_exit_code_says_whether_all_are_ready(config: Path, healthy: Path) -> None:
    with on_pipe(*CLI, "run", str(healthy), "--once", folder=healthy.parent) as run:
        assert run.end() == 0
    with on_pipe(*CLI, "run", "--once", folder=config.parent) as run:
        assert run.end() == 1
    assert "1 of 3 servers ready" in run.text


def test_the_demo_runs_the_media_servers_and_a_batch() -> None:
    with on_pipe(*CLI, "run", "--demo", "--once", folder=ROOT) as run:
        code = run.end()

    assert "4 of 4 servers ready" in run.text
    assert re.search(r"^radarr +search_movies +ok +[\d.]+ m?s +1 film found: Nosferatu$", run.text, re.MULTILINE)
    assert len(re.findall(" ok  ", run.text)) == 8
    assert code == 0


def test_an_interrupted_call_is_cancelled_and_says_whether_it_can_have_run(healthy: Path) -> None:
    with on_pipe(*CLI, "call", "odd", "hang", "-c", str(healthy), folder=healthy.parent) as run:
        run.wait_for("odd.hang: 1 of 2")
        run.signal()
        code = run.end()

    (_, interrupted, error) = run.text.splitlines()
    assert interrupted == "interrupted"
    assert error.startswith("error: odd.hang: cancelled")
    assert error.endswith("(executed: unknown)")
    assert code == 130


def test_on_a_terminal_a_result_is_indented(healthy: Path) -> None:
    with on_terminal("call", "odd", "echo", "text=hello", "-c", str(healthy), folder=healthy.parent) as run:
        assert run.end() == 0

    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", run.text)
    assert '{\r\n  "text": "hello"\r\n}\r\n' in plain


def test_a_reader_that_has_had_enough_is_no_error(healthy: Path) -> None:
    command = f"{sys.executable} -m mcp_orchestrator tools --json -c {healthy} | true"
    with on_pipe("bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}", folder=healthy.parent) as run:
        assert run.end() == 0
    assert run.text == ""


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_says_how_to_get_it(missing: str, tmp_path: Path) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from mcp_orchestrator.cli import main; sys.exit(main())"
    with on_pipe(sys.executable, "-c", program, folder=tmp_path) as run:
        assert run.end() == 2

    assert run.text == f"error: the command line needs {missing}: pip install '.[cli]' in a clone\n"


def test_without_the_media_servers_the_demo_says_how_to_get_them(tmp_path: Path) -> None:
    hidden = "import importlib.util; importlib.util.find_spec = lambda name: None"
    program = f"{hidden}; import sys; from mcp_orchestrator.cli import main; sys.exit(main(['run', '--demo']))"
    with on_pipe(sys.executable, "-c", program, folder=tmp_path) as run:
        assert run.end() == 2

    assert run.text == "error: the demo needs the media servers: pip install '.[cli,media]' in a clone\n"
