"""How a connection is opened: by asking for the era, by what is remembered, and again where the answer says so."""

from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.mcp.session import Belief
from actors.transport import Request
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World

URL = "http://127.0.0.1:9/mcp"
DISCOVERED: Outcome = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
UNKNOWN = MCPToolError("no such method", executed="no", code=-32601)
MODERN_ONLY = MCPToolError("speaks 2026-07-28", executed="no", code=-32022, data={"supported": ["2026-07-28"]})


def refused(status: int) -> MCPOrchestratorError:
    error = MCPConnectionError(f"HTTP {status}")
    error.status = status
    return error


def world(*, belief: Belief | None = None, **config: Any) -> World:
    """Return a server that nobody has connected to yet."""
    config.setdefault("protocol", "auto")
    made = World(connect=False, tools={"forecast": {}}, **config)
    if belief is not None:
        made.stop()
        made.server = made.start(generation=1, belief=belief)
    return made


def said(world: World) -> list[str]:
    """Return what was sent so far, without lists."""
    methods = [message.method for message in world.wire.sent if isinstance(message, Request)]
    return [method for method in methods if method != "tools/list"]


def believed(world: World) -> Belief:
    return Belief(era=world.status.era, transport=world.status.transport)


def test_a_modern_server_is_asked_once_and_needs_no_handshake() -> None:
    modern = world()
    modern.wire.script("server/discover", DISCOVERED)

    assert modern.connect().result(0)

    assert said(modern) == ["server/discover"]
    assert (modern.status.era, modern.status.protocol, modern.status.state) == ("modern", "2026-07-28", "ready")
    assert list(modern.status.catalogue.tools) == ["forecast"]


def test_every_request_of_a_modern_connection_carries_the_envelope() -> None:
    modern = world()
    modern.wire.script("server/discover", DISCOVERED)
    modern.connect()

    modern.begin_tool("forecast")

    metas = [(message.params or {})["_meta"] for message in modern.wire.sent if isinstance(message, Request)]
    assert len(metas) == 3  # The probe, the list and the call.
    assert {meta["io.modelcontextprotocol/protocolVersion"] for meta in metas} == {"2026-07-28"}


def test_a_server_that_does_not_know_the_question_shakes_hands_on_the_same_connection() -> None:
    legacy = world()
    legacy.wire.script("server/discover", UNKNOWN)

    assert legacy.connect().result(0)

    assert said(legacy) == ["server/discover", "initialize", "notifications/initialized"]
    assert len(legacy.wire.connections) == 1
    assert believed(legacy) == Belief(era="legacy", transport="stdio")


def test_a_legacy_connection_carries_no_envelope() -> None:
    legacy = world()
    legacy.wire.script("server/discover", UNKNOWN)
    legacy.connect()

    _, exchange = legacy.begin_tool("forecast")

    assert isinstance(exchange.message, Request)
    assert exchange.message.params == {"name": "forecast", "arguments": {}}


@pytest.mark.parametrize("how", ["silence", "exit"])
def test_a_silent_child_is_replaced_by_one_that_hears_initialize_first(how: str) -> None:
    silent = world(probe_timeout_s=5.0)
    silent.wire.script("server/discover", None if how == "silence" else OutcomeUnknownError("exited with code 1"))
    reply = silent.connect()

    if how == "silence":
        silent.exchange("server/discover").write()
        silent.advance(4.9)
        assert len(silent.wire.connections) == 1
        silent.advance(0.1)
        exchange = silent.exchange("server/discover")
        assert exchange.aborted
        exchange.end(OutcomeUnknownError("broken off"))
        silent.runtime.run()

    assert reply.result(0)
    assert said(silent) == ["server/discover", "initialize", "notifications/initialized"]
    assert [connection.ended for connection in silent.wire.connections] == ["aborted", ""]
    assert believed(silent) == Belief(era="legacy", transport="stdio")
    assert (silent.status.failed_connects, silent.status.breaker.failures) == (0, 0)


def test_the_next_child_waits_until_the_silent_one_is_gone() -> None:
    silent = world()
    silent.wire.releases = False
    silent.wire.script("server/discover", OutcomeUnknownError("exited"))
    silent.connect()
    assert len(silent.wire.connections) == 1

    silent.wire.connections[0].release()
    silent.runtime.run()

    assert len(silent.wire.connections) == 2


def test_a_child_that_is_silent_and_refuses_initialize_too_is_asked_anew_next_time() -> None:
    broken = world(max_retries=0)
    broken.wire.script("server/discover", OutcomeUnknownError("exited"))
    broken.wire.script("initialize", OutcomeUnknownError("exited again"))

    assert not broken.connect().result(0)

    assert "exited again" in broken.status.reason
    assert believed(broken) == Belief()
    broken.wire.script("server/discover", DISCOVERED)
    assert broken.connect().result(0)
    assert broken.status.era == "modern"


