"""Connections that end, and servers that are started anew, whoever wrote them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_orchestrator import MCPConnectionError
from tests.fixtures.orchestrating import PATIENCE_S, eventually, orchestrating, text_of
from tests.fixtures.peers import EVERYTHING_WORDS, SDK, SDK_WORDS, SESSIONS, Peers, RunningPeer
from tests.fixtures.serving import ServerProcess

# Long enough for a server to start, with many tries within it.
PATIENT = {"max_retries": 200, "retry_cap_s": 0.1, "timeout_s": PATIENCE_S}


@pytest.fixture
def sessions_server(request: pytest.FixtureRequest, peers: Peers) -> Iterator[ServerProcess]:
    """Run a server over HTTP of the test's own, which keeps sessions."""
    server = peers.server(request.param)
    server.start()
    server.wait()
    yield server
    server.kill()


def test_a_server_disconnected_and_connected_again_serves_as_before(peer: RunningPeer) -> None:
    ask = peer.words.echo("again")
    with orchestrating({"peer": peer.section}) as whole:
        pid = whole.face.get_server_status("peer")["pid"]

        assert whole.face.disconnect("peer")

        assert whole.face.get_server_status("peer")["pid"] is None
        assert pid is None or not Path(f"/proc/{pid}").exists()
        with pytest.raises(MCPConnectionError):
            whole.face.submit("peer", ask.tool, ask.arguments)
        assert whole.face.connect("peer")
        assert "again" in whole.text("peer", ask.tool, **ask.arguments)


def test_a_shutdown_ends_what_is_under_way_and_leaves_nothing(peer: RunningPeer) -> None:
    slow = peer.words.slow
    with orchestrating({"peer": peer.section}) as whole:
        reply = whole.face.submit("peer", slow.tool, slow.arguments)
        eventually(lambda: whole.record.calls_of(slow.tool), "the call is on its way")

        left = whole.face.shutdown(timeout=0.0, force=True)

        assert left == []
        assert reply.exception(timeout=0) is not None
        leaks = whole.face.check_for_leaks()
        assert (leaks["connections"], leaks["children"], leaks["calls"]) == (0, 0, 0)


@pytest.mark.parametrize("sessions_server", SESSIONS, indirect=True)
def test_calls_wait_for_a_server_that_is_started_anew(sessions_server: ServerProcess) -> None:
    words = EVERYTHING_WORDS if "everything" in " ".join(sessions_server.command) else SDK_WORDS
    with orchestrating({"peer": {"url": sessions_server.url, **PATIENT}}) as whole:
        sessions_server.kill()
        asks = [words.echo(f"number {number}.") for number in range(5)]
        calls = [whole.face.submit("peer", ask.tool, ask.arguments) for ask in asks]
        eventually(lambda: whole.face.get_server_status("peer")["retries"] >= 5, "all have been refused once")

        sessions_server.start()

        texts = [text_of(call.result(timeout=PATIENCE_S).content) for call in calls]
        assert [f"number {number}." in text for number, text in enumerate(texts)] == [True] * 5
        assert whole.breaker("peer") == "closed"
        assert len(whole.record.requests("initialize")) == 2


@pytest.mark.parametrize("sessions_server", [name for name in SESSIONS if name in SDK], indirect=True)
def test_nothing_runs_twice_when_a_session_is_lost(sessions_server: ServerProcess, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with orchestrating({"peer": {"url": sessions_server.url, **PATIENT}}) as whole:
        assert whole.text("peer", "note", file=str(log), mark="before") == "before"
        sessions_server.kill()
        sessions_server.start()
        sessions_server.wait()

        marks = [f"number {number}" for number in range(20)]
        calls = [whole.face.submit("peer", "note", {"file": str(log), "mark": mark}) for mark in marks]

        assert [text_of(call.result(timeout=PATIENCE_S).content) for call in calls] == marks
        assert sorted(log.read_text().splitlines()) == sorted(["before", *marks])
        assert len(whole.record.requests("initialize")) == 2
