"""A mark in every place of a configuration that may hold a secret, and a daemon of which everything is looked at.

What is looked at is what /openapi.json lists: whoever adds an operation has it looked at, too.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.faulty_server import FaultyServer
from mcp_orchestrator.access.token_file import create
from mcp_orchestrator.daemon.application import Daemon
from tests.fixtures.asgi import Asked, Caller
from tests.fixtures.guarding import audited
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.serving import free_port
from tests.fixtures.terminal import ODD

pytestmark = pytest.mark.slow

MARK = "canary"
FORCED = {"state": "closed", "reason": "maintenance", "for_s": 1}
NAMES = ("good", "dead", "remote", "away")


class Looking:
    """Asks a daemon as an administrator does, and remembers what came."""

    def __init__(self, daemon: Daemon, token: str) -> None:
        self._caller, self._bearer = Caller(daemon), f"Bearer {token}"
        self.seen: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: object = None) -> Asked:
        """Ask, and remember the whole answer; of a stream, its first events."""
        asked = self._caller.http(method, body, path, authorization=self._bearer)
        if path.endswith("/events"):
            await eventually(lambda: len(asked.body) > 100)
            await asked.leave()
        await asked.done()
        self.seen[f"{method} {path} {json.dumps(body)}"] = f"{asked.headers} {asked.body.decode()}"
        return asked

    async def call(self, tool: str, arguments: dict[str, str] | None = None, *, is_remembered: bool = True) -> None:
        """Call a tool by MCP. Who sends a mark may have it back."""
        params: dict[str, Any] = {"name": tool, "arguments": arguments or {}}
        asked = await self._caller.modern("tools/call", params, authorization=self._bearer).done()
        if is_remembered:
            self.seen[f"call {tool}"] = asked.body.decode()


@pytest.fixture
def remote() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


def written(file: Path, url: str, **of_good: Any) -> Path:
    """Write a configuration with a mark wherever a secret may be."""
    (file.parent / "secret.txt").write_text(f"{MARK}-file\n", encoding="utf-8")
    child: dict[str, Any] = {
        "command": [*ODD, f"--key={MARK}-argument"],
        "env": {"KEY": f"{MARK}-env", "VAR": "${CANARY}", "FILE": {"file": "secret.txt"}},
        "max_retries": 0,
        "timeout_s": 1.0,
    }
    asked = {
        "headers": {"Authorization": f"Bearer {MARK}-header", "X-Api-Key": {"file": "secret.txt"}},
        "timeout_s": 1.0,
        "max_retries": 0,
    }
    servers: dict[str, Any] = {
        "good": {**child, **of_good},
        "dead": {**child, "command": ["false", f"{MARK}-argument"]},
        "remote": {**asked, "url": f"{url}?apikey={MARK}-query"},
        "away": {**asked, "url": f"http://127.0.0.1:{free_port()}/mcp?apikey={MARK}-query"},
    }
    settings = {"state": "memory", "start_timeout_s": 2.0, "shutdown_timeout_s": 1.0}
    file.write_text(json.dumps({"orchestrator": settings, "servers": servers}), encoding="utf-8")
    return file


async def use(looking: Looking, remote: FaultyServer) -> None:
    """Call tools so that they end in every way."""
    await looking.call("good__echo", {"text": f"{MARK}-given"}, is_remembered=False)
    for tool in (
        "good__fail",
        "good__refuse",
        "good__hang",
        "good__die",
        "dead__x",
        "remote__read",
        "away__x",
        "no__x",
    ):
        await looking.call(tool)
    remote.reset(times=1)
    await looking.call("remote__write")
    remote.status(401, times=1)
    await looking.call("remote__write")
    call = {"server": "away", "tool": "x", "params": {"text": f"{MARK}-given"}}
    await looking.ask("POST", "/api/v1/call", call)
    looking.seen.popitem()
    await looking.ask("POST", "/api/v1/call", {"server": "remote", "tool": "read"})
    await looking.ask("POST", "/api/v1/batch", {"calls": [{"server": name, "tool": "x"} for name in NAMES]})


async def look(looking: Looking) -> int:
    """Look at every operation that is described, for every server; return how many there are."""
    description = json.loads((await looking.ask("GET", "/openapi.json")).body)
    operations = [(method.upper(), path) for path, methods in description["paths"].items() for method in methods]
    for method, path in operations:
        for name in NAMES if "{name}" in path else ("",):
            body = FORCED if method == "PUT" else {} if method == "POST" else None
            await looking.ask(method, path.replace("{name}", name), body)
    return len(operations)


@on_a_loop
async def test_no_secret_is_seen_anywhere(
    tmp_path: Path, remote: FaultyServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CANARY", f"{MARK}-variable")
    file = written(tmp_path / "o.json", remote.url)
    token = create(tmp_path / "tokens.json", "boss", scopes=("admin",))
    wrong = f"mcpo_{MARK}-wrong-token"
    with audited(caplog), caplog.at_level(logging.DEBUG):
        daemon = Daemon(file)
        looking = Looking(daemon, token)
        try:
            await daemon.start()
            await use(looking, remote)
            looked_at = await look(looking)
            await Looking(daemon, wrong).ask("GET", "/api/v1/overview")
            written(file, remote.url, env={"KEY": [f"{MARK}-in-a-list"]}, timeout_s=f"{MARK}-no-number")
            broken = await looking.ask("POST", "/api/v1/reload")
            await look(looking)
            for path in ("/", "/dashboard/main.js", "/nothing", "/docs"):
                await looking.ask("GET", path)
        finally:
            await daemon.close()

    assert looked_at > 20
    assert broken.status == 422
    assert [where for where, text in looking.seen.items() if MARK in text or token in text] == []
    assert [record.getMessage() for record in caplog.records if _shows(record, token)] == []
    assert "boss calls remote__read: ok" in caplog.messages
    assert "boss changes POST /api/v1/reload: 422" in caplog.messages


def _shows(record: logging.LogRecord, token: str) -> bool:
    text = f"{logging.Formatter().format(record)} {vars(record)}"
    return MARK in text or token in text
