"""Who may ask over HTTP, and what: refused before any protocol is looked at."""

from collections.abc import Callable
from typing import Any

import pytest

from mcp_orchestrator.config import DaemonSettings
from tests.fixtures.asgi import Asked, Caller
from tests.fixtures.gateways import serving
from tests.fixtures.manual_time import on_a_loop

MOST_BYTES = DaemonSettings().max_body_bytes
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
RESPONSE: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "result": {}}
Ask = Callable[[Caller], Asked]


def text(body: str) -> bytes:
    """Return a body that is perhaps no JSON."""
    return body.encode()


TURNED_AWAY: list[tuple[str, Ask, int]] = [
    ("a page's origin", lambda c: c.http("POST", PING, origin="http://evil.example"), 403),
    ("no origin of a page's", lambda c: c.http("POST", PING, origin="null"), 403),
    ("a junk origin", lambda c: c.http("POST", PING, origin="http://["), 403),
    ("a name that leads here", lambda c: c.http("POST", PING, host="evil.example:8600"), 421),
    ("no host", lambda c: c.http("POST", PING, host=""), 421),
    ("a page's form", lambda c: c.http("POST", PING, content_type="text/plain"), 415),
    ("no type", lambda c: c.http("POST", PING, content_type=""), 415),
    ("a large body", lambda c: c.http("POST", b" " * (MOST_BYTES + 1)), 413),
    ("a body said to be large", lambda c: c.http("POST", PING, content_length=str(MOST_BYTES + 1)), 413),
    ("no JSON", lambda c: c.http("POST", text("{")), 400),
    ("not UTF-8", lambda c: c.http("POST", b'{"a": "\xff"}'), 400),
    ("no number of JSON's", lambda c: c.http("POST", text('{"jsonrpc": "2.0", "id": 1, "a": NaN}')), 400),
    ("nested without end", lambda c: c.http("POST", text("[" * 100_000)), 400),
    ("no message", lambda c: c.http("POST", {"id": 1, "method": "ping"}), 400),
    ("nothing said", lambda c: c.http("POST", {"jsonrpc": "2.0", "id": 1}), 400),
    ("an id that is none", lambda c: c.http("POST", {**PING, "id": None}), 400),
    ("a method that is none", lambda c: c.http("POST", {**PING, "method": 1}), 400),
    ("params that are none", lambda c: c.http("POST", {**PING, "params": [1]}), 400),
    ("no session", lambda c: c.http("POST", PING), 400),
    ("an unknown session", lambda c: c.http("POST", PING, mcp_session_id="x"), 404),
    ("a batch without a session", lambda c: c.http("POST", [PING]), 400),
    ("a GET without a session", lambda c: c.http("GET"), 405),
    ("a modern GET", lambda c: c.http("GET", mcp_session_id="x", mcp_protocol_version="2026-07-28"), 405),
    ("a DELETE without a session", lambda c: c.http("DELETE"), 405),
    ("a PUT", lambda c: c.http("PUT", PING), 405),
    ("another path", lambda c: c.http("POST", PING, path="/other"), 404),
    ("a modern response", lambda c: c.http("POST", RESPONSE, mcp_protocol_version="2026-07-28"), 400),
]


@pytest.mark.parametrize(("ask", "status"), [case[1:] for case in TURNED_AWAY], ids=[case[0] for case in TURNED_AWAY])
@on_a_loop
async def test_it_is_turned_away(ask: Ask, status: int) -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        asked = await ask(caller).done()

        assert asked.status == status
        assert "error" in asked.messages[0]
        assert (asked.headers.get("allow") == "POST") == (status == 405)


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:8600", "[::1]:8600"])
@on_a_loop
async def test_this_machine_has_several_names(host: str) -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        asked = await caller.modern("tools/list", host=host, origin=f"http://{host}").done()

        assert asked.status == 200


@on_a_loop
async def test_a_modern_notification_is_taken_and_dropped() -> None:
    async with serving({"a": {}}) as (caller, _, _gateway):
        message = {"jsonrpc": "2.0", "method": "notifications/odd"}

        assert (await caller.http("POST", message, mcp_protocol_version="2026-07-28").done()).status == 202


@on_a_loop
async def test_who_leaves_before_he_has_said_all_gets_nothing() -> None:
    async with serving({"a": {}}) as (caller, _, gateway):
        asked = Asked(gateway, "POST", b"", {"host": "localhost", "content-type": "application/json"}, "/mcp")
        asked._incoming.get_nowait()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        await asked.leave()

        assert asked.status == 0
        assert caller.session == ""


@on_a_loop
async def test_while_it_ends_lists_are_served_and_no_streams() -> None:
    async with serving({"a": {}}) as (caller, _, gateway):
        await caller.initialize()
        gateway.end_streams()

        assert (await caller.modern("tools/list").done()).status == 200
        assert (await caller.modern("subscriptions/listen", {"notifications": {}}).done()).error["code"] == -32603
        assert (await caller.http("GET", mcp_session_id=caller.session).done()).status == 503
