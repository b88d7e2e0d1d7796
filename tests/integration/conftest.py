"""For all tests of the whole: each is marked, and each peer is started once, and alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.peers import ALL, EACH, Peers, RunningPeer


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what lies here, at once: later, `-m integration` has chosen already."""
    item.add_marker(pytest.mark.integration)


@pytest.hookimpl(trylast=True)  # After pytest has sorted them its own way.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring together what needs the same peer. Called with the items of the whole run."""
    items.sort(key=_number_of_its_peer)


def _number_of_its_peer(item: pytest.Item) -> int:
    """Return 0 for a test without one: sorting leaves those in their order, before all others."""
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get("peer") if callspec is not None else None
    return ALL.index(name) + 1 if name in ALL else 0


@pytest.fixture(scope="session")
def peers(request: pytest.FixtureRequest) -> Iterator[Peers]:
    """Yield the servers of others, each started when first asked for."""

    def find(fixture: str) -> Path:
        path: Path = request.getfixturevalue(fixture)
        return path

    peers = Peers(find)
    yield peers
    peers.close()


@pytest.fixture(scope="session", params=EACH)
def peer(request: pytest.FixtureRequest, peers: Peers) -> RunningPeer:
    """Return each of them in turn. Of session scope: it is there before the leak check of a test looks around."""
    return peers.get(request.param)


@pytest.fixture(autouse=True)
def _heads_say_what_bodies_say(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that sent something over HTTP to a peer that was not right."""
    running = request.getfixturevalue("peer") if "peer" in request.fixturenames else None
    yield
    if isinstance(running, RunningPeer) and running.tap is not None:
        assert running.tap.mistakes() == []
