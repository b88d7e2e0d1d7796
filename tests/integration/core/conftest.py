"""The four applications and their MCP servers, started once for all tests here."""

from collections.abc import Iterator

import pytest

from tests.fixtures.orchestrating import Orchestrated, orchestrating, prepared
from tests.fixtures.systems import START_S, Systems, reaching


@pytest.fixture(scope="module")
def systems() -> Iterator[Systems]:
    """Yield stand-ins for SABnzbd, Sonarr, Radarr and Plex, or the real ones that TEST_SABNZBD_URL and so on name."""
    with reaching() as systems:
        yield systems


@pytest.fixture(scope="module")
def whole(systems: Systems) -> Iterator[Orchestrated]:
    """Yield an orchestrator connected to the servers of all four, each a child process. No test may break them."""
    sections = {name: system.section() for name, system in systems.items()}
    with orchestrating(sections, start_timeout_s=START_S) as whole:
        yield whole


@pytest.fixture
def unconnected(systems: Systems) -> Iterator[Orchestrated]:
    """Yield an orchestrator of one test, connected to none of the four yet."""
    sections = {name: system.section() for name, system in systems.items()}
    with prepared(sections, start_timeout_s=START_S) as whole:
        yield whole


@pytest.fixture(autouse=True)
def _nothing_is_kept_alive(systems: Systems) -> Iterator[None]:
    """End the connections that a test has opened to the stand-ins, which live on."""
    yield
    for system in systems.values():
        if system.stub is not None:
            system.stub.hang_up()
