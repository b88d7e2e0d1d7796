"""Applications around an orchestrator, as real processes: forks, forgotten shutdowns, exits in odd places."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.manual_time import until

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
LIMIT_S = 20.0  # Only a test that fails waits for it.


class Host:
    """An application that has ended: its exit code, what it said, and its servers' processes."""

    def __init__(self, scenario: str, *arguments: str, servers: int = 1) -> None:
        command = [sys.executable, str(FIXTURES / "hosting.py"), scenario, str(FIXTURES / "tiny_server.py"), *arguments]
        # Its pipes end with the last process that holds them: a server left behind would hold stderr.
        ended = subprocess.run(  # noqa: S603 -- our own
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        self.code, self.stderr, lines = ended.returncode, ended.stderr, ended.stdout.splitlines()
        self.pids, self.said = lines[:servers], lines[servers:]

    def left(self) -> list[str]:
        """Return the servers' processes that are still there."""
        return [pid for pid in self.pids if Path(f"/proc/{int(pid)}").exists()]


def test_a_fork_can_use_nothing_and_harms_nothing() -> None:
    host = Host("fork")

    assert (host.said, host.code) == (["fork: 0", "host: {'n': 1} []"], 0), host.stderr


def test_a_script_that_forgets_to_shut_down_ends_its_calls_and_leaves_no_process() -> None:
    host = Host("forgotten")

    assert host.code == 0, host.stderr
    until(lambda: not host.left())
    assert sorted(host.said) == ["OutcomeUnknownError", "done: True"]


def test_a_script_that_dies_of_an_exception_leaves_no_process() -> None:
    host = Host("raised", servers=2)

    assert host.code == 1
    assert "ValueError: a bug of the application" in host.stderr
    until(lambda: not host.left())


def test_an_application_that_stops_all_actors_gets_outcomes_and_hangs_nowhere() -> None:
    host = Host("stop_all")

    assert host.said == ["OutcomeUnknownError", "ServerUnavailableError", "['no']", "1"], host.stderr
    until(lambda: not host.left())


def test_an_exit_in_a_callback_exits_nothing() -> None:
    host = Host("exits")

    assert host.said == ["MCPTimeoutError", "{'n': 1} []"], host.stderr
    assert host.code == 0
    assert "A callback raised" in host.stderr or "SystemExit" in host.stderr


def test_a_loop_that_is_given_up_leaves_no_process_and_no_thread_but_its_own() -> None:
    host = Host("loop")

    assert host.code == 0, host.stderr
    assert host.said == ["interrupted 1"]
    assert host.left() == []


def test_what_one_run_learned_the_next_one_knows(tmp_path: Path) -> None:
    first = Host("store", str(tmp_path))
    second = Host("store", str(tmp_path))

    assert first.said == ["[]", "1 True"], first.stderr
    assert second.said == ["['tiny']", "2 True"], second.stderr


def test_an_application_with_a_module_named_like_ours_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "actors.py").write_text("")

    ended = subprocess.run(
        [sys.executable, "-c", "import mcp_orchestrator"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )

    assert ended.returncode == 1
    assert "ImportError: mcp_orchestrator needs its own package `actors`" in ended.stderr
    assert f"Python found the one at {tmp_path / 'actors.py'}: rename that module" in ended.stderr
