"""What the settings `protocol`, `transport` and `log_level` have an opening do, and leave."""

from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import (
    OutcomeUnknownError,
)
from actors.mcp.session import Belief
from actors.transport import Request
from tests.fixtures.opening import DISCOVERED, MODERN_ONLY, UNKNOWN, URL, believed, refused, said, world


def test_protocol_modern_looks_for_no_http_sse_server_whatever_is_remembered() -> None:
    modern = world(protocol="modern", belief=Belief(era="legacy", transport="sse"), url=URL)
    modern.wire.script("server/discover", DISCOVERED)

    assert modern.connect().result(0)

    assert modern.wire.transports == ["http"]
    assert believed(modern) == Belief(era="modern", transport="http")


def test_protocol_legacy_asks_nobody() -> None:
    legacy = world(protocol="legacy", belief=Belief(era="modern", transport="stdio"))

    assert legacy.connect().result(0)

    assert said(legacy) == ["initialize", "notifications/initialized"]


def test_protocol_legacy_takes_no_server_that_is_modern_only() -> None:
    modern = world(protocol="legacy")
    modern.wire.script("initialize", MODERN_ONLY)

    assert not modern.connect().result(0)

    assert said(modern) == ["initialize"]
    assert modern.status.state == "config"
    assert 'set protocol = "auto"' in modern.status.reason


@pytest.mark.parametrize("answer", [UNKNOWN, {}])
def test_protocol_modern_takes_no_legacy_server(answer: Outcome) -> None:
    legacy = world(protocol="modern")
    legacy.wire.script("server/discover", answer)

    assert not legacy.connect().result(0)

    assert said(legacy) == ["server/discover"]
    assert legacy.status.state == "config"
    assert 'set protocol = "auto"' in legacy.status.reason


@pytest.mark.parametrize("status", [404, 503])
def test_protocol_modern_tries_again_what_may_be_the_word_of_a_proxy(status: int) -> None:
    away = world(url=URL, protocol="modern", max_retries=0)
    error = refused(status) if status < 500 else OutcomeUnknownError("HTTP 503")
    away.wire.script("server/discover", error, DISCOVERED)
    assert not away.connect().result(0)
    assert (away.status.state, away.status.failed_connects) == ("reconnecting", 1)
    assert ('set protocol = "auto"' in away.status.reason) == (status == 404)

    away.advance(1.0)

    assert (away.status.state, away.status.era) == ("ready", "modern")


def test_protocol_modern_does_not_replace_a_silent_child() -> None:
    silent = world(protocol="modern", max_retries=0)
    silent.wire.script("server/discover", OutcomeUnknownError("exited"))

    assert not silent.connect().result(0)

    assert len(silent.wire.connections) == 1


@pytest.mark.parametrize(("transport", "first"), [("http", "server/discover"), ("sse", "initialize")])
def test_transport_is_the_only_one_tried(transport: str, first: str) -> None:
    fixed = world(url=URL, transport=transport, max_retries=0)
    fixed.wire.script("server/discover", refused(405))
    fixed.wire.script("initialize", refused(405))

    assert not fixed.connect().result(0)

    assert fixed.wire.transports == [transport]
    assert said(fixed)[0] == first


@pytest.mark.parametrize(("capabilities", "asked"), [({"logging": {}}, [{"level": "warning"}]), ({}, [])])
def test_log_level_is_what_a_legacy_server_is_asked_for_if_it_has_logs(
    capabilities: dict[str, Any], asked: list[Any]
) -> None:
    legacy = world(protocol="legacy", log_level="warning")
    legacy.wire.script("initialize", {"protocolVersion": "2025-11-25", "capabilities": capabilities})

    legacy.connect()

    sent = [message for message in legacy.wire.sent if isinstance(message, Request)]
    assert [message.params for message in sent if message.method == "logging/setLevel"] == asked


def test_log_level_is_in_every_request_to_a_modern_server() -> None:
    modern = world(log_level="debug")
    modern.wire.script("server/discover", DISCOVERED)

    modern.connect()

    metas = [(message.params or {})["_meta"] for message in modern.wire.sent if isinstance(message, Request)]
    assert {meta["io.modelcontextprotocol/logLevel"] for meta in metas} == {"debug"}
    assert len(metas) == 2
