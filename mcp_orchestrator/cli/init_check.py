"""Whether an application answers, for `init`: asked through its media server, as later every call is."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.errors import ConfigurationError, MCPOrchestratorError
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli.exits import ExitCode
from mcp_orchestrator.cli.init_files import Choice
from mcp_orchestrator.cli.session import not_ready, perform
from mcp_orchestrator.cli.wording import printable
from mcp_orchestrator.config import load

# Reads that need the secret, and cost little.
FIRST_READ: Mapping[str, str] = {
    "sabnzbd": "get_queue",
    "sonarr": "get_queue",
    "radarr": "get_queue",
    "plex": "get_libraries",
}
_ISSUES = 3  # That are shown. Arbitrary.


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of it. `text`: "SABnzbd 5.0.0 answers", or what is wrong. `issues`: what the application says."""

    answers: bool
    text: str
    issues: Sequence[str] = ()


def mistake_in(choice: Choice) -> str | None:
    """Return what is wrong with an address or secret as it is written; None: nothing."""
    try:
        load({choice.preset.name: choice.section()}, environ={})
    except ConfigurationError as error:
        wrong = error.message.removeprefix("config: ").replace("\n", " ")
        return wrong.replace(f"{choice.preset.name}.", f"{choice.preset.title}'s ")
    return None


def checked(choices: Sequence[Choice]) -> list[Finding]:
    """Start the media servers of all, and ask each. KeyboardInterrupt if a signal comes meanwhile."""
    findings: list[Finding] = []

    async def ask_all(orchestrator: AsyncMCPOrchestrator) -> ExitCode:
        findings.extend(await asyncio.gather(*(_ask(orchestrator, choice) for choice in choices)))
        return ExitCode.OK

    servers = {choice.preset.name: choice.section() for choice in choices}
    config = load({"orchestrator": {"state": "memory"}, "servers": servers}, environ={})
    if perform(config, ask_all, _say_nothing) is ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return findings


async def _ask(orchestrator: AsyncMCPOrchestrator, choice: Choice) -> Finding:
    name, title = choice.preset.name, choice.preset.title
    if not await orchestrator.connect(name):
        said = orchestrator.get_stderr(name)[-1:] or [str(not_ready(orchestrator, name))]
        return Finding(answers=False, text=f"the media server for {title} does not start: {printable(said[0])}")
    try:
        version = await _read(orchestrator, name, "get_version")
        health = await _read(orchestrator, name, "health_check")
        if not health["healthy"]:  # It complains of something, or will not let us in: its version it may tell anybody.
            await _read(orchestrator, name, FIRST_READ[name])
    except MCPOrchestratorError as error:
        return Finding(answers=False, text=printable(error.message))
    issues = list(dict.fromkeys(printable(issue) for issue in health["issues"]))
    return Finding(answers=True, text=printable(f"{title} {version['version']} answers"), issues=issues[:_ISSUES])


async def _read(orchestrator: AsyncMCPOrchestrator, server: str, tool: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = (await orchestrator.call_tool(server, tool)).data
    return data


def _say_nothing(_: str) -> None:
    sys.stdout.flush()
