"""Streamable HTTP with a server of the official SDK, in each of its four ways to answer."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import OutcomeUnknownError, SessionLostError
from tests.fixtures.asking import LIMIT_S, Asker
from tests.unit.mcp.conftest import ConnectHttp

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

SERVER = Path(__file__).parents[2] / "fixtures" / "sdk_server.py"
INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@contextmanager
def serving(port: int, *flags: str) -> Generator[str]:
    """Run the server as a child, from when it listens."""
    with subprocess.Popen([sys.executable, str(SERVER), "http", str(port), *flags]) as child:  # noqa: S603 -- ours
        try:
            wait_until_it_listens(port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            child.kill()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_until_it_listens(port: int) -> None:
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise TimeoutError("the server does not listen")


def the_result(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, dict), outcome
    return outcome


@pytest.mark.parametrize("flags", [(), ("--json",), ("--stateless",), ("--stateless", "--json")], ids=" ".join)
def test_a_whole_conversation(flags: tuple[str, ...], port: int, connect_http: ConnectHttp) -> None:
    with serving(port, *flags) as url:
        asker = connect_http(url)

        opened = the_result(asker.ask("initialize", INITIALIZE).outcome())
        assert opened["protocolVersion"] == "2025-11-25"
        assert opened["serverInfo"]["name"] == "sdk"
        assert asker.ask("notifications/initialized").outcome() == {}
        assert "echo" in {tool["name"] for tool in the_result(asker.ask("tools/list").outcome())["tools"]}
        assert call(asker, "add", a=1, b=2)["structuredContent"] == {"result": 3}
        assert call(asker, "fail", reason="on purpose")["isError"]
        assert len(call(asker, "big", size=300_000)["content"][0]["text"]) == 300_000
        assert asker.ask("ping").outcome() == {}

        asker.connection.close()
        asker.wait_until_released()


def call(asker: Asker, tool: str, **arguments: Any) -> dict[str, Any]:
    return the_result(asker.ask("tools/call", {"name": tool, "arguments": arguments}).outcome())


def test_progress_comes_while_a_call_is_under_way(port: int, connect_http: ConnectHttp) -> None:
    with serving(port) as url:
        asker = connect_http(url)
        asker.ask("initialize", INITIALIZE).outcome()
        asker.ask("notifications/initialized").outcome()

        params = {"name": "count", "arguments": {"to": 3}, "_meta": {"progressToken": "p"}}
        the_result(asker.ask("tools/call", params).outcome())

        assert [asker.received().params["progress"] for _ in range(3)] == [1, 2, 3]


def test_a_call_at_the_death_of_its_server_has_an_unknown_outcome(port: int, connect_http: ConnectHttp) -> None:
    with serving(port) as url:
        asker = connect_http(url)
        asker.ask("initialize", INITIALIZE).outcome()
        asker.ask("notifications/initialized").outcome()

        outcome = asker.ask("tools/call", {"name": "die"}).outcome()

    assert isinstance(outcome, OutcomeUnknownError)


def test_the_session_is_lost_when_the_server_was_started_anew(port: int, connect_http: ConnectHttp) -> None:
    with serving(port) as url:
        asker = connect_http(url)
        asker.ask("initialize", INITIALIZE).outcome()
        asker.ask("notifications/initialized").outcome()

    with serving(port):
        outcome = asker.ask("tools/list").outcome()

    assert isinstance(outcome, SessionLostError)
