"""HTTP+SSE with the servers of the official SDKs, through the whole of the orchestrator."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mcp_orchestrator import CallCancelledError, MCPTimeoutError, MCPToolError, OutcomeUnknownError
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually, orchestrating, text_of
from tests.fixtures.serving import ServerProcess, free_port

FIXTURES = Path(__file__).parents[1] / "fixtures"
EVERYTHING = "@modelcontextprotocol/server-everything/dist/index.js"
# Connects fail while the server starts, and each is a failure.
QUICK: dict[str, Any] = {
    "max_retries": 1000,
    "retry_cap_s": 0.1,
    "reconnect_base_s": 0.01,
    "reconnect_cap_s": 0.1,
    "breaker": {"failure_threshold": 1000},
}


def start(command: list[str]) -> Iterator[ServerProcess]:
    port = free_port()
    server = ServerProcess(
        [*command, *([] if "node" in command[0] else [str(port)])], port, {**os.environ, "PORT": str(port)}
    )
    server.url = f"http://127.0.0.1:{port}/sse"
    server.start()
    server.wait()
    yield server
    server.kill()


@pytest.fixture(params=["sdk-2", "sdk-1"])
def server(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    """Run a server that names its endpoint `/messages/?session_id=`."""
    if request.param == "sdk-2":
        yield from start([sys.executable, str(FIXTURES / "sdk_server.py"), "sse"])
    else:
        python: Path = request.getfixturevalue("sdk1_python")
        yield from start([str(python), str(FIXTURES / "sdk1_server.py"), "sse"])


@pytest.fixture
def everything(node_modules: Path) -> Iterator[ServerProcess]:
    """Run a server that names its endpoint `/message?sessionId=`."""
    yield from start(["node", str(node_modules / EVERYTHING), "sse"])


def section(server: ServerProcess, **settings: Any) -> dict[str, Any]:
    return {"url": server.url, "transport": "sse", **settings}


@pytest.fixture
def whole(server: ServerProcess) -> Iterator[Orchestrated]:
    with orchestrating({"peer": section(server)}) as orchestrated:
        yield orchestrated


def test_a_conversation(whole: Orchestrated) -> None:
    assert whole.face.get_server_status("peer")["state"] == "ready"
    assert whole.face.get_server_status("peer")["protocol"] == "2025-11-25"
    assert "echo" in {tool["name"] for tool in whole.face.list_tools("peer")}
    assert whole.text("peer", "echo", text="Tromsø 東京 🚀 \u2028 \x85 \r\n") == "Tromsø 東京 🚀 \u2028 \x85 \r\n"
    assert whole.text("peer", "echo", text="æ" * 500_000) == "æ" * 500_000
    assert whole.error(whole.face.submit("peer", "fail", {"reason": "on purpose"}), MCPToolError).executed == "yes"
    assert whole.face.health_check_detailed("peer")["healthy"]
    assert len(whole.record.requests("initialize")) == 1


def test_the_endpoint_of_the_typescript_sdk(everything: ServerProcess) -> None:
    with orchestrating({"peer": section(everything)}) as whole:
        assert "again" in whole.text("peer", "echo", message="again")


def test_two_hundred_calls_at_once_get_each_its_own_answer(whole: Orchestrated) -> None:
    calls = [{"server": "peer", "tool": "echo", "params": {"text": f"number {number}"}} for number in range(200)]

    outcomes = whole.face.call_tools_parallel(calls)

    texts = [text_of(outcome.result.content) for outcome in outcomes if outcome.result is not None]
    assert texts == [f"number {number}" for number in range(200)]


def test_progress_comes_in_order(whole: Orchestrated) -> None:
    steps: list[float] = []
    all_came = Event()

    def on_progress(done: float, total: float | None, _text: str | None) -> None:
        steps.append(done)
        if done == total:
            all_came.set()

    whole.face.call_tool("peer", "count", {"to": 3}, on_progress=on_progress)

    assert all_came.wait(PATIENCE_S)
    assert steps == [1, 2, 3]


def test_a_server_that_pings_us_within_a_call_is_answered(whole: Orchestrated) -> None:
    assert whole.text("peer", "ask_back") == "answered"


def test_a_tool_that_is_announced_is_listed(whole: Orchestrated) -> None:
    whole.text("peer", "grow", name="grown")

    eventually(lambda: "grown" in {tool["name"] for tool in whole.face.list_tools("peer")}, "the list is fetched anew")


def test_a_call_that_is_given_up_is_cancelled_at_the_server(whole: Orchestrated) -> None:
    reply = whole.face.submit("peer", "hold", {"mark": "given up by us"})
    eventually(lambda: "given up by us" in whole.text("peer", "held"), "the call is at the server")

    reply.cancel()

    assert whole.error(reply, CallCancelledError).executed == "unknown"
    eventually(lambda: "given up by us" in whole.text("peer", "held").partition("given_up")[2], "the tool was given up")


def test_the_deadline_ends_a_slow_call_and_nothing_else(whole: Orchestrated) -> None:
    error = whole.error(whole.face.submit("peer", "slow", {"seconds": 30}, timeout=0.2), MCPTimeoutError)

    assert error.executed == "unknown"
    assert whole.text("peer", "echo", text="here") == "here"
    assert len(whole.record.requests("initialize")) == 1


def test_a_call_at_the_death_of_its_server_has_an_unknown_outcome(whole: Orchestrated) -> None:
    assert whole.error(whole.face.submit("peer", "die"), OutcomeUnknownError).executed == "unknown"


def run_anew(server: ServerProcess) -> None:
    server.kill()
    server.start()
    server.wait()


def test_a_server_that_was_started_anew_is_connected_again_and_no_call_runs_twice(
    server: ServerProcess, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with orchestrating({"peer": section(server, **QUICK)}) as whole:
        for number in range(3):
            run_anew(server)
            marks = {"file": str(log), "mark": f"mark {number}"}
            assert text_of(whole.face.call_tool("peer", "note", marks, timeout=PATIENCE_S).content) == f"mark {number}"

        assert log.read_text().splitlines() == ["mark 0", "mark 1", "mark 2"]
        assert whole.face.get_server_status("peer")["connects"] == 4


def test_a_connection_is_ended_and_made_anew_as_often_as_asked(whole: Orchestrated) -> None:
    for number in range(10):
        assert whole.face.disconnect("peer")
        assert whole.face.connect("peer")
        assert whole.text("peer", "echo", text=f"number {number}") == f"number {number}"


def test_an_answer_too_large_ends_its_own_call_and_not_the_session(server: ServerProcess) -> None:
    with orchestrating({"peer": section(server, max_response_bytes=20_000)}) as whole:
        slow = whole.face.submit("peer", "slow", {"seconds": 0.5})

        error = whole.face.submit("peer", "echo", {"text": "x" * 30_000}).exception(timeout=PATIENCE_S)

        assert type(error).__name__ == "ResponseTooLargeError"
        assert text_of(slow.result(timeout=PATIENCE_S).content) == "done"
        assert len(whole.record.requests("initialize")) == 1
