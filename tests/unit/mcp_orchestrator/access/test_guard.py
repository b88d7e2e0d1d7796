"""The guard before an application: who comes through, with which identity, and what all others are answered."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator.access.failures import MOST
from mcp_orchestrator.access.token_file import revoke
from tests.fixtures.asgi import Asked, Caller
from tests.fixtures.guarding import Keys, audited, whoami
from tests.fixtures.manual_time import eventually, on_a_loop


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


async def status(asked: Asked) -> int:
    return (await asked.done()).status


@on_a_loop
async def test_without_any_token_everybody_is_let_through(keys: Keys) -> None:
    caller = Caller(keys.guard(whoami))

    asked = await caller.http("POST", {}, path="/api/v1/reload").done()

    assert (asked.status, asked.body) == (200, b"local 2")


@on_a_loop
async def test_with_a_token_he_is_known_to_what_is_behind(keys: Keys) -> None:
    bearer = keys.make("agent", "call")
    caller = Caller(keys.guard(whoami))

    for authorization in (bearer, bearer.replace("Bearer", "bearer"), bearer.replace(" ", "   ")):
        assert (await caller.http("POST", {}, authorization=authorization).done()).body == b"agent 2"
    assert (await caller.http("GET", path="/healthz", authorization=bearer).done()).body.startswith(b"agent")
    assert (await caller.http("GET", path="/healthz").done()).body.startswith(b"nobody")


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        ("", 'Bearer realm="mcp-orchestrator"'),
        ("Bearer wrong", 'Bearer realm="mcp-orchestrator", error="invalid_token"'),
        ("Bearer", 'Bearer realm="mcp-orchestrator", error="invalid_token"'),
        ("Basic YTpi", 'Bearer realm="mcp-orchestrator", error="invalid_token"'),
    ],
)
@pytest.mark.parametrize("path", ["/mcp", "/api/v1/overview", "/nothing"])
@on_a_loop
async def test_without_a_right_token_he_is_asked_for_one(
    keys: Keys, path: str, authorization: str, challenge: str
) -> None:
    keys.make("agent")
    caller = Caller(keys.guard(whoami))

    asked = await caller.http("GET", path=path, authorization=authorization).done()

    assert (asked.status, asked.headers["www-authenticate"]) == (401, challenge)
    told = json.loads(asked.body)
    assert ("jsonrpc" in told) == (path == "/mcp")
    assert told["error"]["message"]


@on_a_loop
async def test_a_token_is_good_for_its_scopes_alone(keys: Keys) -> None:
    bearer = keys.make("eye", "read")
    caller = Caller(keys.guard(whoami))

    refused = await caller.http("POST", {}, path="/api/v1/reload", authorization=bearer).done()

    assert refused.status == 403
    assert refused.headers["www-authenticate"].endswith('error="insufficient_scope", scope="admin"')
    assert json.loads(refused.body)["error"] == {
        "type": "NotAdmittedError",
        "message": 'this token is not good for it: it needs "admin"',
        "executed": "no",
        "retry_after_s": None,
        "server": None,
        "tool": None,
        "request_id": None,
    }
    assert await status(caller.http("GET", path="/metrics", authorization=bearer)) == 200
    assert await status(caller.http("POST", {}, authorization=bearer)) == 403


@on_a_loop
async def test_a_file_that_is_broken_lets_nobody_in_and_tells_strangers_nothing_of_it(keys: Keys) -> None:
    bearer = keys.make("agent")
    keys.path.write_text("{", encoding="utf-8")

    asked = await Caller(keys.guard(whoami)).http("POST", {}, authorization=bearer).done()

    assert asked.status == 401
    assert b"tokens.json" not in asked.body


@on_a_loop
async def test_who_tries_many_wrong_tokens_has_to_wait_and_nobody_else(
    keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    bearer = keys.make("agent")
    caller = Caller(keys.guard(whoami))

    with audited(caplog) as records:
        wrong = [await caller.http("POST", {}, authorization=f"Bearer {n}").done() for n in range(MOST + 5)]

    assert [asked.status for asked in wrong] == [401] * MOST + [429] * 5
    assert 0 < int(wrong[-1].headers["retry-after"]) <= 61
    assert len(records) == MOST  # Nor is the log flooded.
    assert await status(caller.http("POST", {}, authorization=bearer)) == 200
    assert await status(caller.http("POST", {})) == 401


@on_a_loop
async def test_pages_from_elsewhere_and_other_names_are_turned_away_everywhere(keys: Keys) -> None:
    caller = Caller(keys.guard(whoami))

    for path in ("/mcp", "/", "/healthz", "/api/v1/overview", "/metrics"):
        assert await status(caller.http("GET", path=path, host="evil.example")) == 421
        assert await status(caller.http("GET", path=path, origin="http://evil.example")) == 403
    assert await status(caller.http("POST", {}, path="/api/v1/reload", sec_fetch_site="same-site")) == 403
    assert await status(caller.http("POST", {}, path="/api/v1/reload", sec_fetch_site="same-origin")) == 200


@on_a_loop
async def test_the_address_that_a_connection_came_to_is_a_name_of_ours(keys: Keys) -> None:
    guard = keys.guard(whoami)

    async def at(scope: Any, receive: Any, send: Any) -> None:
        await guard({**scope, "server": ("192.0.2.7", 8600)}, receive, send)

    caller = Caller(at)
    assert await status(caller.http("GET", path="/healthz", host="192.0.2.7:8600")) == 200
    assert await status(caller.http("GET", path="/healthz", host="192.0.2.8:8600")) == 421


@on_a_loop
async def test_answers_to_browsers_have_the_headers_that_they_heed_and_those_of_mcp_stay_as_they_are(
    keys: Keys,
) -> None:
    caller = Caller(keys.guard(whoami))

    asked = await caller.http("GET", path="/api/v1/overview").done()

    assert "default-src 'self'" in asked.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in asked.headers["content-security-policy"]
    assert asked.headers["x-content-type-options"] == "nosniff"
    assert asked.headers["referrer-policy"] == "no-referrer"
    assert "permissions-policy" in asked.headers
    assert asked.headers["cache-control"] == "no-store"
    assert (await caller.http("POST", {}).done()).headers == {}


@on_a_loop
async def test_a_policy_that_a_page_has_of_its_own_is_kept(keys: Keys) -> None:
    async def page(_scope: Any, _receive: Any, send: Any) -> None:
        own = [(b"Content-Security-Policy", b"default-src 'none'")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body"})

    guard, sent = keys.guard(page), list[Any]()

    async def send(event: Any) -> None:
        sent.append(event)

    await guard({"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}, _never, send)

    assert [value for name, value in sent[0]["headers"] if name.lower() == b"content-security-policy"] == [
        b"default-src 'none'"
    ]


@on_a_loop
async def test_a_body_is_as_large_as_allowed_and_no_larger(keys: Keys) -> None:
    caller = Caller(keys.guard(whoami, max_body_bytes=10))

    assert (await caller.http("POST", b"x" * 10, path="/api/v1/call").done()).body == b"local 10"
    assert await status(caller.http("POST", b"x" * 11, path="/api/v1/call")) == 413
    assert await status(caller.http("POST", b"", path="/api/v1/call", content_length="11")) == 413
    assert await status(caller.http("POST", b"", path="/api/v1/call", content_length="9" * 5000)) == 413
    head = {"mcp_method": "subscriptions/listen"}  # Not the way to have it taken for MCP.
    assert await status(caller.http("POST", b"x" * 11, path="/api/v1/call", **head)) == 413


async def _never() -> Any:
    return await asyncio.Event().wait()


class Streaming:
    """An application that streams an event whenever `tell` is set."""

    def __init__(self) -> None:
        self.tell = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            telling = asyncio.ensure_future(self.tell.wait())
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
            telling.cancel()
            if self.tell.is_set():
                self.tell.clear()
                await send({"type": "http.response.body", "body": b"told ", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.mark.parametrize(
    "how",
    [
        {"method": "GET", "path": "/mcp"},
        {"method": "GET", "path": "/api/v1/events"},
        {"method": "POST", "path": "/mcp", "mcp_method": "subscriptions/listen"},
    ],
)
@on_a_loop
async def test_there_are_so_many_streams_at_once_of_all_kinds(keys: Keys, how: dict[str, str]) -> None:
    caller = Caller(keys.guard(Streaming(), max_streams=2))
    first, second = caller.http("GET", path="/mcp"), caller.http("GET", path="/api/v1/events")
    await asyncio.sleep(0)

    third = await caller.http(how["method"], {}, **{k: v for k, v in how.items() if k != "method"}).done()
    await first.leave()
    fourth = caller.http(how["method"], {}, **{k: v for k, v in how.items() if k != "method"})
    await fourth.leave()
    await second.leave()

    assert (third.status, third.headers["retry-after"]) == (503, "5")
    assert fourth.status == 200


@on_a_loop
async def test_a_stream_ends_with_its_token_and_tells_nothing_more(keys: Keys) -> None:
    bearer, app = keys.make("agent", "read"), Streaming()
    asked = Caller(keys.guard(app)).http("GET", path="/api/v1/events", authorization=bearer)
    app.tell.set()
    await eventually(lambda: b"told" in asked.body)

    revoke(keys.path, "agent")
    app.tell.set()
    await eventually(lambda: not app.tell.is_set())
    await asked.leave()

    assert asked.body == b"told "


@on_a_loop
async def test_a_websocket_is_closed_and_a_lifespan_goes_through(keys: Keys) -> None:
    sent, seen = list[Any](), list[str]()

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    async def send(event: Any) -> None:
        sent.append(event["type"])

    guard = keys.guard(app)
    await guard({"type": "websocket"}, _never, send)
    await guard({"type": "lifespan"}, _never, send)

    assert (sent, seen) == (["websocket.close"], ["lifespan"])


@on_a_loop
async def test_who_leaves_before_he_has_said_all_is_not_answered(keys: Keys) -> None:
    asked = Asked(keys.guard(whoami), "POST", b"", {"host": "localhost"}, "/api/v1/call")
    asked._incoming.get_nowait()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    await asked.leave()

    assert asked.status == 0


@on_a_loop
async def test_the_audit_log_has_changes_and_who_was_turned_away_and_no_token(
    keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    bearer, eye = keys.make("boss", "admin"), keys.make("eye", "read")
    caller = Caller(keys.guard(whoami))

    with audited(caplog) as records:
        await caller.http("POST", {}, path="/api/v1/reload", authorization=bearer).done()
        await caller.http("POST", {}, path="/api/v1/reload", authorization=eye).done()
        await caller.http("GET", path="/metrics\n2026 boss", authorization="Bearer mcpo_wrong").done()
        await caller.http("GET", path="/metrics", authorization=eye).done()

    assert [record.getMessage() for record in records] == [
        "boss changes POST /api/v1/reload: 200",
        "eye is turned away from POST /api/v1/reload: needs admin",
        "nobody is turned away from 'GET /metrics\\n2026 boss': wrong token",
    ]
    assert "mcpo_" not in caplog.text