def test_a_remembered_legacy_server_is_not_asked() -> None:
    legacy = world(belief=Belief(era="legacy", transport="stdio"))

    assert legacy.connect().result(0)

    assert said(legacy) == ["initialize", "notifications/initialized"]


def test_what_a_connection_found_holds_for_the_next_one() -> None:
    legacy = world()
    legacy.wire.script("server/discover", UNKNOWN)
    legacy.connect()

    assert legacy.connect(anew=True).result(0)

    assert said(legacy).count("server/discover") == 1


def test_a_remembered_legacy_server_that_has_become_modern_is_found_out_on_the_same_connection() -> None:
    upgraded = world(belief=Belief(era="legacy", transport="stdio"))
    upgraded.wire.script("initialize", MODERN_ONLY)
    upgraded.wire.script("server/discover", DISCOVERED)

    assert upgraded.connect().result(0)

    assert said(upgraded) == ["initialize", "server/discover"]
    assert believed(upgraded) == Belief(era="modern", transport="stdio")


def test_a_remembered_modern_server_that_has_become_legacy_shakes_hands() -> None:
    downgraded = world(belief=Belief(era="modern", transport="http"), url=URL)
    downgraded.wire.script("server/discover", refused(404))

    assert downgraded.connect().result(0)

    assert believed(downgraded) == Belief(era="legacy", transport="http")


def test_a_remembered_modern_child_that_is_silent_is_a_failure_and_asked_anew_next_time() -> None:
    silent = world(belief=Belief(era="modern", transport="stdio"), max_retries=0)
    silent.wire.script("server/discover", OutcomeUnknownError("exited with code 3"))

    assert not silent.connect().result(0)

    assert len(silent.wire.connections) == 1
    assert "exited with code 3" in silent.status.reason
    assert believed(silent) == Belief()


def test_a_server_that_refuses_both_eras_is_not_asked_in_a_circle() -> None:
    odd = world(belief=Belief(era="legacy", transport="stdio"), max_retries=0)
    odd.wire.script("initialize", MODERN_ONLY)
    odd.wire.script("server/discover", UNKNOWN)

    assert not odd.connect().result(0)

    assert said(odd) == ["initialize", "server/discover"]
    assert "speaks 2026-07-28" in odd.status.reason


@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_url_that_takes_no_post_is_tried_as_http_sse_in_the_same_connect(status: int) -> None:
    old = world(url=URL)
    old.wire.script("server/discover", refused(status))
    old.wire.script("initialize", refused(status))

    assert old.connect().result(0)

    assert old.wire.transports == ["http", "sse"]
    assert said(old) == ["server/discover", "initialize", "initialize", "notifications/initialized"]
    assert believed(old) == Belief(era="legacy", transport="sse")
    assert old.status.failed_connects == 0


def test_a_url_that_is_no_http_sse_either_fails_with_what_the_first_transport_said() -> None:
    nothing = world(url=URL, max_retries=0)
    nothing.wire.script("server/discover", refused(405))
    nothing.wire.script("initialize", refused(405), refused(406))

    assert not nothing.connect().result(0)

    assert "HTTP 405" in nothing.status.reason
    assert believed(nothing) == Belief()


@pytest.mark.parametrize(
    "fault",
    [
        MCPConnectionError("connection refused"),
        OutcomeUnknownError("HTTP 503"),
        ServerUnavailableError("HTTP 401", state="auth_required"),
        ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=5.0),
    ],
)
def test_a_fault_is_no_verdict(fault: MCPOrchestratorError) -> None:
    away = world(url=URL, max_retries=0)
    away.wire.script("server/discover", fault)

    away.connect()

    assert said(away) == ["server/discover"]
    assert len(away.wire.connections) == 1
    assert believed(away) == Belief()


def test_a_fault_in_initialize_is_no_reason_to_try_another_transport() -> None:
    away = world(url=URL, max_retries=0)
    away.wire.script("server/discover", refused(404))
    away.wire.script("initialize", ServerUnavailableError("HTTP 403", state="auth_required"))

    away.connect()

    assert away.wire.transports == ["http"]
    assert away.status.state == "auth_required"


def test_what_keeps_us_from_http_sse_is_told_and_not_that_the_first_transport_was_refused() -> None:
    locked = world(url=URL)
    locked.wire.script("server/discover", refused(405))
    locked.wire.script("initialize", refused(405), ServerUnavailableError("HTTP 401", state="auth_required"))

    locked.connect()

    assert (locked.wire.transports, locked.status.state) == (["http", "sse"], "auth_required")


