"""How a connection is opened when the configuration says how, and when it says so wrongly."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from mcp_orchestrator import NotExecutedError, ServerUnavailableError
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, orchestrating
from tests.fixtures.peers import EACH, MODERN, RunningPeer

MODERN_HERE = [name for name in EACH if name in MODERN]
LEGACY_HERE = [name for name in EACH if name not in MODERN and not name.endswith(" legacy")]
OVER_HTTP = [name for name in EACH if " http" in name and not name.endswith(" legacy")]
OVER_SSE = [name for name in EACH if " sse" in name]
HASTY = {"reconnect_base_s": 0.01, "reconnect_cap_s": 0.01}  # It is tried a few times before it is given up.


@contextmanager
def misled(peer: RunningPeer, **settings: Any) -> Generator[Orchestrated]:
    """Make an orchestrator that cannot connect to the peer with these settings, and try it once."""
    whole = Orchestrated({"peer": {**peer.section, **HASTY, **settings}})
    try:
        assert not whole.face.connect("peer")
        yield whole
    finally:
        whole.end()


@pytest.mark.parametrize("peer", MODERN_HERE, indirect=True)
def test_a_modern_server_of_which_that_is_known_is_not_asked_for_more(peer: RunningPeer) -> None:
    with orchestrating({"peer": {**peer.section, "protocol": "modern"}}, start_timeout_s=30.0) as whole:
        status = whole.face.get_server_status("peer")

        assert (status["era"], status["protocol"]) == ("modern", "2026-07-28")
        assert whole.record.requests("initialize") == []
        assert len(whole.record.requests("server/discover")) == 1


@pytest.mark.parametrize("peer", LEGACY_HERE, indirect=True)
def test_a_legacy_server_of_which_that_is_known_is_not_probed(peer: RunningPeer) -> None:
    with orchestrating({"peer": {**peer.section, "protocol": "legacy"}}, start_timeout_s=30.0) as whole:
        status = whole.face.get_server_status("peer")

        assert (status["era"], status["protocol"]) == ("legacy", "2025-11-25")
        assert whole.record.requests("server/discover") == []


@pytest.mark.parametrize("peer", LEGACY_HERE, indirect=True)
def test_a_legacy_server_that_is_taken_for_a_modern_one_is_refused_with_the_reason(peer: RunningPeer) -> None:
    ask = peer.words.echo("")

    with misled(peer, protocol="modern") as whole:
        error = whole.face.submit("peer", ask.tool, ask.arguments).exception(PATIENCE_S)

        assert isinstance(error, NotExecutedError)
        # What is refused by HTTP alone may pass: whatever is between refuses like that too.
        assert isinstance(error, ServerUnavailableError) or " sse" in peer.name
        assert 'set protocol = "auto"' in str(error)


@pytest.mark.parametrize("peer", ["ts-2 http modern"], indirect=True)
def test_a_modern_server_that_is_taken_for_a_legacy_one_does_not_connect(peer: RunningPeer) -> None:
    with misled(peer, protocol="legacy") as whole:
        assert "code -32022" in " ".join(whole.face.explain("peer"))  # Unsupported protocol version.


@pytest.mark.parametrize(
    ("peer", "transport"), [(name, name.split()[1]) for name in OVER_HTTP + OVER_SSE], indirect=["peer"]
)
def test_a_transport_that_is_known_is_used_without_a_try(peer: RunningPeer, transport: str) -> None:
    with orchestrating({"peer": {**peer.section, "transport": transport}}) as whole:
        status = whole.face.get_server_status("peer")

        assert status["transport"] == transport
        assert status["connects"] == 1


@pytest.mark.parametrize(
    ("peer", "transport"), [("ts-1 http", "sse"), ("ts-1 sse", "http"), ("sdk-2 sse", "http")], indirect=["peer"]
)
def test_a_wrong_transport_does_not_connect(peer: RunningPeer, transport: str) -> None:
    with misled(peer, transport=transport) as whole:
        assert "HTTP 4" in " ".join(whole.face.explain("peer"))
