"""What `[daemon]` says of who gets in, and that a daemon does so; and its page of all operations."""

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mcp_orchestrator.access import audit
from mcp_orchestrator.access.token_file import create
from mcp_orchestrator.daemon.application import Daemon
from tests.fixtures.asgi import Caller
from tests.fixtures.manual_time import on_a_loop


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the level of the audit log as it was."""
    logger = logging.getLogger(audit.NAME)
    before = logger.level
    yield
    logger.setLevel(before)


@asynccontextmanager
async def running(folder: Path, **settings: object) -> AsyncGenerator[Caller]:
    """Make a daemon, not started, and yield a caller of it."""
    told = "\n".join(f"{name} = {value}" for name, value in settings.items())
    file = folder / "o.toml"
    file.write_text(f'[orchestrator]\nstate = "memory"\n[daemon]\n{told}\n[servers.a]\ncommand = ["true"]\n')
    daemon = Daemon(file)
    try:
        yield Caller(daemon)
    finally:
        await daemon.close()


@on_a_loop
async def test_it_answers_to_the_names_given(tmp_path: Path) -> None:
    async with running(tmp_path, hosts='["MCP.example.org"]') as caller:
        for host, status in (
            ("mcp.example.org", 200),
            ("MCP.Example.org", 200),
            ("127.0.0.1:8600", 200),
            ("example.org", 421),
        ):
            assert (await caller.http("GET", path="/docs", host=host).done()).status == status


@on_a_loop
async def test_tokens_are_where_the_setting_says(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    token = create(tmp_path / "sub" / "t.json", "eye", scopes=("read",))
    async with running(tmp_path, tokens_file='"sub/t.json"') as caller:
        assert (await caller.http("GET", path="/api/v1/tools").done()).status == 401
        asked = await caller.http("GET", path="/api/v1/tools", authorization=f"Bearer {token}").done()

    assert asked.status == 200


@on_a_loop
async def test_a_file_of_tokens_that_is_named_and_not_there_lets_nobody_in(tmp_path: Path) -> None:
    async with running(tmp_path, tokens_file='"slip.json"') as caller:
        assert (await caller.http("GET", path="/api/v1/tools").done()).status == 401


@pytest.mark.parametrize(("setting", "is_on"), [("true", True), ("false", False)])
@on_a_loop
async def test_the_audit_log_is_switched(
    tmp_path: Path, setting: str, caplog: pytest.LogCaptureFixture, *, is_on: bool
) -> None:
    async with running(tmp_path, audit=setting) as caller:
        await caller.http("POST", {}, path="/api/v1/reload").done()

    assert ("local changes POST /api/v1/reload: 200" in caplog.messages) is is_on


@on_a_loop
async def test_the_page_of_operations_loads_nothing_and_names_the_token_of_each(tmp_path: Path) -> None:
    async with running(tmp_path) as caller:
        asked = await caller.http("GET", path="/docs").done()

    page = asked.body.decode()
    assert "<tr><td><code>POST /api/v1/call</code><td>call<td>" in page
    assert "<tr><td><code>POST /api/v1/reload</code><td>admin<td>" in page
    assert "<tr><td><code>GET /healthz</code><td>none<td>" in page
    assert not [word for word in ("<script", "src=", "style=", "http://", "https://", "<link") if word in page]


@on_a_loop
async def test_every_page_has_a_policy_without_exceptions(tmp_path: Path) -> None:
    async with running(tmp_path) as caller:
        for path in ("/", "/docs", "/api/v1/overview", "/healthz", "/nothing"):
            policy = (await caller.http("GET", path=path).done()).headers["content-security-policy"]

            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
