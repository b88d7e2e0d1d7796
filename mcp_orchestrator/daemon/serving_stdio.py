"""`mcp-orchestrator serve --stdio`: the process that a desktop client starts for itself. It needs no extra `daemon`."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from mcp_orchestrator.access import audit
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.daemon import pipes
from mcp_orchestrator.daemon.configuration import Configuration
from mcp_orchestrator.gateway import Gateway
from mcp_orchestrator.gateway.stdio import Conversation
from mcp_orchestrator.signals import Signals

logger = logging.getLogger(__name__)

_LAST_WORDS_S = 2.0  # For answers that the caller has not read yet.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended. `left`: what is left behind; `hurried`: by a signal when the end had begun."""

    left: list[str]
    hurried: bool


def serve(configuration: Configuration) -> Ended:
    """Serve whoever is at stdin and stdout, until he closes stdin or a signal comes; another signal hurries.

    stdout carries messages alone: see pipes.taken_over.
    """
    return asyncio.run(_Process(configuration).live())


class _Process:
    """One life: hear at once, start meanwhile, drain, end."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._gateway = Gateway(configuration.in_force)
        configuration.serve(self._put_in_force)
        audit.switch(on=configuration.in_force.daemon.audit)

    async def live(self) -> Ended:
        """Serve from here to the end."""
        stdin, stdout = pipes.taken_over()
        with Signals() as signals:
            async with pipes.Output.on(stdout, _LAST_WORDS_S) as output:
                left = await self._live(stdin, output, signals)
        logger.info("ended; left behind: %s", ", ".join(left) or "nothing")
        return Ended(left=left, hurried=signals.second.is_set())

    async def _live(self, stdin: int, output: pipes.Output, signals: Signals) -> list[str]:
        starting = asyncio.ensure_future(self._gateway.start())
        starting.add_done_callback(_tell_started)
        conversation = self._gateway.conversation(output, starting)
        most = self._configuration.in_force.daemon.max_body_bytes
        reading = asyncio.ensure_future(pipes.read(stdin, most, conversation.hear, output))
        watching = asyncio.ensure_future(self._configuration.reload_when_changed())
        signal, lost = asyncio.ensure_future(signals.first.wait()), asyncio.ensure_future(output.lost.wait())
        ends: set[asyncio.Future[Any]] = {reading, signal, lost, watching}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            signals.first.set()  # One that comes from now on is the second.
            left = await self._drain(conversation, signals, reading, starting, lost)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.wait({*ends, starting})
        for task in (*ends, starting):
            if not task.cancelled():
                task.result()
        return left

    async def _drain(
        self,
        conversation: Conversation,
        signals: Signals,
        reading: asyncio.Future[Any],
        starting: asyncio.Future[Any],
        lost: asyncio.Future[Any],
    ) -> list[str]:
        """Let what is under way be answered, as long as somebody can read it, and end; return what is left behind."""
        within_s = self._configuration.in_force.shutdown_timeout_s
        logger.info("draining: calls under way may finish within %g s", within_s)
        conversation.end_new_work()
        self._gateway.end_streams()
        answered: asyncio.Future[Any] = asyncio.ensure_future(conversation.answered())
        hurry: asyncio.Future[Any] = asyncio.ensure_future(signals.second.wait())
        if reading.done():  # What he had asked before may wait for the servers still.
            await asyncio.wait({answered, starting, hurry, lost}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({answered, hurry, lost}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            conversation.give_up()
        leaving = asyncio.ensure_future(self._gateway.close(graceful=answered.done()))
        await asyncio.wait({leaving, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not leaving.done():
            await self._gateway.orchestrator.shutdown(graceful=False, force=True)
        left = await leaving
        await asyncio.wait({answered}, timeout=_LAST_WORDS_S)
        conversation.give_up()
        await answered
        return left

    async def _put_in_force(self, config: OrchestratorConfig) -> list[str]:
        audit.switch(on=config.daemon.audit)
        return await self._gateway.orchestrator.reload(config)


def _tell_started(starting: "asyncio.Future[dict[str, bool]]") -> None:
    if starting.cancelled() or starting.exception() is not None:
        return
    ready = starting.result()
    logger.info("serving stdin and stdout: %d of %d servers ready", sum(ready.values()), len(ready))
