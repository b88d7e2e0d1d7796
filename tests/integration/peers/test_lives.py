"""Connections that end, and servers that are started anew, whoever wrote them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator import MCPConnectionError
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually, orchestrating, text_of
from tests.fixtures.peer_words import EVERYTHING_WORDS, Ask
from tests.fixtures.peers import MODERN, STARTED_ANEW, Peers, RunningPeer
from tests.fixtures.serving import ServerProcess

Own = tuple[str, ServerProcess, Mapping[str, Any]]  # A server of the test's own: its peer's name, and its section.

# Long enough for a server to start, with many tries within it.
PATIENT: dict[str, Any] = {
    "max_retries": 200,
    "retry_cap_s": 0.1,
    "reconnect_base_s": 0.1,
    "reconnect_cap_s": 0.1,
    "timeout_s": PATIENCE_S,
    "breaker": {"failure_threshold": 1000},
}


@pytest.fixture
def own(request: pytest.FixtureRequest, peers: Peers) -> Iterator[Own]:
    """Run a server over HTTP of the test's own."""
    server, section = peers.server(request.param)
    server.start()
    server.wait()
    yield request.param, server, section
    server.kill()


def test_a_server_is_disconnected_connected_again_and_leaves_nothing_at_the_end(peer: RunningPeer) -> None:
    ask, slow = peer.words.echo("again"), peer.words.slow
    with orchestrating({"peer": peer.section}) as whole:
        pid = whole.face.get_server_status("peer")["pid"]

        assert whole.face.disconnect("peer")

        assert whole.face.get_server_status("peer")["pid"] is None
        assert pid is None or not Path(f"/proc/{pid}").exists()
        with pytest.raises(MCPConnectionError):
            whole.face.submit("peer", ask.tool, ask.arguments)
        assert whole.face.connect("peer")
        assert "again" in whole.text("peer", ask.tool, **ask.arguments)
        reply = whole.face.submit("peer", slow.tool, slow.arguments)
        eventually(lambda: whole.record.calls_of(slow.tool), "the call is on its way")

        assert whole.face.shutdown(timeout=0.0, force=True) == []

        assert reply.exception(timeout=0) is not None
        leaks = whole.face.check_for_leaks()
        assert (leaks["connections"], leaks["children"], leaks["calls"]) == (0, 0, 0)


def tries(whole: Orchestrated) -> int:
    status = whole.face.get_server_status("peer")
    return int(status["retries"] + status["failed_connects"])  # The second where a session is a connection.


@pytest.mark.parametrize("own", STARTED_ANEW, indirect=True)
def test_calls_wait_for_a_server_that_is_started_anew_and_run_once(own: Own, tmp_path: Path) -> None:
    name, server, section = own
    log = tmp_path / "log"
    is_everything = name.startswith("everything")
    marks = [f"number {number}." for number in range(20)]

    def ask(mark: str) -> Ask:
        if is_everything:  # It has no tool that leaves a trace.
            return EVERYTHING_WORDS.echo(mark)
        return Ask(tool="note", arguments={"file": str(log), "mark": mark})

    with orchestrating({"peer": {**section, **PATIENT}}) as whole:
        server.kill()
        calls = [whole.face.submit("peer", ask(mark).tool, ask(mark).arguments) for mark in marks]
        eventually(lambda: tries(whole) >= 10, "they are tried again and again")

        server.start()

        texts = [text_of(call.result(timeout=PATIENCE_S).content) for call in calls]
        assert [mark in text for mark, text in zip(marks, texts, strict=True)] == [True] * 20
        assert is_everything or sorted(log.read_text().splitlines()) == sorted(marks)
        assert whole.breaker("peer") == "closed"
        hellos = len(whole.record.requests("initialize"))
        # The session of an event stream ends with it: each attempt to open another begins with a hello.
        assert hellos == (0 if name in MODERN else 2) or (" sse" in name and hellos >= 2)
