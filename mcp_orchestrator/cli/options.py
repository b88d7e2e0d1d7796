"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from mcp_orchestrator.cli.finding import VARIABLE

_WHERE = f"Default: ${VARIABLE}, ./orchestrator.toml, ~/.config/mcp-orchestrator/orchestrator.toml."
ConfigArgument = Annotated[
    Path | None, typer.Argument(metavar="FILE", show_default=False, help=f"The configuration. {_WHERE}")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", show_default=False, help=f"The configuration. {_WHERE}"),
]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, metavar="", show_default=False, help="Log more; -vv: everything.")
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", "-t", metavar="SECONDS", show_default=False, help="For the call, in place of the configured ones."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Attach = Annotated[
    str | None,
    typer.Option("--attach", metavar="URL", show_default=False, help="Ask the daemon that serves here, and no server."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file", metavar="FILE", show_default=False, help="Of the daemon. Default: $MCP_ORCHESTRATOR_TOKEN."
    ),
]
ServerArgument = Annotated[str, typer.Argument(metavar="SERVER", help="Its name or alias.")]
