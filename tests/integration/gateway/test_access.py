"""Who gets into a daemon that runs, and how much of it he may have: over real sockets."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mcp_orchestrator.access.token_file import create, revoke
from tests.fixtures.manual_time import on_a_loop, until
from tests.fixtures.terminal import ODD, Running, environment, on_pipe

pytestmark = pytest.mark.slow

MCP = ("-m", "mcp_orchestrator")
LIMITS = {"max_connections": 6, "max_streams": 2, "max_body_bytes": 2000}
CALL = {"server": "odd", "tool": "echo", "params": {"text": "x"}}


class Daemon:
    """One that runs, as its callers see it."""

    def __init__(self, running: Running, port: int, tokens: Path) -> None:
        self.running, self.port, self.tokens = running, port, tokens

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Return status and body of an answer."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            content = None if body is None else json.dumps(body)
            given = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
            connection.request(method, path, content, given)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stream(self, path: str) -> tuple[HTTPConnection, HTTPResponse]:
        """Return what is open until it is closed."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        return connection, connection.getresponse()


@contextmanager
def serve(folder: Path, *options: str, **settings: Any) -> Generator[Daemon]:
    """Run `serve` before one small server."""
    file = folder / "o.json"
    servers = {"odd": {"command": ODD}}
    file.write_text(json.dumps({"orchestrator": {"state": "memory"}, "daemon": settings, "servers": servers}))
    with on_pipe(sys.executable, *MCP, "serve", str(file), "--port", "0", *options, folder=folder) as running:
        running.wait_for("ready\n")
        found = re.search(r":(\d+)/mcp", running.text)
        assert found, running.text
        yield Daemon(running, int(found[1]), folder / "tokens.json")
        running.signal()
        running.end()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return one with narrow limits, where nobody needs a token."""
    with serve(tmp_path_factory.mktemp("access"), **LIMITS) as running:
        yield running


def test_a_body_that_is_too_large_is_refused_on_every_path(daemon: Daemon) -> None:
    large = {**CALL, "params": {"text": "x" * 2000}}

    assert daemon.ask("POST", "/api/v1/call", large)[0] == 413
    assert daemon.ask("POST", "/mcp", large)[0] == 413
    assert daemon.ask("POST", "/api/v1/call", CALL)[0] == 200


def test_a_head_of_a_mebibyte_is_refused_and_others_are_served(daemon: Daemon) -> None:
    with socket.create_connection(("127.0.0.1", daemon.port), 20) as caller:
        try:
            caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n")
            answer = caller.recv(100)
        except ConnectionError:  # It was closed before all was sent.
            answer = b""

    assert b"200" not in answer
    assert daemon.ask("GET", "/healthz")[0] == 200


def test_there_are_so_many_connections_at_once(daemon: Daemon) -> None:
    idle = [socket.create_connection(("127.0.0.1", daemon.port), 20) for _ in range(LIMITS["max_connections"])]
    try:
        until(lambda: daemon.ask("GET", "/healthz")[0] == 503)
        idle.pop().close()
        until(lambda: daemon.ask("GET", "/healthz")[0] == 200)
    finally:
        for connection in idle:
            connection.close()


def test_there_are_so_many_streams_at_once(daemon: Daemon) -> None:
    streams = [daemon.stream("/api/v1/events") for _ in range(3)]
    try:
        assert [answer.status for _, answer in streams] == [200, 200, 503]
    finally:
        for connection, answer in streams:
            answer.close()
            connection.close()

    until(lambda: _can_listen(daemon))


def _can_listen(daemon: Daemon) -> bool:
    connection, answer = daemon.stream("/api/v1/events")
    answer.close()
    connection.close()
    return answer.status == 200


def test_the_first_token_shuts_the_door_of_a_daemon_that_runs_and_the_last_does_not_open_it(tmp_path: Path) -> None:
    with serve(tmp_path) as daemon:
        assert daemon.ask("POST", "/api/v1/call", CALL)[0] == 200

        made = subprocess.run(  # noqa: S603 -- our own program
            [sys.executable, *MCP, "token", "create", "agent", "--config", str(tmp_path / "o.json")],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        bearer = f"Bearer {made.stdout.strip()}"

        until(lambda: daemon.ask("POST", "/api/v1/call", CALL)[0] == 401)
        assert daemon.ask("POST", "/api/v1/call", CALL, authorization=bearer)[0] == 200
        assert daemon.ask("GET", "/api/v1/overview", authorization=bearer)[0] == 403
        assert daemon.ask("GET", "/healthz")[0] == 200
        assert daemon.ask("GET", "/")[0] == 200
        revoke(daemon.tokens, "agent")
        until(lambda: daemon.ask("POST", "/api/v1/call", CALL, authorization=bearer)[0] == 401)
        assert daemon.ask("POST", "/api/v1/call", CALL)[0] == 401
        assert made.stdout.strip() not in daemon.running.text


def test_an_address_that_others_reach_is_served_to_those_with_a_token_only(tmp_path: Path) -> None:
    file = tmp_path / "o.json"
    file.write_text(json.dumps({"orchestrator": {"state": "memory"}, "servers": {"odd": {"command": ODD}}}))
    everywhere = ("--host", "0.0.0.0")  # noqa: S104 -- that is the point
    with on_pipe(sys.executable, *MCP, "serve", str(file), "--port", "0", *everywhere, folder=tmp_path) as refused:
        assert refused.end() == 2
    assert f"mcp-orchestrator token create NAME --config {file}" in refused.text

    bearer = f"Bearer {create(tmp_path / 'tokens.json', 'agent', scopes=('call',))}"
    with serve(tmp_path, *everywhere) as daemon:
        assert daemon.ask("POST", "/api/v1/call", CALL)[0] == 401
        assert daemon.ask("POST", "/api/v1/call", CALL, authorization=bearer)[0] == 200
        assert daemon.ask("POST", "/api/v1/call", CALL, authorization=bearer, host="evil.example")[0] == 421


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@on_a_loop
async def test_the_official_client_gets_in_with_a_token_and_an_error_without(tmp_path: Path, mode: str) -> None:
    token = create(tmp_path / "tokens.json", "agent", scopes=("call",), tools=("odd__e*",))
    with serve(tmp_path) as daemon:
        url = f"http://127.0.0.1:{daemon.port}/mcp"
        async with asyncio.timeout(20):
            http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
            async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
            with pytest.raises(ExceptionGroup) as refused:
                async with Client(url, mode=mode) as client:
                    await client.list_tools()

        assert tools == ["odd__echo"]
        assert refused.group_contains(Exception, match="a token is needed|401 Unauthorized")
