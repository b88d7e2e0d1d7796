"""Where the peers are, and an orchestrator for each: a child's is shared by all tests, over HTTP each has its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.orchestrating import Orchestrated, orchestrating
from tests.fixtures.peers import RunningPeer


@pytest.fixture(scope="session")
def find(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    def find(fixture: str) -> Path:
        path: Path = request.getfixturevalue(fixture)
        return path

    return find


@pytest.fixture
def whole(peer: RunningPeer) -> Iterator[Orchestrated]:
    if peer.shared is not None:
        yield peer.shared
    else:
        with orchestrating({"peer": peer.section}) as own:
            yield own
