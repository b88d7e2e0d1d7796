#!/usr/bin/env python3
"""Calls a second of the whole stack, against the official SDK's client, on one fast loopback server.

`python scripts/bench_calls.py [--rounds 5] [--calls 6000]`. Every figure is of a process of its own; rounds
alternate between the two, so that a machine that slows down slows both. Printed are medians and their ratio: quote
the ratio. Needs the extra [media] for the SDK.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

HERE = Path(__file__).resolve().parent
WARM_UP = 100
GOALS = {1: 1.7, 16: 2.2}


def ours(url: str, calls: int, callers: int) -> float:
    """Return calls a second through MCPOrchestrator's blocking face, from so many threads."""
    sys.path.insert(0, str(HERE.parent))
    from mcp_orchestrator import MCPOrchestrator  # noqa: PLC0415 -- its import is not what is measured

    config = {"orchestrator": {"state": "memory"}, "servers": {"fast": {"url": url, "max_concurrent": 16}}}
    with MCPOrchestrator(config) as orchestrator:

        def call(times: int) -> None:
            for number in range(times):
                orchestrator.call_tool("fast", "echo", {"n": number})

        call(WARM_UP)
        threads = [Thread(target=call, args=(calls // callers,)) for _ in range(callers)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return calls / (time.perf_counter() - began)


def ours_async(url: str, calls: int, callers: int) -> float:
    """Return calls a second through AsyncMCPOrchestrator, from so many tasks."""
    sys.path.insert(0, str(HERE.parent))
    from mcp_orchestrator import AsyncMCPOrchestrator  # noqa: PLC0415 -- as above

    async def run() -> float:
        config = {"orchestrator": {"state": "memory"}, "servers": {"fast": {"url": url, "max_concurrent": 16}}}
        async with AsyncMCPOrchestrator(config) as orchestrator:

            async def call(times: int) -> None:
                for number in range(times):
                    await orchestrator.call_tool("fast", "echo", {"n": number})

            await call(WARM_UP)
            began = time.perf_counter()
            await asyncio.gather(*(call(calls // callers) for _ in range(callers)))
            return calls / (time.perf_counter() - began)

    return asyncio.run(run())


def sdk(url: str, calls: int, callers: int) -> float:
    """Return calls a second through the official SDK's client, one session, from so many tasks."""
    from mcp import Client  # noqa: PLC0415 -- as above

    async def run() -> float:
        async with Client(url, mode="legacy") as client:

            async def call(times: int) -> None:
                for number in range(times):
                    await client.call_tool("echo", {"n": number})

            await call(WARM_UP)
            began = time.perf_counter()
            await asyncio.gather(*(call(calls // callers) for _ in range(callers)))
            return calls / (time.perf_counter() - began)

    return asyncio.run(run())


SUBJECTS = {"blocking": ours, "async": ours_async, "sdk": sdk}


@contextmanager
def fast_server() -> Generator[str]:
    """Run the server; yield its URL."""
    command = [sys.executable, str(HERE / "fast_server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None  # noqa: S101 -- it is a pipe
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/mcp"
        server.communicate("")


def measure(subject: str, url: str, calls: int, callers: int) -> float:
    """Return calls a second, measured in a process of its own."""
    command = [sys.executable, __file__, "--subject", subject, "--url", url, "--calls", str(calls)]
    ran = subprocess.run([*command, "--callers", str(callers)], check=True, capture_output=True, text=True)  # noqa: S603
    return float(ran.stdout)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Calls a second: the whole stack against the official SDK's client.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=6000)  # So that dialling is no part worth naming.
    parser.add_argument("--subject", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--callers", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.subject:
        print(SUBJECTS[options.subject](options.url, options.calls, options.callers))  # noqa: T201
        return
    with fast_server() as url:
        for callers, goal in GOALS.items():
            rates: dict[str, list[float]] = {name: [] for name in SUBJECTS}
            for _ in range(options.rounds):
                for name, figures in rates.items():
                    figures.append(measure(name, url, options.calls, callers))
            medians = {name: statistics.median(figures) for name, figures in rates.items()}
            for name, median in medians.items():
                low, high = min(rates[name]), max(rates[name])
                line = f"{callers:3} callers  {name:9} {median:7.0f} calls/s ({low:.0f} to {high:.0f})"
                print(f"{line}  {median / medians['sdk']:.2f} x SDK")  # noqa: T201 -- it is a report
            print(f"{callers:3} callers  goal      {goal} x SDK, blocking")  # noqa: T201


if __name__ == "__main__":
    main()
