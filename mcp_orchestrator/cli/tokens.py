"""`mcp-orchestrator token`: who may come in, for the daemon to read."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from pydantic import ValidationError

from mcp_orchestrator.access.identity import TokenScope
from mcp_orchestrator.access.token_file import StoredToken, TokensFileError, create, read, revoke
from mcp_orchestrator.access.tokens import path_of
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.options import AsJson, ConfigOption
from mcp_orchestrator.cli.printing import calm_table, print_json, show
from mcp_orchestrator.config.loading import load_daemon

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who it is for: letters, digits, `.`, `_` or `-`.")]

app = typer.Typer(
    name="token",
    help="Make, list and revoke tokens. As soon as there is one, whoever asks the daemon for anything needs one.",
)


@app.command("create")
def _create(
    name: Name,
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="call|read|admin",
            show_default=False,
            help="call: use tools, the default; read: look at status and metrics; admin: all. May be repeated.",
        ),
    ] = None,
    tools: Annotated[
        list[str] | None,
        typer.Option(
            "--tools",
            metavar="PATTERN",
            show_default=False,
            help="Only tools and prompts like this, as 'sonarr__get_*'. May be repeated.",
        ),
    ] = None,
    expires: Annotated[
        int | None, typer.Option("--expires", metavar="DAYS", min=1, max=36500, help="Until when; never without it.")
    ] = None,
    config: ConfigOption = None,
) -> ExitCode:
    """Make a token and print it, once: only its hash is kept."""
    path = _tokens_path(config)
    lasts = None if expires is None else timedelta(days=expires)
    scopes = tuple(dict.fromkeys(scope or ["call"]))
    if unknown := [each for each in scopes if each not in get_args(TokenScope)]:
        raise UsageError(f"--scope {unknown[0]}: it is one of {', '.join(get_args(TokenScope))}")
    try:
        token = create(path, name, scopes=cast("tuple[TokenScope, ...]", scopes), tools=tuple(tools or ()), lasts=lasts)
    except (TokensFileError, OSError, ValueError) as error:
        raise _mistake(error, path) from None
    sys.stdout.write(f"{token}\n")
    sys.stdout.flush()
    note = f"kept, as a hash, in {path}. It is not shown again; it is sent as: Authorization: Bearer TOKEN"
    sys.stderr.write(f"{note}\n")
    return ExitCode.OK


@app.command("list")
def _list(*, as_json: AsJson = False, config: ConfigOption = None) -> ExitCode:
    """List the tokens: what they are good for, and until when."""
    path = _tokens_path(config)
    try:
        tokens: Sequence[StoredToken] = read(path)
    except FileNotFoundError:
        tokens = ()
    except TokensFileError as error:
        raise UsageError(str(error)) from None
    if as_json:
        print_json([token.model_dump(mode="json", exclude={"sha256"}) for token in tokens], sys.stdout)
    elif tokens:
        now, found = datetime.now(UTC), calm_table()
        for title in ("token", "scopes", "tools", "made", "expires"):
            found.add_column(title)
        for token in tokens:
            tools = " ".join(token.tools) or "all"
            found.add_row(token.name, " ".join(token.scopes), tools, _day(token.created_at), _until(token, now))
        show(found, sys.stdout)
    else:
        sys.stderr.write(f"there is no token in {path}\n")
    return ExitCode.OK


@app.command("revoke")
def _revoke(name: Name, *, config: ConfigOption = None) -> ExitCode:
    """Take a token back. A daemon that runs heeds it within a second; without any token left it lets nobody in."""
    path = _tokens_path(config)
    try:
        if not path.exists() or not revoke(path, name):
            raise UsageError(f"there is no token {name!r} in {path}: see mcp-orchestrator token list")
    except (TokensFileError, OSError) as error:
        raise _mistake(error, path) from None
    sys.stderr.write(f"{name} is revoked\n")
    return ExitCode.OK


def _tokens_path(config: Path | None) -> Path:
    file = config_path(config)
    path = path_of(load_daemon(file), file)
    if path is None or not path.parent.is_dir():
        raise UsageError(f"there is no folder for {path}: make it first, or correct tokens_file in [daemon]")
    return path


def _mistake(error: Exception, path: Path) -> UsageError:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        what = {"name": "NAME has letters, digits, `.`, `_` and `-`, 64 at most", "tools": "a PATTERN has no spaces"}
        return UsageError(what.get(str(first["loc"][0]), first["msg"]))
    if isinstance(error, OSError):
        return UsageError(f"{path} cannot be written: {error.strerror}")
    return UsageError(str(error))


def _day(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"


def _until(token: StoredToken, now: datetime) -> str:
    if token.expires_at is None:
        return "never"
    return _day(token.expires_at) if token.is_valid(now) else f"{_day(token.expires_at)}: over"
