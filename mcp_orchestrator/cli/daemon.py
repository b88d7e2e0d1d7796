"""`mcp-orchestrator serve` as the command line has it; what it does needs the extra `daemon`."""

from typing import Annotated

import typer

from mcp_orchestrator.cli import logs
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.options import ConfigArgument, Verbose
from mcp_orchestrator.config import load

_NEEDED = ("uvicorn", "fastapi", "prometheus_client")  # Of the extra; uvloop and httptools it can do without.


def command(
    config: ConfigArgument = None,
    *,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="In place of the configured one, 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="In place of the configured one, 8600; 0: any.")
    ] = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """Serve all servers as one MCP server over HTTP, until Ctrl-C.

    Ctrl-C or SIGTERM lets calls under way finish; a second one ends them now.
    """
    try:
        from mcp_orchestrator.daemon import serving  # noqa: PLC0415 -- the extra may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise UsageError("serve needs the daemon: pip install 'mcp-orchestrator[daemon]'") from error
    logs.more(verbose)
    path = config_path(config)
    loaded = load(path)
    told = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    daemon = loaded.daemon.model_copy(update=told)
    logs.of_daemon(daemon.log_format, daemon.log_level, verbose)
    return serving.serve(loaded.model_copy(update={"daemon": daemon}))
