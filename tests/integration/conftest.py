"""For all tests of the whole: each is marked, and the peers are started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.peers import ALL, Peers, RunningPeer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here. The hook is called with the items of the whole run."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def peers(request: pytest.FixtureRequest) -> Iterator[Peers]:
    """Yield the servers of others, each started when first asked for."""

    def find(fixture: str) -> Path:
        path: Path = request.getfixturevalue(fixture)
        return path

    peers = Peers(find)
    yield peers
    peers.close()


@pytest.fixture(scope="module", params=ALL)
def peer(request: pytest.FixtureRequest, peers: Peers) -> RunningPeer:
    """Return each of them in turn. Of module scope: it is there before the leak check of a test looks around."""
    return peers.get(request.param)
