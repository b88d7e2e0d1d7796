"""The image of the orchestrator, as far as it can be known without building one."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.fixtures.orchestrating import eventually

ROOT = Path(__file__).parents[3]
HEALTHCHECK = ROOT / "docker/healthcheck.py"
SERVERS = """
[servers.sabnzbd]
command = ["{python}", "-m", "media_servers.sabnzbd", "--simulate"]
[servers.plex]
preset = "plex"
simulate = true
[servers.far]
url = "http://127.0.0.1:9/mcp"
enabled = false
"""
ANOTHER = """
[servers.sonarr]
preset = "sonarr"
simulate = true
"""

Instruction = tuple[str, str]  # Its name, and what stands behind it on one line.


def stages() -> dict[str, list[Instruction]]:
    """Return the instructions of the Dockerfile by stage, in order; its FROM first."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    found: dict[str, list[Instruction]] = {}
    stage: list[Instruction] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stage = found[rest.partition(" AS ")[2]] = []
        if name:
            stage.append((name, rest))
    return found


STAGES = stages()


def values(stage: str, instruction: str) -> list[str]:
    return [rest for name, rest in STAGES[stage] if name == instruction]


def copied() -> list[str]:
    """Return what the stages copy from the checkout."""
    words = [shlex.split(rest) for stage in STAGES for rest in values(stage, "COPY")]
    return [source for each in words if not each[0].startswith("--from") for source in each[:-1]]


def test_what_runs_is_made_in_one_stage_and_taken_from_it_in_another() -> None:
    assert list(STAGES) == ["builder", "tests", "runtime"]  # The last is what `docker build` makes.
    assert values("runtime", "FROM") == ["python:3.13-slim AS runtime"]
    assert [rest for rest in values("runtime", "COPY") if rest.startswith("--from=builder")] == [
        "--from=builder /opt/venv /opt/venv"
    ]
    assert not any("pip " in rest or "apt" in rest for rest in values("runtime", "RUN"))


@pytest.mark.parametrize("stage", ["tests", "runtime"])
def test_nothing_runs_as_root(stage: str) -> None:
    assert values(stage, "USER") == ["10001:10001"]
    assert [name for name, _ in STAGES[stage]].index("USER") > max(
        number for number, (name, _) in enumerate(STAGES[stage]) if name in {"RUN", "COPY"}
    )


def test_it_tells_whether_it_is_well() -> None:
    (check,) = values("runtime", "HEALTHCHECK")

    assert {"--interval=30s", "--timeout=10s", "--start-period=60s", "--retries=3"} < set(check.split())
    assert any(rest.split() == ["docker/healthcheck.py", check.split('"')[-2]] for rest in values("runtime", "COPY"))


def test_what_is_copied_is_there_and_not_ignored() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}

    assert all((ROOT / source).exists() for source in copied())
    assert set(copied()) == kept
    assert [line for line in lines if not line.startswith(("#", "!"))] == ["*", "**/__pycache__", "**/node_modules"]


def test_the_compose_file_builds_stages_that_there_are() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.test.yml").read_text("utf-8"))["services"]

    assert {service["build"]["target"] for service in services.values() if "build" in service} == {"tests", "runtime"}


