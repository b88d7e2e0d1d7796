#!/usr/bin/env python3
"""The figures of the original test plan, measured on the four embedded media servers as child processes.

`python scripts/bench_targets.py [--idle 10]`. Prints each figure beside its target. Times depend on the machine: the
targets are far above what an idle machine of two cores needs.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from mcp_orchestrator import AsyncMCPOrchestrator, MCPOrchestrator, MCPOrchestratorError, ToolCall

SERVERS = ("sabnzbd", "sonarr", "radarr", "plex")
FLAKY = """
import os, sys, runpy
if os.path.exists(sys.argv[1]): sys.exit("still broken")
sys.argv = ["sabnzbd", "--simulate"]
runpy.run_module("media_servers.sabnzbd", run_name="__main__")
"""


def config(**more: object) -> dict[str, object]:
    """Return the four servers, and what else is wanted, as a configuration."""
    servers = {name: {"command": [sys.executable, "-m", f"media_servers.{name}", "--simulate"]} for name in SERVERS}
    return {"orchestrator": {"state": "memory"}, "servers": {**servers, **more}}


def resident_mb() -> float:
    """Return the memory of this process, without children."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def show(what: str, figure: float, unit: str, target: str) -> None:
    """Print one line."""
    print(f"{what:52} {figure:8.2f} {unit:7} target {target}", flush=True)  # noqa: T201 -- it is a report


async def timed(work: Callable[[], object]) -> float:
    """Return the seconds that awaiting `work()` takes."""
    began = time.perf_counter()
    await work()  # type: ignore[misc]  # an awaitable of any kind
    return time.perf_counter() - began


async def throughput(idle_s: float) -> None:
    """Measure connecting, calls, batches, memory, idling."""
    orchestrator = AsyncMCPOrchestrator(config())
    seconds = await timed(orchestrator.connect_all)
    show("four servers connected together", seconds, "s", "< 4")
    connected = orchestrator.get_connected_servers()
    assert len(connected) == len(SERVERS), connected  # noqa: S101 -- else there is nothing to measure

    async def thousand() -> None:
        await asyncio.gather(*[orchestrator.call_tool("sabnzbd", "get_queue", {}) for _ in range(1000)])

    async def batches() -> None:
        batch = [ToolCall(server=name, tool="health_check") for name in SERVERS]
        lists = await asyncio.gather(*[orchestrator.call_tools_parallel(batch) for _ in range(100)])
        assert all(outcome.success for outcomes in lists for outcome in outcomes)  # noqa: S101 -- as above

    show("1,000 calls to one server", await timed(thousand), "s", "< 10")
    show("100 batches of 4", await timed(batches), "s", "< 30")
    show("resident memory, without children", resident_mb(), "MB", "< 100, aim 60")
    before = time.process_time()
    await asyncio.sleep(idle_s)
    show("CPU while idle, four servers", 100 * (time.process_time() - before) / idle_s, "%", "< 1")
    await orchestrator.shutdown()


def recovery(broken: Path) -> None:
    """Measure how long a breaker takes to close, once a server that failed 100 calls is mended."""
    flaky = {"command": [sys.executable, "-c", FLAKY, str(broken)]}
    broken.touch()
    orchestrator = MCPOrchestrator({"orchestrator": {"state": "memory"}, "servers": {"failing_server": flaky}})
    orchestrator.connect_all()
    failed = sum(not succeeds(orchestrator) for _ in range(100))
    state = orchestrator.get_circuit_breaker_state("failing_server")["state"]
    print(f"{failed} of 100 calls to a broken server failed; circuit breaker {state}")  # noqa: T201 -- it is a report
    broken.unlink()
    began = time.perf_counter()
    while orchestrator.get_circuit_breaker_state("failing_server")["state"] != "closed":
        if not succeeds(orchestrator):
            time.sleep(0.1)
    show("circuit breaker closed after the server was mended", time.perf_counter() - began, "s", "< 60")
    orchestrator.shutdown()


def succeeds(orchestrator: MCPOrchestrator) -> bool:
    """Say if one call of the failing server succeeds."""
    try:
        orchestrator.call_tool("failing_server", "get_queue", {})
    except MCPOrchestratorError:
        return False
    return True


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="The figures of the original test plan, beside their targets.")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to idle for")
    options = parser.parse_args()
    asyncio.run(throughput(options.idle))
    with tempfile.TemporaryDirectory() as folder:
        recovery(Path(folder) / "broken")


if __name__ == "__main__":
    main()
