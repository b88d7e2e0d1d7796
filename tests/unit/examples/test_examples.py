"""The examples run as they are, each in a process of its own, and show what they say."""

import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from mcp_orchestrator import load
from mcp_orchestrator.cli import demo
from tests.fixtures.terminal import PATIENCE_S, ROOT, environment

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

EXAMPLES = {
    "blocking": [
        "13 downloads, answered in 1 attempt",
        "refused: Tidewatch is in the library already: its series_id is 1.",
    ],
    "asynchronous": ["found: Nosferatu", "libraries: Movies, TV Shows", "cancelled: True"],
    "batch_with_progress": [
        "6 of 6",
        "1 of 6",
        "5 succeeded, executed: ['yes', 'yes', 'yes', 'yes', 'yes', 'yes']",
    ],
    "fastapi_application": [
        "found: ['Nosferatu']",
        "radarr is ready.",
        "503 circuit breaker open: a new disk",
    ],
    "handles": ["found: Tidewatch", "state: ready"],
    "prompts_and_resources": [
        "user: Summarize the note of monday: Water the plants.",
        "changed: Water the plants. Feed the cat.",
        "notes says: monday has 31 letters",
    ],
    "servers_that_ask": ["restaurant asks: For when? ['when', 'seats']", "booked: Friday, 2 seats"],
}


@pytest.fixture(scope="module")
def running() -> Generator[dict[str, "subprocess.Popen[str]"]]:
    """Run all at the same time: each waits for its servers most of the time."""
    processes = {
        name: subprocess.Popen(  # noqa: S603 -- our own programs
            [sys.executable, f"examples/{name}.py"],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in EXAMPLES
    }
    yield processes
    for process in processes.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("name", "lines"), EXAMPLES.items())
def test_an_example_runs_and_prints_what_it_is_about(
    running: dict[str, "subprocess.Popen[str]"], name: str, lines: list[str]
) -> None:
    printed, _ = running[name].communicate(timeout=PATIENCE_S)

    assert running[name].returncode == 0, printed
    assert set(lines) <= set(printed.splitlines())


def test_every_example_is_run() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == EXAMPLES.keys()


def test_the_configuration_to_read_is_the_one_of_the_demo() -> None:
    to_read = load(ROOT / "examples" / "media.toml", environ={"PYTHON": sys.executable})

    assert to_read == load(demo.configuration(), environ={})


def test_the_configuration_for_home_is_right_and_can_be_tried_with_nothing_there() -> None:
    names = ("sabnzbd", "sonarr", "radarr", "plex")
    environ = {f"MCP_ORCHESTRATOR__SERVERS__{name.upper()}__SIMULATE": "true" for name in names}

    servers = load(ROOT / "examples" / "home.toml", environ=environ).servers

    assert tuple(servers) == names
    assert all("--simulate" in (server.command or ()) for server in servers.values())


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_every_snippet_runs_as_printed_beside_a_configuration_of_the_four_servers(page: str, tmp_path: Path) -> None:
    to_read = (ROOT / "examples" / "media.toml").read_text(encoding="utf-8")
    (tmp_path / "orchestrator.toml").write_text(to_read, encoding="utf-8")
    (tmp_path / "media_servers").symlink_to(ROOT / "media_servers")  # For children where nothing is installed.

    for snippet in re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL):
        ran = subprocess.run(  # noqa: S603 -- our own words
            [sys.executable, "-c", snippet],
            cwd=tmp_path,
            env=environment(PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin"),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, ""), snippet
