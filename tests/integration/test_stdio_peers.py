"""The stdio transport against servers that others have written."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import MCPToolError, OutcomeUnknownError, ResponseTooLargeError
from actors.mcp.child import StdioLimits
from actors.transport import Released, Request
from tests.fixtures.manual_time import until
from tests.fixtures.stdio import PATIENCE_S, Asked, StdioRig, Wired, wait_until_gone

SDK_SERVER = (sys.executable, str(Path(__file__).parents[1] / "fixtures" / "sdk_server.py"), "stdio")
SDK1_SERVER = """
import os
from mcp.server.fastmcp import FastMCP
server = FastMCP("sdk1")
@server.tool()
def echo(text: str) -> str: return text
@server.tool()
def big(size: int) -> str: return "x" * size
@server.tool()
def die() -> str: os._exit(3)
server.run("stdio")
"""
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


@pytest.fixture(params=["sdk 2", "sdk 1", "everything"])
def peer(request: pytest.FixtureRequest, rig: StdioRig) -> Wired:
    match request.param:
        case "sdk 2":
            command: tuple[str, ...] = SDK_SERVER
        case "sdk 1":
            command = (str(request.getfixturevalue("sdk1_python")), "-c", SDK1_SERVER)
        case _:
            modules: Path = request.getfixturevalue("node_modules")
            command = ("node", str(modules / "@modelcontextprotocol/server-everything/dist/index.js"), "stdio")
    return connected(rig, *command)


def connected(rig: StdioRig, *command: str, **config: Any) -> Wired:
    wired = rig.connect(*command, limits=StdioLimits(), **config)
    hello = wired.ask("initialize", CLIENT).outcome()
    assert isinstance(hello, dict), repr(hello)
    assert hello["protocolVersion"] == CLIENT["protocolVersion"]
    assert wired.send(Request(id=-1, method="notifications/initialized")).outcome() == {}
    return wired


def text_of(outcome: Outcome) -> str:
    assert isinstance(outcome, dict), repr(outcome)
    return str(outcome["content"][0]["text"])


def call(wired: Wired, tool: str, **arguments: object) -> Asked:
    return wired.ask("tools/call", {"name": tool, "arguments": arguments})


def test_a_hundred_calls_at_once_are_answered_and_the_server_leaves_when_stdin_closes(peer: Wired) -> None:
    pid = peer.pid_now()

    # Each server knows one of the two names, and ignores the other.
    asked = [call(peer, "echo", text=f"Tromsø {number}", message=f"Tromsø {number}") for number in range(100)]

    assert all(f"Tromsø {number}" in text_of(one.outcome()) for number, one in enumerate(asked))
    peer.connection.close()
    wait_until_gone(pid)
    peer.wait_for_release()
    assert isinstance(peer.told[-1], Released)


def test_an_unknown_method_is_an_answer(peer: Wired) -> None:
    outcome = peer.ask("no/such/method").outcome()

    assert isinstance(outcome, MCPToolError)
    assert outcome.code in {-32601, -32602}


def test_a_server_killed_within_a_call_leaves_it_unknown(peer: Wired) -> None:
    pid = peer.pid_now()
    asked = peer.ask("tools/list")
    os.kill(pid, signal.SIGSTOP)
    waiting = peer.ask("tools/list")
    until(lambda: waiting.ticket.is_claimed)
    os.kill(pid, signal.SIGKILL)

    assert isinstance(asked.outcome(), dict | OutcomeUnknownError)
    assert "SIGKILL" in waiting.error(OutcomeUnknownError)


def test_a_server_that_exits_within_a_call_leaves_it_unknown_with_its_code(rig: StdioRig) -> None:
    sdk = connected(rig, *SDK_SERVER)

    assert "exited with code 3" in call(sdk, "die").error(OutcomeUnknownError)


def test_slow_calls_hold_up_no_others(rig: StdioRig) -> None:
    sdk = connected(rig, *SDK_SERVER)

    slow = call(sdk, "slow", seconds=PATIENCE_S)

    assert text_of(call(sdk, "echo", text="quick").outcome()) == "quick"
    assert slow.outcomes == []


def test_an_answer_of_twenty_megabytes_is_too_large_and_the_server_lives(rig: StdioRig) -> None:
    sdk = connected(rig, *SDK_SERVER)

    call(sdk, "big", size=20 * 1024 * 1024).error(ResponseTooLargeError)

    assert text_of(call(sdk, "echo", text="still here").outcome()) == "still here"


def test_an_answer_of_twenty_megabytes_is_an_answer_where_that_is_allowed(rig: StdioRig) -> None:
    sdk = connected(rig, *SDK_SERVER, max_response_bytes=64 * 1024 * 1024)

    assert len(text_of(call(sdk, "big", size=20 * 1024 * 1024).outcome())) == 20 * 1024 * 1024
