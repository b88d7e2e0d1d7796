"""Which configuration a command uses."""

import os
from collections.abc import Mapping
from pathlib import Path

from mcp_orchestrator.cli.exits import UsageError

VARIABLE = "MCP_ORCHESTRATOR_CONFIG"
NAME = "orchestrator.toml"


def config_path(given: Path | None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the file that was given, else the one of $MCP_ORCHESTRATOR_CONFIG, else the first there is of two.

    They are ./orchestrator.toml and the user's own; UsageError, which says how to begin, if there is neither.
    """
    if given is not None:
        return given
    if named := environ.get(VARIABLE):
        return Path(named)
    of_user = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mcp-orchestrator" / NAME
    for path in (Path(NAME), of_user):
        if path.exists():
            return path
    raise UsageError(
        f"there is no configuration, neither ./{NAME} nor {of_user}: make one with "
        f"mcp-orchestrator init, name yours in the command or in ${VARIABLE}, or see it work first: "
        "mcp-orchestrator run --demo"
    )
