"""The commands and their options; what they do is in the modules beside this one."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.errors import MCPOrchestratorError
from mcp_orchestrator.cli import (
    calling,
    daemon,
    init_options,
    install_service,
    logs,
    offers,
    running,
    showing,
    tokens,
)
from mcp_orchestrator.cli.attach import Attached, token_of
from mcp_orchestrator.cli.exits import EXIT_CODES, ExitCode, NotReadyError, UsageError, error_text, exit_code_of
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.options import (
    AsJson,
    Attach,
    ConfigArgument,
    ConfigOption,
    ServerArgument,
    Timeout,
    TokenFile,
    Verbose,
)
from mcp_orchestrator.cli.session import Job, perform
from mcp_orchestrator.config import load

NAME = "mcp-orchestrator"
_ANY = "-"  # In place of a server.

# All that Typer has to say against a command line. Only some of its versions give the class a public name.
_TyperError: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name=NAME,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Calls many MCP servers, and gets an answer every time.",
    epilog=EXIT_CODES,
)


def run(arguments: Sequence[str] | None) -> int:
    """Run the command line; return its exit code. What is expected to go wrong is told in a line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with logs.on_stderr():
        try:
            command = typer.main.get_command(app)
            code = command.main(given or ["--help"], prog_name=NAME, standalone_mode=False)
            sys.stdout.flush()
        except (UsageError, NotReadyError, MCPOrchestratorError) as error:
            return _fail(error_text(error), exit_code_of(error))
        except _TyperError as error:
            return _fail(error_text(UsageError(_typer_text(error))), ExitCode.USAGE)
        except KeyboardInterrupt:  # Before or after the time in which signals are taken care of.
            return _fail("interrupted", ExitCode.INTERRUPTED)
        # Whoever reads us has had enough, as `head` does; nor may the last flush fail. Typer makes it a SystemExit.
        except (BrokenPipeError, SystemExit):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.OK
    return code if isinstance(code, int) else ExitCode.OK


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- as Typer calls it
    if wanted:
        try:
            found = version(NAME)
        except PackageNotFoundError:
            found = "(not installed)"
        typer.echo(f"{NAME} {found}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass  # What stands before the command, Typer takes from here.


app.command("init")(init_options.command)


app.command("run")(running.command)
app.command("serve")(daemon.command)
app.add_typer(tokens.app)
app.command("reload")(daemon.reload)
app.command("install-service")(install_service.install)
app.command("uninstall-service")(install_service.uninstall)


@app.command()
def call(  # noqa: PLR0913 -- the options of one command
    server: Annotated[
        str, typer.Argument(metavar="SERVER", help="Its name or alias; - for whichever offers TOOL and is up.")
    ],
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="Its name or alias.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", show_default=False, help="Values as the tool's schema wants them."),
    ] = None,
    *,
    as_json: Annotated[
        str | None,
        typer.Option("--json", metavar="OBJECT", show_default=False, help="All arguments as JSON; - reads stdin."),
    ] = None,
    timeout: Timeout = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the whole result as the server sent it.")] = False,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """Call one tool and print its data as JSON. Only its server is connected; all of them if SERVER is -."""
    logs.more(verbose)
    if as_json is not None and arguments:
        raise UsageError("arguments are given twice: either KEY=VALUE or --json")
    order = calling.Order(
        server=None if server == _ANY else server,
        tool=tool,
        words=arguments or [],
        arguments=as_json,
        timeout_s=_seconds(timeout),
        raw=raw,
    )
    return _perform(config, partial(calling.call, order=order))


@app.command()
def tools(
    server: Annotated[
        str | None, typer.Argument(metavar="SERVER", show_default=False, help="Its name or alias; all without it.")
    ] = None,
    *,
    as_json: AsJson = False,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """List tools: what they do, and whether a call may be repeated when its answer is lost, and why."""
    logs.more(verbose)
    return _perform(config, partial(showing.show_tools, server=server, as_json=as_json))


@app.command()
def prompts(
    server: ServerArgument,
    *,
    as_json: AsJson = False,
    timeout: Timeout = None,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """List the prompts of a server, with the arguments they take."""
    logs.more(verbose)
    wish = offers.Wish(server=server, timeout_s=_seconds(timeout), as_json=as_json)
    return _perform(config, partial(offers.show_prompts, wish=wish))


@app.command()
def prompt(  # noqa: PLR0913 -- the options of one command
    server: ServerArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the prompt.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", show_default=False, help="Prompts take text.")
    ] = None,
    *,
    as_json: AsJson = False,
    timeout: Timeout = None,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """Fill in a prompt and print its messages; with --json the whole of it, as the server sent it."""
    logs.more(verbose)
    wish = offers.Wish(server=server, name=name, words=arguments or [], timeout_s=_seconds(timeout), as_json=as_json)
    return _perform(config, partial(offers.show_prompt, wish=wish))


@app.command()
def resources(
    server: ServerArgument,
    *,
    as_json: AsJson = False,
    timeout: Timeout = None,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """List the resources of a server, and the templates of what it can read besides."""
    logs.more(verbose)
    wish = offers.Wish(server=server, timeout_s=_seconds(timeout), as_json=as_json)
    return _perform(config, partial(offers.show_resources, wish=wish))


@app.command()
def read(  # noqa: PLR0913 -- the options of one command
    server: ServerArgument,
    uri: Annotated[str, typer.Argument(metavar="URI", help="Of a resource, or made from a template.")],
    *,
    as_json: AsJson = False,
    timeout: Timeout = None,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """Print what a resource holds, as it is; with --json all that the server says of it."""
    logs.more(verbose)
    wish = offers.Wish(server=server, name=uri, timeout_s=_seconds(timeout), as_json=as_json)
    return _perform(config, partial(offers.read, wish=wish))


@app.command()
def status(
    *,
    as_json: AsJson = False,
    attach: Attach = None,
    token_file: TokenFile = None,
    config: ConfigOption = None,
    verbose: Verbose = 0,
) -> ExitCode:
    """Connect all servers, or ask a daemon, and show once how they are and where state is kept."""
    logs.more(verbose)
    if attach is not None:
        return showing.show_status_of(Attached(attach, token_of(token_file)), as_json=as_json)
    return _perform(config, partial(showing.show_status, as_json=as_json))


@app.command()
def explain(server: ServerArgument, *, config: ConfigOption = None, verbose: Verbose = 0) -> ExitCode:
    """Say what state a server is in, why, and what happens next."""
    logs.more(verbose)
    return _perform(config, partial(showing.explain, server=server))


@app.command()
def check_config(
    file: ConfigArgument = None,
    *,
    verbose: Verbose = 0,
) -> ExitCode:
    """Check a configuration without connecting; show where its secrets come from, never what they are."""
    logs.more(verbose)
    return showing.check_config(config_path(file))


def _perform(config: Path | None, job: Job) -> ExitCode:
    return perform(load(config_path(config)), job, _warn)


def _seconds(timeout: float | None) -> float | None:
    if timeout is not None and not 0 < timeout < float("inf"):
        raise UsageError(f"--timeout must be more than 0 s, not {timeout:g}")
    return timeout


def _warn(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _fail(line: str, code: ExitCode) -> ExitCode:
    sys.stdout.flush()
    _warn(line)
    return code


def _typer_text(error: Any) -> str:  # noqa: ANN401 -- see _TyperError
    """Return one sentence, and where to read on."""
    command = error.ctx.command_path if getattr(error, "ctx", None) is not None else NAME
    text = str(error.format_message()).rstrip(".")
    return f"{text}{'' if text.endswith('?') else '.'} See {command} --help"
