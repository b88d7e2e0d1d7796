"""Talks to every peer of the tests, and writes docs/interoperability.md; `--check` only says if that is up to date.

Where the peers are, two variables say, which scripts/test sets: MCP_PEERS_NODE_MODULES and MCP_PEER_SDK1_PYTHON. The
same rows are checked, one by one, by tests/integration/peers/test_interoperability.py.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.fixtures.interoperability_page import PAGE, filled, row
from tests.fixtures.peers import ALL, Peers

_PATIENCE_S = 5.0  # For what may never come: longer than all that comes has taken, on a machine with much else to do.
_VARIABLES = {"node_modules": "MCP_PEERS_NODE_MODULES", "sdk1_python": "MCP_PEER_SDK1_PYTHON"}


def find(fixture: str) -> Path:
    """Return the path that a fixture of the tests would be."""
    path = os.environ.get(_VARIABLES[fixture])
    if path is None or not Path(path).exists():
        raise SystemExit(f"{_VARIABLES[fixture]} names nothing: run this as scripts/test runs its tests")
    return Path(path)


def rows() -> Mapping[str, str]:
    """Return each peer's row of the table, by its name."""
    with closing(Peers(find)) as peers:
        return {name: row(peers.get(name), find, lambda _: _PATIENCE_S) for name in ALL}


def main() -> int:
    """Write the page, or with `--check` compare only. Exit status 1: it is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    new = filled(page, rows())
    if "--check" in sys.argv[1:]:
        sys.stdout.write("" if new == page else f"{PAGE} is out of date: run scripts/interoperability.py\n")
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
