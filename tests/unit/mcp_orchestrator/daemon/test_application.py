"""What of `[daemon]` holds from a reload on."""

from pathlib import Path
from typing import Any

from mcp_orchestrator.daemon.application import Daemon
from tests.fixtures.asgi import Caller
from tests.fixtures.manual_time import on_a_loop

SERVER = '[orchestrator]\nstate = "memory"\n[servers.a]\ncommand = ["x"]\nenabled = false\n'


def write(file: Path, **settings: Any) -> Path:
    """Write a configuration."""
    file.write_text(SERVER + "[daemon]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    return file


@on_a_loop
async def test_hosts_and_limits_of_a_new_file_hold_at_once_and_what_needs_a_restart_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "o.toml", max_body_bytes=1000)
    daemon = Daemon(file)
    caller, order = Caller(daemon), {"server": "a", "tool": "t", "params": {"text": "x" * 500}}
    before = [
        (await caller.http("GET", path="/healthz", host="proxy.example").done()).status,
        (await caller.http("POST", order, path="/api/v1/call").done()).status,
    ]

    write(file, max_body_bytes=100, hosts='["proxy.example"]', port=1)
    await daemon.configuration.reload()

    after = [
        (await caller.http("GET", path="/healthz", host="proxy.example").done()).status,
        (await caller.http("POST", order, path="/api/v1/call").done()).status,
    ]
    assert before[0] == 421
    assert before[1] != 413
    assert after == [200, 413]
    assert daemon.configuration.restart_for == ["port"]
    assert await daemon.close() == []


@on_a_loop
async def test_while_it_drains_new_work_is_told_to_come_again_and_questions_are_answered(tmp_path: Path) -> None:
    daemon = Daemon(write(tmp_path / "o.toml"))
    caller = Caller(daemon)
    assert (await caller.initialize()).status == 200

    daemon.drain()

    listed = await caller.legacy("tools/list").done()
    called = await caller.legacy("tools/call", {"name": "a__t", "arguments": {}}).done()
    begun = await Caller(daemon).initialize()
    assert (daemon.state, listed.status) == ("draining", 200)
    for refused in (called, begun):
        assert (refused.status, refused.headers["retry-after"], refused.headers["connection"]) == (503, "5", "close")
        assert "nothing was executed" in refused.error["message"]
    assert await daemon.close() == []
