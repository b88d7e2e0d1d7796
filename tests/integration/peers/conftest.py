"""An orchestrator for each peer: a child's is shared by all tests, a server over HTTP has one for each."""

from collections.abc import Iterator

import pytest

from tests.fixtures.orchestrating import Orchestrated, orchestrating
from tests.fixtures.peers import RunningPeer


@pytest.fixture
def whole(peer: RunningPeer) -> Iterator[Orchestrated]:
    if peer.shared is not None:
        yield peer.shared
    else:
        with orchestrating({"peer": peer.section}) as own:
            yield own
