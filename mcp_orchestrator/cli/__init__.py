"""The command `mcp-orchestrator`, with the extra `cli`; without it, one line that says how to get it."""

import sys
from collections.abc import Sequence

_NEEDED = ("typer", "rich")
_MISSING = "error: the command line needs {name}: pip install '.[cli]' in a clone\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. `arguments`: without the program's name; None: sys.argv."""
    try:
        from mcp_orchestrator.cli.app import run  # noqa: PLC0415 -- the extra may be missing
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in _NEEDED:
            raise
        sys.stderr.write(_MISSING.format(name=name))
        return 2
    return run(arguments)
