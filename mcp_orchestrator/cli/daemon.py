"""`mcp-orchestrator serve` as the command line has it; what it does needs the extra `daemon`."""

from typing import Annotated

import typer

from mcp_orchestrator.cli import logs
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.options import ConfigArgument, Verbose
from mcp_orchestrator.config import load


def command(
    config: ConfigArgument = None,
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Of this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 8600,
    verbose: Verbose = 0,
) -> ExitCode:
    """Serve all servers as one MCP server over HTTP, until Ctrl-C.

    Ctrl-C or SIGTERM lets calls under way finish; a second one ends them now.
    """
    try:
        from mcp_orchestrator.cli import serving  # noqa: PLC0415 -- the extra may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "uvicorn":
            raise
        raise UsageError("serve needs the daemon: pip install 'mcp-orchestrator[daemon]'") from error
    logs.more(verbose)
    return serving.serve(load(config_path(config)), host, port)
