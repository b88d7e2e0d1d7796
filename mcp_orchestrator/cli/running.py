"""`mcp-orchestrator run` as the command line has it: an orchestrator of its own, or a daemon to look at."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli import demo, logs, showing
from mcp_orchestrator.cli.attach import Attached, token_of
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.following import follow
from mcp_orchestrator.cli.options import Attach, ConfigArgument, TokenFile, Verbose
from mcp_orchestrator.cli.screens import LiveScreen, Ours, PlainScreen, Screen, Seen
from mcp_orchestrator.cli.supervising import supervise
from mcp_orchestrator.config import load


def command(  # noqa: PLR0913 -- the options of one command
    config: ConfigArgument = None,
    *,
    is_demo: Annotated[
        bool, typer.Option("--demo", help="Four media servers on simulations, and a batch of calls.")
    ] = False,
    attach: Attach = None,
    token_file: TokenFile = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when all is connected, and the batch answered; of a daemon, shown.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", "--no-table", help="Lines in place of the table, as without a terminal.")
    ] = False,
    verbose: Verbose = 0,
) -> ExitCode:
    """Supervise all servers until Ctrl-C, and show how they are; or show those of a daemon, with --attach.

    Ctrl-C or SIGTERM lets calls under way finish; a second one ends them now. A daemon goes on.
    """
    logs.more(verbose)
    if is_demo and config is not None:
        raise UsageError("--demo has servers of its own: leave FILE out, or --demo")
    if attach is not None and (is_demo or config is not None):
        raise UsageError("--attach shows the servers of a daemon: leave FILE and --demo out, or --attach")
    console = Console(highlight=False)
    is_plain = plain or not sys.stdout.isatty() or console.is_dumb_terminal

    def screen(seen: Seen) -> Screen:
        return PlainScreen(seen, sys.stdout) if is_plain else LiveScreen(seen, console)

    if attach is not None:
        daemon = Attached(attach, token_of(token_file))
        return showing.show_status_of(daemon, as_json=False) if once else follow(daemon, screen)

    def of_ours(orchestrator: AsyncMCPOrchestrator) -> Screen:
        return screen(Ours(orchestrator))

    source = demo.configuration() if is_demo else config_path(config)
    return supervise(load(source), of_ours, samples=demo.SAMPLES if is_demo else (), once=once)
