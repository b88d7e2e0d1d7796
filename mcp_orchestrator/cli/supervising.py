"""`mcp-orchestrator run`: supervises until it is told to stop, and shows it meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from actors.batches import CallOutcome
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli.demo import Sample
from mcp_orchestrator.cli.exits import ExitCode
from mcp_orchestrator.cli.screens import Screen
from mcp_orchestrator.cli.session import leave
from mcp_orchestrator.cli.wording import count, duration
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.signals import Signals

_REFRESH_S = 0.25

MakeScreen = Callable[[AsyncMCPOrchestrator], Screen]


def supervise(
    config: OrchestratorConfig, make_screen: MakeScreen, *, samples: Sequence[Sample], once: bool
) -> ExitCode:
    """Run until a signal comes, or `once`: until all is connected and `samples`, a batch of calls, are answered.

    A first signal drains, a second one ends what still runs. FAILED: something was left behind, or, with `once`, not
    every server was ready or not every call succeeded.
    """
    return asyncio.run(_supervise(config, make_screen, samples, once=once))


async def _supervise(
    config: OrchestratorConfig, make_screen: MakeScreen, samples: Sequence[Sample], *, once: bool
) -> ExitCode:
    orchestrator = AsyncMCPOrchestrator(config)
    with Signals() as signals, make_screen(orchestrator) as screen:
        painting = asyncio.ensure_future(_paint(screen))
        starting = asyncio.ensure_future(_start(orchestrator, screen, samples, signals, once=once))
        stop = asyncio.ensure_future(signals.first.wait())
        await asyncio.wait({stop, starting} if once else {stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if signals.first.is_set():
            within = duration(config.shutdown_timeout_s)
            screen.say(f"draining: calls under way may finish within {within}; Ctrl-C again ends them now")
        left = await leave(orchestrator, signals, graceful=True)
        succeeded = await starting  # Every call has its outcome by now.
        painting.cancel()
        with suppress(asyncio.CancelledError):
            await painting
        screen.say(f"left behind: {', '.join(left)}" if left else "ended; nothing is left behind")
    if signals.second.is_set() or (once and signals.first.is_set()):
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if left or (once and not succeeded) else ExitCode.OK


async def _start(
    orchestrator: AsyncMCPOrchestrator, screen: Screen, samples: Sequence[Sample], signals: Signals, *, once: bool
) -> bool:
    """Connect, then make the batch of calls; return whether all went well."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    ready = await orchestrator.connect_all()
    took = duration(loop.time() - began)
    if signals.first.is_set():
        return False
    so_far = f"{sum(ready.values())} of {count(len(ready), 'server')} ready after {took}"
    screen.say(so_far if once else f"{so_far}; Ctrl-C ends it")
    if not samples:
        return all(ready.values())
    outcomes = await orchestrator.call_tools_parallel([sample.call for sample in samples])
    rows = [(outcome, _in_words(sample, outcome)) for sample, outcome in zip(samples, outcomes, strict=True)]
    screen.show_outcomes(rows)
    return all(ready.values()) and all(outcome.success for outcome in outcomes)


def _in_words(sample: Sample, outcome: CallOutcome) -> str:
    return sample.in_words(outcome.data) if outcome.error is None else outcome.error.message


async def _paint(screen: Screen) -> None:
    while True:
        await asyncio.sleep(_REFRESH_S)
        screen.refresh()