@pytest.mark.slow
def test_what_is_copied_is_enough_to_install_the_program(tmp_path: Path) -> None:
    source, target = tmp_path / "src", tmp_path / "site"
    source.mkdir()
    for name in values("builder", "COPY"):
        for each in shlex.split(name)[:-1]:
            path = ROOT / each
            if path.is_dir():
                shutil.copytree(path, source / each, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, source / each)
    install = [shlex.split(rest) for rest in values("builder", "RUN") if rest.startswith("pip ")]

    for words in install:  # What the project depends on, this environment has.
        quiet = [*words, "--quiet", "--no-deps", "--target", str(target), "--disable-pip-version-check"]
        subprocess.run([sys.executable, "-m", *quiet], cwd=source, check=True)  # noqa: S603 -- our own Dockerfile
    told = subprocess.run(
        [sys.executable, "-m", "media_servers.sonarr", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [words[-1] for words in install] == [".[daemon,media]"]
    assert "SONARR_URL" in told.stdout
    assert {path.name for path in target.iterdir() if path.is_dir()} >= {"actors", "mcp_orchestrator", "media_servers"}
    assert list((target / "bin").iterdir()) == [target / "bin/mcp-orchestrator"]


def test_the_seed_fills_in_what_is_missing_and_leaves_what_there_is(tmp_path: Path) -> None:
    seed, config, programs = tmp_path / "seed", tmp_path / "config", tmp_path / "bin"
    for folder in (seed / "Application Support", config, programs):
        folder.mkdir(parents=True)
    (seed / "sabnzbd.ini").write_text("new", "utf-8")
    (seed / "Application Support/Preferences.xml").write_text("new", "utf-8")
    (config / "sabnzbd.ini").write_text("old", "utf-8")
    chown = programs / "chown"  # There is no user `abc` here.
    chown.write_text(f'#!/bin/sh\necho "$@" >{shlex.quote(str(tmp_path))}/owned\n', "utf-8")
    chown.chmod(0o700)

    subprocess.run(  # noqa: S603 -- our own script
        ["bash", ROOT / "docker/seed.sh", seed, config],  # noqa: S607 -- any bash
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        check=True,
    )

    assert (config / "sabnzbd.ini").read_text("utf-8") == "old"
    assert (config / "Application Support/Preferences.xml").read_text("utf-8") == "new"
    assert (tmp_path / "owned").read_text("utf-8") == f"-R abc:abc {config}\n"


def check(pid: int, config: Path) -> tuple[int, str]:
    """Run the health check on the orchestrator with this pid, or on its parent's."""
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, HEALTHCHECK, str(pid)],
        cwd=ROOT,
        env={**os.environ, "MCP_ORCHESTRATOR_CONFIG": str(config), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@contextmanager
def running(config: Path, *command: str) -> Generator[subprocess.Popen[bytes]]:
    """Run the orchestrator on this configuration, as the image does."""
    program = [sys.executable, "-m", "mcp_orchestrator", *(command or ("run", "--plain")), str(config)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 -- our own program
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20.0)


@pytest.mark.slow
def test_the_image_is_well_as_long_as_every_server_has_its_process(tmp_path: Path) -> None:
    config = tmp_path / "orchestrator.toml"
    begin = f'[orchestrator]\nstate = "memory"\n{SERVERS.format(python=sys.executable)}'
    config.write_text(begin, "utf-8")
    with running(config) as process:
        eventually(lambda: check(process.pid, config) == (0, "2 processes for 2 servers\n"), "both have started")
        assert check(os.getpid(), config)[0] == 0  # As an init has it.

        config.write_text(begin + ANOTHER, "utf-8")

        assert check(process.pid, config) == (1, "2 processes for 3 servers (sabnzbd, plex, sonarr)\n")


@pytest.mark.slow
def test_the_image_is_well_as_a_daemon_too(tmp_path: Path) -> None:
    config = tmp_path / "orchestrator.toml"
    config.write_text(f'[orchestrator]\nstate = "memory"\n{SERVERS.format(python=sys.executable)}', "utf-8")

    with running(config, "serve", "--port", "0") as process:
        eventually(lambda: check(process.pid, config) == (0, "2 processes for 2 servers\n"), "both have started")


def test_the_image_is_unwell_without_an_orchestrator_or_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "orchestrator.toml"

    assert check(os.getpid(), config)[0] == 1
    config.write_text(SERVERS.format(python=sys.executable), "utf-8")
    assert check(os.getpid(), config) == (1, "there is no `mcp-orchestrator run` or `serve`\n")
