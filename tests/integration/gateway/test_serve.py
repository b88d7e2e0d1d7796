"""`mcp-orchestrator serve` as a process: where it serves, how it ends, what it says when a server dies."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest
import requests
from mcp import Client
from mcp_types import TextContent

from tests.fixtures.manual_time import eventually, on_a_loop, until
from tests.fixtures.stdio import wait_until_gone
from tests.fixtures.terminal import on_pipe
from tests.integration.gateway.conftest import SDK, gateway

SERVERS = {"a": {"command": [*SDK, "stdio"], "protocol": "legacy"}}
SERVE = (sys.executable, "-m", "mcp_orchestrator", "serve")


def _in_flight(url: str) -> int:
    """Return how many calls are under way at the server a."""
    status = requests.get(url.replace("/mcp", "/api/v1/servers/a"), timeout=10).json()
    return int(status["in_flight"])


WITHOUT = """
import sys
class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing)
from mcp_orchestrator.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration."""
    file = tmp_path / "o.toml"
    file.write_text('[orchestrator]\nstate = "memory"\n[servers.a]\ncommand = ["true"]\n')
    return file


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])  # noqa: S104 -- to be refused
def test_an_address_that_others_reach_is_refused(config: Path, host: str) -> None:
    with on_pipe(*SERVE, str(config), "--host", host, folder=config.parent) as serve:
        assert serve.end() == 2

    assert f"cannot serve at {host}: whoever reaches it could call every tool" in serve.text
    assert f"Make one: mcp-orchestrator token create NAME --config {config}" in serve.text


def test_a_port_that_somebody_has_is_refused(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with on_pipe(*SERVE, str(config), "--port", str(port), folder=config.parent) as serve:
            assert serve.end() == 2

    assert f"cannot serve at 127.0.0.1, port {port}" in serve.text


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--host", "", "--host: must be a host name or an address"),
        ("--port", "65536", "Invalid value for '--port'"),
    ],
)
def test_an_option_that_cannot_be_is_one_clear_error(config: Path, option: str, value: str, said: str) -> None:
    with on_pipe(*SERVE, str(config), option, value, folder=config.parent) as serve:
        assert serve.end() == 2

    assert said in serve.text
    assert len(serve.text.splitlines()) == 1


@pytest.mark.parametrize("missing", ["uvicorn", "fastapi"])
def test_without_the_extra_it_says_how_to_get_it(config: Path, missing: str) -> None:
    with on_pipe(sys.executable, "-c", WITHOUT, missing, "serve", str(config), folder=config.parent) as serve:
        assert serve.end() == 2

    assert serve.text == "error: serve needs the daemon: pip install '.[daemon]' in a clone\n"


def test_who_starts_it_need_not_wait_for_a_server_that_never_does(tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    file.write_text(
        '[orchestrator]\nstate = "memory"\nstart_timeout_s = 600\n[servers.a]\ncommand = ["sleep", "600"]\n'
    )
    with on_pipe(*SERVE, str(file), "--port", "0", folder=tmp_path) as serve:
        until(serve.children)
        (child,) = serve.children()

        serve.signal(signal.SIGTERM)

        assert serve.end() == 0
        wait_until_gone(child)
    assert serve.text.splitlines()[-1] == "ended; nothing is left behind"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@on_a_loop
async def test_a_call_in_flight_is_answered_while_it_ends(tmp_path: Path, mode: str) -> None:
    with gateway(tmp_path, SERVERS) as (running, url):
        (child,) = running.children()
        async with Client(url, mode=mode) as client:
            await client.list_tools()  # Else it does so when the call has been answered.
            calling = asyncio.ensure_future(client.call_tool("a__slow", {"seconds": 1.0}))
            await eventually(lambda: _in_flight(url) == 1)
            running.signal(signal.SIGTERM)

            result = await calling

        assert isinstance(result.content[0], TextContent)
        assert result.content[0].text == "done"
        assert await asyncio.to_thread(running.end) == 0
        wait_until_gone(child)
    assert running.text.splitlines()[-1] == "ended; nothing is left behind"


@on_a_loop
async def test_who_calls_a_server_that_dies_reads_what_that_means(tmp_path: Path) -> None:
    with gateway(tmp_path, SERVERS) as (running, url):
        async with Client(url) as client, asyncio.timeout(30):
            died = await client.call_tool("a__die", {})
            while True:
                again = await client.call_tool("a__echo", {"text": "back"})
                if not again.is_error:
                    break
                await asyncio.sleep(0.05)
        assert running.children()

    assert died.is_error
    assert isinstance(died.content[0], TextContent)
    assert died.content[0].text.startswith("a: ")
    assert "The tool may have run" in died.content[0].text
    assert again.structured_content == {"result": "back"}


@on_a_loop
async def test_a_tool_that_comes_later_is_announced(tmp_path: Path) -> None:
    heard = asyncio.Event()

    async def hear(message: object) -> None:
        if "list_changed" in repr(message) or "ToolListChanged" in repr(message):
            heard.set()

    with gateway(tmp_path, SERVERS) as (_, url):
        async with Client(url, mode="legacy", message_handler=hear) as client, asyncio.timeout(20):
            await client.call_tool("a__grow", {"name": "late"})
            await heard.wait()
            names = [tool.name for tool in (await client.list_tools()).tools]

    assert "a__late" in names


def test_the_children_of_a_gateway_that_is_killed_end_by_themselves(tmp_path: Path) -> None:
    with gateway(tmp_path, SERVERS) as (running, _):
        (child,) = running.children()
        running.signal(signal.SIGKILL)

        wait_until_gone(child)
