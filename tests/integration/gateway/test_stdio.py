"""`serve --stdio` as a real process: what its client gets, and what is left when he has gone."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.context import ClientRequestContext
from mcp.client.stdio import stdio_client
from mcp_types import ElicitRequestParams, ElicitResult, TextContent

from tests.fixtures.manual_time import on_a_loop
from tests.fixtures.stdio import PATIENCE_S, wait_until_gone
from tests.fixtures.terminal import ODD, ROOT, environment
from tests.integration.gateway.conftest import SDK

pytestmark = pytest.mark.slow
OWN = {"command": [*SDK, "stdio"], "protocol": "legacy", "per_session": True}
SERVERS: dict[str, dict[str, Any]] = {"auto": {"command": [*SDK, "stdio"]}, "legacy": OWN}  # By the client's era.
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


def command(folder: Path, servers: dict[str, Any], **settings: Any) -> list[str]:
    """Write a configuration, and return the command that a client starts."""
    file = folder / "desktop.json"
    daemon = settings.pop("daemon", {})
    sections = {"orchestrator": {"state": "memory", **settings}, "daemon": daemon, "servers": servers}
    file.write_text(json.dumps(sections), encoding="utf-8")
    return [sys.executable, "-m", "mcp_orchestrator", "serve", "--stdio", str(file)]


class Started:
    """The gateway as a child, which is spoken to by hand."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def say(self, request_id: int, method: str, params: object = None) -> None:
        """Ask for something."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}
        self.write(json.dumps(message).encode() + b"\n")

    def write(self, data: bytes) -> None:
        """Write anything."""
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self) -> Any:
        """Read a message."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def greet(self) -> None:
        """Begin a session, once the servers are there."""
        self.say(0, "initialize", HELLO)
        self.say(1, "tools/list")
        assert [self.read()["id"], self.read()["id"]] == [0, 1]

    def begin_to_hang(self) -> None:
        """Begin a call that will not be answered, and wait until it has."""
        self.say(2, "tools/call", {"name": "odd__hang", "arguments": {}, "_meta": {"progressToken": 1}})
        assert self.read()["method"] == "notifications/progress"

    def wait_for_log(self, text: str) -> None:
        """Read its log until this has been logged."""
        assert self.process.stderr
        assert any(text in line.decode() for line in self.process.stderr)

    def children(self) -> list[int]:
        """Return the servers it has started. Linux."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]

    def end(self) -> tuple[int, bytes, str]:
        """Close stdin; return the exit code, and what it still said on stdout and on stderr."""
        said, logged = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said, logged.decode()


@contextmanager
def started(words: list[str]) -> Generator[Started]:
    """Start the gateway, and kill it at the end if need be."""
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe) as process:  # noqa: S603 -- our own
        try:
            yield Started(process)
        finally:
            process.kill()


@pytest.fixture
def odd(tmp_path: Path) -> list[str]:
    """Return the command of a gateway before one odd server."""
    return command(tmp_path, {"odd": {"command": ODD}}, shutdown_timeout_s=0.2)


@asynccontextmanager
async def connected(words: list[str], mode: str, **more: Any) -> AsyncGenerator[Client]:
    """Have a client of the official SDK start it."""
    program = StdioServerParameters(command=words[0], args=words[1:], env=environment())
    async with Client(stdio_client(program), mode=mode, **more) as client, asyncio.timeout(PATIENCE_S):
        yield client


async def ann(_: ClientRequestContext, _params: ElicitRequestParams) -> ElicitResult:
    """Answer a form."""
    return ElicitResult(action="accept", content={"name": "Ann"})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@on_a_loop
async def test_a_client_of_the_official_sdk_calls_lists_asks_and_gives_up(mode: str, tmp_path: Path) -> None:
    told: list[float] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)
        assert (total, message) == (3, f"step {progress:g}")

    async with connected(command(tmp_path, {"s": SERVERS[mode]}), mode, elicitation_callback=ann) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        sums = await asyncio.gather(*(client.call_tool("s__add", {"a": n, "b": 1}) for n in range(50)))
        large = await client.call_tool("s__big", {"size": 3_000_000})
        asked = await client.call_tool("s__ask_user", {})
        await client.call_tool("s__count", {"to": 3}, progress_callback=tell)
        holding = asyncio.ensure_future(client.call_tool("s__hold", {"mark": "m"}))
        await knows(client, "begun")
        holding.cancel()
        await knows(client, "given_up")

    assert "s__add" in names
    assert [one.structured_content["result"] for one in sums] == list(range(1, 51))
    assert isinstance(large.content[0], TextContent)
    assert len(large.content[0].text) == 3_000_000
    assert isinstance(asked.content[0], TextContent)
    assert asked.content[0].text == "hello Ann"
    assert told == [1, 2, 3]


async def knows(client: Client, of: str) -> None:
    """Wait until the server says this of the call."""
    while True:
        if "m" in (await client.call_tool("s__held", {})).structured_content[of]:
            return
        await asyncio.sleep(0.01)


def test_a_client_of_the_typescript_sdk_starts_it(node_modules: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    script = ROOT / "tests" / "peers" / "clients" / "ts1_stdio_client.mjs"
    words = [node, str(script), str(node_modules), *command(tmp_path, {"old": OWN})]

    ran = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 -- a peer

    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert (seen["server"], seen["asked"], seen["large"]) == ("mcp-orchestrator", "hello Ann", 2_000_000)
    assert "old__add" in seen["tools"]
    assert seen["cancelled"] == ["given up", True]
    assert (seen["changed"], seen["unknown"]) == (True, -32602)


def test_what_was_asked_before_the_end_of_stdin_is_answered(odd: list[str], tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    call = {"name": "odd__echo", "arguments": {"text": "hello"}}
    lines = [("initialize", HELLO), ("tools/call", call)]
    messages = [{"jsonrpc": "2.0", "id": n, "method": what, "params": how} for n, (what, how) in enumerate(lines)]
    asked.write_text("\n".join(json.dumps(message) for message in messages), encoding="utf-8")

    with asked.open("rb") as stdin, (tmp_path / "said.jsonl").open("wb") as stdout:
        ran = subprocess.run(odd, env=environment(), stdin=stdin, stdout=stdout, check=False, timeout=PATIENCE_S)  # noqa: S603 -- our own

    said = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text().splitlines()]
    assert ran.returncode == 0
    assert [answer["id"] for answer in said] == [0, 1]
    assert said[1]["result"]["structuredContent"] == {"text": "hello"}


@pytest.mark.parametrize("how", ["eof", "sigterm"])
def test_a_call_under_way_at_the_end_is_ended_in_time_and_answered(odd: list[str], how: str) -> None:
    with started(odd) as gateway:
        gateway.greet()
        gateway.begin_to_hang()
        (child,) = gateway.children()

        if how == "sigterm":
            gateway.process.terminate()
            gateway.wait_for_log("left behind: nothing")
        code, said, _ = gateway.end()

        answer = json.loads(said)
        assert answer["id"] == 2
        assert answer["result"]["isError"] is True
        assert code == 0
        wait_until_gone(child)


def test_a_signal_after_the_end_of_stdin_hurries(tmp_path: Path) -> None:
    words = command(tmp_path, {"odd": {"command": [*ODD, "stubborn"]}}, shutdown_timeout_s=600.0)
    with started(words) as gateway:
        gateway.greet()
        gateway.begin_to_hang()
        (child,) = gateway.children()
        assert gateway.process.stdin
        gateway.process.stdin.close()
        gateway.process.stdin = None
        gateway.wait_for_log("draining")
        gateway.process.terminate()

        code, said, _ = gateway.end()

        assert code == 130
        assert json.loads(said)["id"] == 2
        wait_until_gone(child)


def test_a_client_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    words = command(tmp_path, {"odd": {"command": ODD}}, shutdown_timeout_s=600.0)
    client = (
        "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "for line in sys.stdin: p.stdin.write(line.encode()); p.stdin.flush(); print(p.stdout.readline(), flush=True)\n"
    )
    with started([sys.executable, "-c", client, *words]) as gateway:
        gateway.say(0, "initialize", HELLO)
        gateway.process.stdout.readline()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
        call = {"name": "odd__hang", "arguments": {}, "_meta": {"progressToken": 1}}
        gateway.say(1, "tools/call", call)
        gateway.process.stdout.readline()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
        (its,) = gateway.children()
        server = int(next(iter(Path(f"/proc/{its}/task").glob("*/children"))).read_text() or 0)

        os.kill(gateway.process.pid, signal.SIGKILL)

        wait_until_gone(its)
        if server:
            wait_until_gone(server)


def test_a_client_may_say_all_before_it_reads_anything(odd: list[str]) -> None:
    text, number = "x" * 100_000, 60  # More than pipes hold.
    with started(odd) as gateway:
        gateway.greet()
        for one in range(number):
            gateway.say(10 + one, "tools/call", {"name": "odd__echo", "arguments": {"text": text}})

        answers = [gateway.read() for _ in range(number)]

        assert sorted(answer["id"] for answer in answers) == list(range(10, 10 + number))
        assert all(answer["result"]["structuredContent"]["text"] == text for answer in answers)


def test_it_ends_with_stdin_needs_no_extra_and_a_stray_print_is_no_message(odd: list[str]) -> None:
    hidden = ("uvicorn", "fastapi", "starlette", "prometheus_client", "uvloop", "httptools", "opentelemetry")
    program = (
        f"import os, sys; sys.modules.update(dict.fromkeys({hidden!r}))\n"
        "from mcp_orchestrator.cli import main; from mcp_orchestrator.daemon import pipes\n"
        "take_over = pipes.taken_over\n"
        "def noisy(): taken = take_over(); print('stray', flush=True); os.write(1, b'stray'); return taken\n"
        "pipes.taken_over = noisy; sys.exit(main(sys.argv[1:]))\n"
    )
    with started([odd[0], "-c", program, *odd[3:]]) as gateway:
        gateway.greet()
        (child,) = gateway.children()
        code, said, logged = gateway.end()

        wait_until_gone(child)
    assert (code, said) == (0, b"")
    assert logged.count("stray") == 2
    assert "1 of 1 servers ready" in logged
    assert "left behind: nothing" in logged