def test_a_remembered_http_sse_server_is_reached_by_it_at_once() -> None:
    old = world(belief=Belief(era="legacy", transport="sse"), url=URL)

    assert old.connect().result(0)

    assert old.wire.transports == ["sse"]
    assert said(old) == ["initialize", "notifications/initialized"]


def test_a_remembered_http_sse_server_that_has_moved_on_is_asked_anew_next_time() -> None:
    moved = world(belief=Belief(era="legacy", transport="sse"), url=URL)
    moved.wire.script("initialize", refused(405))
    moved.wire.script("server/discover", DISCOVERED)
    moved.connect()

    moved.advance(1.0)

    assert moved.wire.transports == ["sse", "http"]
    assert believed(moved) == Belief(era="modern", transport="http")


def test_protocol_modern_looks_for_no_http_sse_server_whatever_is_remembered() -> None:
    modern = world(protocol="modern", belief=Belief(era="legacy", transport="sse"), url=URL)
    modern.wire.script("server/discover", DISCOVERED)

    assert modern.connect().result(0)

    assert modern.wire.transports == ["http"]
    assert believed(modern) == Belief(era="modern", transport="http")


def test_a_child_that_refuses_initialize_as_modern_ones_do_and_is_silent_then_is_not_replaced_for_ever() -> None:
    torn = world(max_retries=0)
    torn.wire.script("server/discover", *[OutcomeUnknownError("exited")] * 9)
    torn.wire.script("initialize", *[MODERN_ONLY] * 9)

    assert not torn.connect().result(0)

    assert len(torn.wire.connections) == 2
    assert "speaks 2026-07-28" in torn.status.reason


def test_a_remembered_http_sse_server_whose_stream_is_of_no_use_is_asked_anew_next_time() -> None:
    moved = world(belief=Belief(era="legacy", transport="sse"), url=URL, handshake_timeout_s=3.0)
    moved.wire.script("initialize", None)
    moved.wire.script("server/discover", DISCOVERED)
    moved.connect()
    moved.exchange("initialize").write()

    moved.advance(3.0)
    moved.exchange("initialize").end(OutcomeUnknownError("broken off"))
    moved.runtime.run()
    moved.advance(1.0)

    assert moved.wire.transports == ["sse", "http"]
    assert believed(moved) == Belief(era="modern", transport="http")


def test_a_remembered_http_sse_server_that_is_away_is_remembered() -> None:
    away = world(belief=Belief(era="legacy", transport="sse"), url=URL)
    away.wire.script("initialize", MCPConnectionError("connection refused"))
    away.connect()

    away.advance(1.0)

    assert away.wire.transports == ["sse", "sse"]


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


def test_a_disconnect_in_the_middle_of_the_question_ends_it() -> None:
    slow = world()
    slow.wire.script("server/discover", None)
    reply = slow.connect()

    slow.stop()

    assert not reply.result(0)


def test_calls_wait_for_the_second_child() -> None:
    silent = world()
    silent.wire.script("server/discover", None)
    silent.connect()
    future = silent.call_tool("forecast")
    exchange = silent.exchange("server/discover")
    exchange.write()
    silent.advance(10.0)
    exchange.end(OutcomeUnknownError("broken off"))
    silent.runtime.run()

    silent.end("forecast", {"content": []})

    assert future.result(0).metadata.protocol == "2025-11-25"


def test_a_modern_server_replaced_by_a_legacy_one_is_found_out_by_a_call_that_it_refuses() -> None:
    modern = world(url=URL)
    modern.wire.script("server/discover", DISCOVERED, *[refused(400)] * 3)
    modern.connect()

    future, _ = modern.begin_tool("forecast")
    modern.end("forecast", refused(400))
    modern.advance(1.0)

    assert believed(modern).era == "legacy"
    assert modern.status.state == "ready"
    modern.end("forecast", {"content": []})  # It was not executed, so it went out once more.
    assert future.result(0).metadata.attempts == 2


def test_a_modern_server_that_only_refuses_a_call_stays_modern() -> None:
    modern = world(url=URL)
    modern.wire.script("server/discover", DISCOVERED, DISCOVERED)
    modern.connect()
    future, _ = modern.begin_tool("forecast")
    error = MCPToolError("no", executed="no", code=-32601)
    error.status = 404

    modern.end("forecast", error)

    assert failure(future, MCPToolError).executed == "no"
    assert said(modern).count("server/discover") == 2
    assert (modern.status.era, modern.status.connection) == ("modern", 1)


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
