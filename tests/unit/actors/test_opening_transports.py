"""Over which transport a URL is opened: HTTP+SSE where Streamable HTTP is refused; what is no verdict on either."""

import pytest

from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.mcp.session import Belief
from tests.fixtures.opening import DISCOVERED, URL, believed, refused, said, world


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
