"""The options of `mcp-orchestrator init`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mcp_orchestrator.cli import logs
from mcp_orchestrator.cli.exits import ExitCode
from mcp_orchestrator.cli.finding import NAME
from mcp_orchestrator.cli.init import Manner, Wish, init
from mcp_orchestrator.cli.init_files import Target
from mcp_orchestrator.config.presets import PRESETS


def _url(name: str) -> Any:  # noqa: ANN401 -- as Typer has it
    preset = PRESETS[name]
    return typer.Option(
        f"--{name}-url", metavar="URL", show_default=False, help=f"Where {preset.title} answers: {preset.example}"
    )


def _secret(name: str) -> Any:  # noqa: ANN401 -- as above
    preset = PRESETS[name]
    option = f"--{name}-{preset.secret.replace('_', '-')}"
    variable = preset.variable(preset.secret)
    return typer.Option(
        option, metavar="TEXT", show_default=False, help=f"Better as {variable}: others may see a command line."
    )


def command(  # noqa: PLR0913 -- the options of one command
    *,
    sabnzbd_url: Annotated[str | None, _url("sabnzbd")] = None,
    sabnzbd_api_key: Annotated[str | None, _secret("sabnzbd")] = None,
    sonarr_url: Annotated[str | None, _url("sonarr")] = None,
    sonarr_api_key: Annotated[str | None, _secret("sonarr")] = None,
    radarr_url: Annotated[str | None, _url("radarr")] = None,
    radarr_api_key: Annotated[str | None, _secret("radarr")] = None,
    plex_url: Annotated[str | None, _url("plex")] = None,
    plex_token: Annotated[str | None, _secret("plex")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write; the secrets go beside it.")
    ] = Path(NAME),
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not try the connections.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, as without a terminal: options and variables only.")
    ] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, metavar="", show_default=False, help="Log more; -vv: all.")
    ] = 0,
) -> ExitCode:
    """Write a configuration for SABnzbd, Sonarr, Radarr and Plex, or some of them, and try each connection.

    On a terminal it asks. Without one it takes addresses from the options and keys from variables, such as
    SABNZBD_API_KEY. Every secret gets a file of its own, which only you can read.
    """
    logs.more(verbose)
    wishes = {
        "sabnzbd": Wish(url=sabnzbd_url, secret=sabnzbd_api_key),
        "sonarr": Wish(url=sonarr_url, secret=sonarr_api_key),
        "radarr": Wish(url=radarr_url, secret=radarr_api_key),
        "plex": Wish(url=plex_url, secret=plex_token),
    }
    asks = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    return init(wishes, Manner(target=Target(config=output, replace=force), asks=asks, checks=not no_check))
