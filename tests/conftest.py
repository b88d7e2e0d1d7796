"""For every test: it leaves nothing behind, and finds the peers it talks to."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fixtures.leaks import alive, left_behind

pytest_plugins = ["tests.fixtures.mcp_orchestrator_fixtures"]

GRACE_S = 2.0  # Generous: only a test that leaks waits for it.

# As the storms, tests by chance are small where SEEDS says so. How long an example takes is the machine's matter.
_IS_QUICK = int(os.environ.get("SEEDS", "1000")) < 1000
settings.register_profile("ours", deadline=None, max_examples=20 if _IS_QUICK else 100)
settings.load_profile("ours")


def pytest_collection_finish() -> None:
    """Keep all that is imported out of later garbage collections: many a test needs one, at 0.2 s of all modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """Fail the test that leaves a thread, a child process, a socket or a pipe of its own."""
    before = alive()
    yield
    if leaks := left_behind(before, GRACE_S):
        pytest.fail("the test left behind:\n" + "\n".join(leaks), pytrace=False)


@pytest.fixture(scope="session")
def sdk1_python() -> Path:
    """Return a Python with the official SDK 1.x, which speaks the revisions before 2026; and servers of that kind."""
    return _peer("MCP_PEER_SDK1_PYTHON", "a Python interpreter with mcp 1.x")


@pytest.fixture(scope="session")
def fastmcp_python() -> Path:
    """Return a Python with a server that is written with FastMCP 3."""
    return _peer("MCP_PEER_FASTMCP_PYTHON", "a Python interpreter with arr-py-client")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Return the folder with the servers that are written in TypeScript; see tests/peers/package.json."""
    return _peer("MCP_PEERS_NODE_MODULES", "the node_modules of tests/peers")


@pytest.fixture(scope="session")
def sabnzbd_launcher() -> Path:
    """Return the program that starts a real SABnzbd; see scripts/_sabnzbd."""
    return _peer("MCP_PEER_SABNZBD", "a program that starts SABnzbd", required="MCP_REQUIRE_SABNZBD")


@pytest.fixture(scope="session")
def systemd_root() -> Path:
    """Return a root file system with systemd and the project; see scripts/_systemd."""
    return _peer("MCP_SYSTEMD_ROOT", "a root file system with systemd", required="MCP_REQUIRE_SYSTEMD")


@pytest.fixture(scope="session")
def chromium_program() -> Path:
    """Return a Chromium, in which the dashboard is looked at."""
    return _peer("MCP_CHROMIUM", "a Chromium", required="MCP_REQUIRE_CHROMIUM")


def _peer(variable: str, what: str, required: str = "MCP_REQUIRE_PEERS") -> Path:
    """Return the path in the variable. Without one: skip, or fail where everything is promised to be there."""
    path = os.environ.get(variable)
    if path and Path(path).exists():
        return Path(path)
    reason = f"{variable} does not name {what}; scripts/test sets it"
    if os.environ.get(required) == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
