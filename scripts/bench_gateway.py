#!/usr/bin/env python3
"""What the gateway costs: against a bare server of the official SDK, and FastMCP's proxy before the same fast server.

`python scripts/bench_gateway.py [--rounds 5] [--calls 3000] [--fastmcp PYTHON]`. Callers are a process of their own
with bare sockets; rounds go through all subjects in turn, so that a machine that slows down slows all. Printed are
medians and ratios: quote the ratios. Then what a daemon with four servers and its dashboard needs to be there at all.
Needs the extras [daemon] and [media]; `--fastmcp` names a Python that has FastMCP.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVERS = HERE / "bench_gateway_servers.py"
GOAL_RATIO, GOAL_ADDED_MS, GOAL_MB, GOAL_IDLE = 1.3, 1.0, 100, 1.0
MANY = 16
LIMIT_S = 60.0  # For one round of one subject.


@dataclass(frozen=True)
class Subject:
    """What is called: where, in which era, by which name of the tool."""

    name: str
    port: int
    era: str
    tool: str
    share: int = 1  # Of the calls: one in so many, for who is slow.


@dataclass(frozen=True)
class Figures:
    """Of one round: calls a second, and the median of one call's seconds."""

    rate: float
    p50_s: float


@contextmanager
def program(*command: str, ready: Callable[[str], int | None]) -> Generator[tuple[int, int]]:
    """Run a program until its stdin ends; yield its port, which a line of its stdout tells, and its pid."""
    environ = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    with subprocess.Popen(  # noqa: S603 -- our own
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as process:
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        port = next(port for line in process.stdout if (port := ready(line)) is not None)
        try:
            yield port, process.pid
        finally:
            process.terminate()


def number(line: str) -> int | None:
    """Return the port of a line that is nothing else."""
    return int(line) if line.strip().isdecimal() else None


def served(line: str) -> int | None:
    """Return the port of the line in which the daemon says where it is."""
    return int(line.split(":")[2].split("/", maxsplit=1)[0]) if line.startswith("serving http") else None


@contextmanager
def gateway(servers: Mapping[str, object]) -> Generator[tuple[int, int]]:
    """Run the daemon before these servers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.json"
        file.write_text(json.dumps({"orchestrator": {"state": "memory"}, "servers": servers}), encoding="utf-8")
        command = (sys.executable, "-m", "mcp_orchestrator", "serve", str(file), "--port", "0")
        with program(*command, ready=served) as running:
            yield running


def measured(subject: Subject, callers: int, calls: int) -> Figures:
    """Have so many callers make so many calls."""
    words = (str(subject.port), subject.era, subject.tool, str(callers), str(calls))
    command = [sys.executable, str(SERVERS), "load", *words]
    try:
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S)  # noqa: S603 -- our own
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{subject.name}, {callers} callers: not done within {LIMIT_S:g} s") from None
    rate, p50_s = ran.stdout.split()
    return Figures(float(rate), float(p50_s))


def rounds(subjects: list[Subject], callers: int, options: argparse.Namespace) -> dict[str, Figures]:
    """Return the medians of all rounds."""
    each: dict[str, list[Figures]] = {subject.name: [] for subject in subjects}
    for _ in range(options.rounds):
        for subject in subjects:
            each[subject.name].append(measured(subject, callers, options.calls // subject.share))
    return {
        name: Figures(statistics.median(one.rate for one in some), statistics.median(one.p50_s for one in some))
        for name, some in each.items()
    }


def compare(options: argparse.Namespace) -> None:
    """Print how fast each subject is, and what of that the gateway reaches."""
    with ExitStack() as running:
        fast, _ = running.enter_context(program(sys.executable, str(HERE / "fast_server.py"), ready=number))
        sdk, _ = running.enter_context(program(sys.executable, str(SERVERS), "sdk", "events", ready=number))
        in_json, _ = running.enter_context(program(sys.executable, str(SERVERS), "sdk", "json", ready=number))
        before = {"fast": {"url": f"http://127.0.0.1:{fast}/mcp", "max_concurrent": MANY}}
        ours, _ = running.enter_context(gateway(before))
        subjects = [Subject("the server behind it", fast, "legacy", "echo")]
        for era in ("legacy", "modern"):
            subjects.append(Subject(f"gateway, {era}", ours, era, "fast__echo"))
            subjects.append(Subject(f"bare SDK server, {era}", sdk, era, "echo"))
            subjects.append(Subject(f"the same in JSON, {era}", in_json, era, "echo"))
        if options.fastmcp:
            proxy = program(options.fastmcp, str(SERVERS), "fastmcp", str(fast), ready=number)
            subjects.append(
                Subject("FastMCP proxy, legacy", running.enter_context(proxy)[0], "legacy", "echo", share=20)
            )
        many, alone = rounds(subjects, MANY, options), rounds(subjects, 1, options)
    for callers, figures in ((MANY, many), (1, alone)):
        for name, one in figures.items():
            say(f"{callers:3} callers  {name:24} {one.rate:7.0f} calls/s   p50 {one.p50_s * 1e3:6.2f} ms")
    for era in ("legacy", "modern"):
        ratio = many[f"gateway, {era}"].rate / many[f"bare SDK server, {era}"].rate
        added_ms = (alone[f"gateway, {era}"].p50_s - alone["the server behind it"].p50_s) * 1e3
        to_json = many[f"gateway, {era}"].rate / many[f"the same in JSON, {era}"].rate
        say(f"{era}: {ratio:.2f} x a bare SDK server (goal {GOAL_RATIO}), {to_json:.2f} x one in JSON, 16 callers")
        say(f"{era}: added p50 {added_ms:.2f} ms (goal {GOAL_ADDED_MS:.0f}), 1 caller")
    if options.fastmcp:
        say(f"legacy: {many['gateway, legacy'].rate / many['FastMCP proxy, legacy'].rate:.2f} x FastMCP's proxy")


def being_there(idle_s: float) -> None:
    """Print the memory and the idle processor time of a daemon with four servers."""
    names = ("sabnzbd", "sonarr", "radarr", "plex")
    four = {name: {"command": [sys.executable, "-m", f"media_servers.{name}", "--simulate"]} for name in names}
    with gateway(four) as (_, pid):
        time.sleep(3.0)  # The last of what starting is.
        before = processor_s(pid)
        time.sleep(idle_s)
        idle = 100 * (processor_s(pid) - before) / idle_s
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        resident_mb = int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6
    say(f"daemon with four servers: {resident_mb:.0f} MB (goal {GOAL_MB}), idle {idle:.2f} % (goal {GOAL_IDLE} %)")


def processor_s(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(line: str) -> None:
    """Print one line."""
    print(line, flush=True)  # noqa: T201 -- it is a report


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="What the gateway costs.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--idle", type=float, default=20.0, help="seconds to idle for")
    parser.add_argument("--fastmcp", metavar="PYTHON", help="a Python that has FastMCP")
    options = parser.parse_args()
    compare(options)
    being_there(options.idle)


if __name__ == "__main__":
    main()
