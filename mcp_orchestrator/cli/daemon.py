"""`mcp-orchestrator serve` as the command line has it; what it does needs the extra `daemon`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from mcp_orchestrator.cli import logs
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.options import ConfigArgument, Verbose
from mcp_orchestrator.config.daemon import DaemonSettings
from mcp_orchestrator.config.mistakes import Mistakes
from mcp_orchestrator.daemon import reloading, serving_stdio
from mcp_orchestrator.daemon.configuration import Configuration

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
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Serve whoever has started this over stdin and stdout, in place of HTTP.")
    ] = False,
    verbose: Verbose = 0,
) -> ExitCode:
    """Serve all servers as one MCP server over HTTP, until Ctrl-C; or, with --stdio, the client that started this.

    Ctrl-C or SIGTERM lets calls under way finish; a second one ends them now.
    """
    told = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    if stdio:
        if told:
            raise UsageError("--stdio listens nowhere: leave --host and --port out")
        return _serve_stdio(config_path(config), verbose)
    try:
        from mcp_orchestrator.daemon import serving  # noqa: PLC0415 -- the extra may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise UsageError("serve needs the daemon: pip install '.[daemon]' in a clone") from error
    _check(told)
    ended = serving.serve(_configuration(config_path(config), told, verbose))
    if ended.hurried:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if ended.left or ended.broken else ExitCode.OK


def reload(
    *,
    pid: Annotated[int, typer.Option("--pid", metavar="PID", min=1, help="Of the daemon; in a unit, $MAINPID.")],
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0, help="To wait for it.")] = 30.0,
) -> ExitCode:
    """Have a daemon on this machine read its configuration again, and wait until it has.

    If the file is wrong nothing changes there; this says what is wrong with it, and fails.
    """
    record = reloading.record_of(pid, os.environ)
    if record is None:
        raise UsageError(
            "where the daemon says how it went is not known: set RUNTIME_DIRECTORY or XDG_RUNTIME_DIR for both, or "
            f"send SIGHUP and look at its log: kill -HUP {pid}"
        )
    try:
        said = reloading.ask(pid, record, timeout)
    except ProcessLookupError:
        raise UsageError(f"no daemon that serves has the pid {pid}: {record} is not there") from None
    except TimeoutError:
        typer.echo(f"error: no word from the daemon after {timeout:g} s: look at its log", err=True)
        return ExitCode.TIMEOUT
    typer.echo(f"reloaded; changed servers: {', '.join(said['touched']) or 'none'}")
    if said["restart_for"]:
        typer.echo(f"after a restart only: the new values of {', '.join(said['restart_for'])} in [daemon]")
    return ExitCode.OK


def _serve_stdio(path: Path, verbose: int) -> ExitCode:
    ended = serving_stdio.serve(_configuration(path, {}, verbose))
    if ended.hurried:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if ended.left else ExitCode.OK


def _configuration(path: Path, told: Mapping[str, object], verbose: int) -> Configuration:
    """Read it, and log from now on as it says."""
    logs.more(verbose)
    configuration = Configuration(path, told)
    daemon = configuration.in_force.daemon
    logs.of_daemon(daemon.log_format, daemon.log_level, verbose)
    return configuration


def _check(told: Mapping[str, object]) -> None:
    """Say what is wrong with options that replace settings, as of those in a file."""
    mistakes = Mistakes("command line")
    for name in told:
        mistakes.written_as((name,), f"--{name}")
    try:
        DaemonSettings.model_validate(told)
    except ValidationError as error:
        mistakes.add_invalid((), error, DaemonSettings)
    mistakes.check()
