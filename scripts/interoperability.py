"""Talks to every peer of the tests, and writes docs/interoperability.md; `--check` only says if that is up to date.

Where the peers are, the variables say that scripts/test sets: MCP_PEERS_NODE_MODULES and MCP_PEER_…_PYTHON. The same
rows are checked, one by one, by tests/integration/peers/test_interoperability.py and test_media_peers.py.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.fixtures import media_interoperability
from tests.fixtures.interoperability_page import PAGE, TITLES, row, with_table
from tests.fixtures.media_peers import PEERS
from tests.fixtures.peers import ALL, Peers

_PATIENCE_S = 5.0  # For what may never come: longer than all that comes has taken, on a machine with much else to do.
_VARIABLES = {
    "node_modules": "MCP_PEERS_NODE_MODULES",
    "sdk1_python": "MCP_PEER_SDK1_PYTHON",
    "fastmcp_python": "MCP_PEER_FASTMCP_PYTHON",
}


def find(fixture: str) -> Path:
    """Return the path that a fixture of the tests would be."""
    path = os.environ.get(_VARIABLES[fixture])
    if path is None or not Path(path).exists():
        raise SystemExit(f"{_VARIABLES[fixture]} names nothing: run this as scripts/test runs its tests")
    return Path(path)


def rows() -> Iterator[str]:
    """Yield each peer's row of the first table."""
    with closing(Peers(find)) as peers:
        for name in ALL:
            yield row(peers.get(name), find, lambda _: _PATIENCE_S)


def media_rows() -> Iterator[str]:
    """Yield the rows of the table of other people's media servers."""
    for peer in PEERS:
        yield from media_interoperability.rows(peer, find)


def main() -> int:
    """Write the page, or with `--check` compare only. Exit status 1: it is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    new = with_table(page, "media", media_interoperability.TITLES, media_rows())
    new = with_table(new, "table", TITLES, rows())
    if "--check" in sys.argv[1:]:
        sys.stdout.write("" if new == page else f"{PAGE} is out of date: run scripts/interoperability.py\n")
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
