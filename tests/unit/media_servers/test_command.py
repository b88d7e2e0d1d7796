"""The four programs, as processes of their own."""

import asyncio
import configparser
import json
import select
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from media_servers import VERSION
from media_servers.application import SONARR
from media_servers.command import is_exposed, parse
from tests.fixtures.media import ask

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

ROOT = Path(__file__).parents[3]
NAMES = ("sabnzbd", "sonarr", "radarr", "plex")
PATIENCE_S = 30  # For a busy machine; a child that hangs fails the test by it.
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def command(name: str, *options: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-m", f"media_servers.{name}", "--simulate", *options], cwd=ROOT
    )


@contextmanager
def child(name: str, *options: str) -> Generator[subprocess.Popen[bytes]]:
    """Run one server with pipes on all three streams; killed at the end if it is still there."""
    line = [sys.executable, "-m", f"media_servers.{name}", "--simulate", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:  # noqa: S603 -- our own program
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def write_and_read(process: subprocess.Popen[bytes], message: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(read_line(process.stdout))
    return answer


def read_line(stream: Any) -> bytes:
    assert select.select([stream], [], [], PATIENCE_S)[0], "the child says nothing"
    line: bytes = stream.readline()
    return line


@pytest.mark.parametrize("name", NAMES)
def test_a_server_over_stdio_answers_the_official_client(name: str) -> None:
    async def names_of_tools() -> list[str]:
        async with Client(command(name)) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    tools = asyncio.run(names_of_tools())

    assert {"health_check", "get_version"} < set(tools)
    assert ask(command(name), "health_check")["healthy"]


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_when_stdin_closes_and_has_said_nothing_but_the_answer(name: str) -> None:
    with child(name) as process:
        answer = write_and_read(process, INITIALIZE)

        out, err = process.communicate(timeout=PATIENCE_S)

        assert process.returncode == 0
    assert (out, err) == (b"", b"")
    assert (answer["id"], answer["result"]["serverInfo"]["name"]) == (1, name)


def test_a_refused_call_is_no_news_for_stderr() -> None:
    call = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "pause_download", "arguments": {"nzo_id": "x"}},
    }
    with child("sabnzbd") as process:
        write_and_read(process, INITIALIZE)
        answer = write_and_read(process, call)

        out, err = process.communicate(timeout=PATIENCE_S)

    assert answer["result"]["isError"]
    assert (out, err) == (b"", b"")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_waiting_for_stdin(stop: signal.Signals) -> None:
    with child("plex") as process:
        write_and_read(process, INITIALIZE)

        process.send_signal(stop)

        assert process.wait(PATIENCE_S) == -stop
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize("options", [(), ("--json-response",), ("--stateless",)])
def test_a_server_over_http_says_where_it_is_and_keeps_its_state_between_calls(options: Sequence[str]) -> None:
    with child("sabnzbd", "--http", "127.0.0.1:0", *options) as process:
        line = read_line(process.stderr).decode()
        url = line.removeprefix("sabnzbd: serving ").strip()
        assert url.startswith("http://127.0.0.1:")

        ask(url, "pause_queue")
        assert ask(url, "get_status")["state"] == "paused"

        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (out, err) == (b"", b"")


@pytest.mark.parametrize(
    ("option", "content_type"), [("--json-response", "application/json"), (None, "text/event-stream")]
)
def test_json_response_and_stateless_decide_what_is_on_the_wire(option: str | None, content_type: str) -> None:
    with child("radarr", "--transport", "http", "--port", "0", *([option, "--stateless"] if option else [])) as process:
        url = read_line(process.stderr).decode().removeprefix("radarr: serving ").strip()
        headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        with urllib3.PoolManager() as pool:
            answer = pool.request("POST", url, body=json.dumps(INITIALIZE), headers=headers, timeout=PATIENCE_S)

    assert answer.headers["Content-Type"].startswith(content_type)
    assert ("Mcp-Session-Id" in answer.headers) == (option is None)


def test_a_port_that_is_taken_is_told_in_one_sentence() -> None:
    with child("plex", "--http", "127.0.0.1:0") as first:
        port = read_line(first.stderr).decode().strip().removesuffix("/mcp").rpartition(":")[2]
        with child("plex", "--http", f"127.0.0.1:{port}") as second:
            _, err = second.communicate(timeout=PATIENCE_S)

    assert second.returncode == 1
    assert err.decode() == f"plex: cannot listen on 127.0.0.1, port {port}: Address already in use.\n"


def test_only_loopback_addresses_pass_without_a_warning() -> None:
    assert not any(is_exposed(host) for host in ("127.0.0.1", "127.0.0.2", "::1"))
    assert all(is_exposed(host) for host in ("0.0.0.0", "::", "192.168.1.4", "fe80::1%eth0"))  # noqa: S104 -- nothing is bound


def test_speed_makes_the_simulation_run_faster() -> None:
    """At a million seconds a second the first call after the start finds the queue empty."""

    async def remaining() -> tuple[int, str]:
        async with Client(command("sabnzbd", "--speed", "1000000")) as client:
            answer = (await client.call_tool("get_status", {})).structured_content
            assert answer is not None
            return answer["queued"], answer["state"]

    assert asyncio.run(remaining()) == (0, "idle")


def test_without_options_a_server_speaks_stdio_and_would_listen_on_this_machine_only() -> None:
    options = parse(SONARR, 9002, [])

    assert (options.transport, options.host, options.port, options.speed) == ("stdio", "127.0.0.1", 9002, 1.0)
    assert (options.json_response, options.stateless) == (False, False)


@pytest.mark.parametrize(("text", "host", "port"), [("localhost:80", "localhost", 80), ("[::1]:9", "::1", 9)])
def test_http_is_short_for_transport_host_and_port(text: str, host: str, port: int) -> None:
    options = parse(SONARR, 9002, ["--http", text])

    assert (options.transport, options.host, options.port) == ("http", host, port)


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (["--http", "9001"], "is not HOST:PORT, such as 127.0.0.1:9001"),
        (["--port", "65536"], "is not a port from 0 to 65535"),
        (["--speed", "0"], "is not a number above 0"),
        (["--speed", "fast"], "is not a number above 0"),
    ],
)
def test_options_that_make_no_sense_are_told(
    options: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(SONARR, 9002, options)

    assert remedy in capsys.readouterr().err


def test_the_servers_call_themselves_by_the_version_of_the_distribution() -> None:
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")

    assert metadata["metadata"]["version"] == VERSION


def test_without_the_extra_one_line_on_stderr_says_how_to_get_it() -> None:
    absent = (
        "import runpy, sys; sys.modules['mcp'] = None; runpy.run_module('media_servers.sonarr', run_name='__main__')"
    )

    ended = subprocess.run([sys.executable, "-c", absent], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own program

    assert ended.returncode == 1
    assert ended.stderr == "the media servers need the MCP SDK: pip install '.[media]' in a clone\n"
