"""An orchestrator for the length of one command, and its orderly end, also on Ctrl-C."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli.exits import ExitCode, NotReadyError, UsageError, error_text
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.engine import FailedCall
from mcp_orchestrator.signals import Signals

_LOOK_EVERY_S = 0.02

Job = Callable[[AsyncMCPOrchestrator], Awaitable[ExitCode]]


async def leave(orchestrator: AsyncMCPOrchestrator, signals: Signals, *, graceful: bool) -> list[str]:
    """Shut down; at the second signal, at once. Return what is left behind."""
    leaving = asyncio.ensure_future(orchestrator.shutdown(graceful=graceful))
    hurry = asyncio.ensure_future(signals.second.wait())
    await asyncio.wait({leaving, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if leaving.done():
        return leaving.result()
    await orchestrator.shutdown(graceful=False, force=True)
    return await leaving


def perform(config: OrchestratorConfig, job: Job, warn: Callable[[str], object]) -> ExitCode:
    """Run `job` with an orchestrator; return its exit code, or INTERRUPTED. `warn` gets what is to be told on stderr.

    Its errors are raised when everything is shut down.
    """

    async def perform_on_loop() -> ExitCode:
        failed: list[FailedCall] = []
        orchestrator = AsyncMCPOrchestrator(config, on_error=failed.append)
        with Signals() as signals:
            work = asyncio.ensure_future(job(orchestrator))
            interrupt = asyncio.ensure_future(signals.first.wait())
            await asyncio.wait({work, interrupt}, return_when=asyncio.FIRST_COMPLETED)
            interrupt.cancel()
            work.cancel()  # Of no effect if it has ended.
            await asyncio.wait({work})
            await leave(orchestrator, signals, graceful=False)
        if not work.cancelled():
            return work.result()
        warn("interrupted")
        for call in failed:  # What became of the calls that were under way.
            warn(error_text(call.error))
        return ExitCode.INTERRUPTED

    return asyncio.run(perform_on_loop())


async def connected_and_listed(orchestrator: AsyncMCPOrchestrator, servers: Sequence[str]) -> list[str]:
    """Connect these servers and wait for their tools; return those that are ready."""
    answers = await asyncio.gather(*(orchestrator.connect(server) for server in servers))
    ready = [server for server, is_ready in zip(servers, answers, strict=True) if is_ready]
    give_up_at = asyncio.get_running_loop().time() + orchestrator.config.start_timeout_s
    while asyncio.get_running_loop().time() < give_up_at:
        statuses = [orchestrator.get_server_status(server) for server in ready]
        if all(status["fresh"] or not status["connected"] for status in statuses):
            break
        await asyncio.sleep(_LOOK_EVERY_S)  # A list is announced to nobody; it takes milliseconds.
    return ready


def not_ready(orchestrator: AsyncMCPOrchestrator, server: str) -> UsageError | NotReadyError:
    """Return the error for a server that could not be connected."""
    status = orchestrator.get_server_status(server)
    name, state, reason = status["server"], str(status["state"]), status["reason"]
    if state == "config":  # The reason ends with what to correct.
        return UsageError(f"{name} is not connected: {reason}")
    return NotReadyError(f"{name} is not connected ({state.replace('_', ' ')}): {reason}")
