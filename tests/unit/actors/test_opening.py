"""How a connection is opened: by asking for the era, by what is remembered, and again where the answer says so."""

import pytest

from actors.errors import (
    MCPToolError,
    OutcomeUnknownError,
)
from actors.mcp.session import Belief
from actors.transport import Request
from tests.fixtures.calls import failure
from tests.fixtures.opening import DISCOVERED, MODERN_ONLY, UNKNOWN, URL, believed, refused, said, world


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


def test_a_child_that_refuses_initialize_as_modern_ones_do_and_is_silent_then_is_not_replaced_for_ever() -> None:
    torn = world(max_retries=0)
    torn.wire.script("server/discover", *[OutcomeUnknownError("exited")] * 9)
    torn.wire.script("initialize", *[MODERN_ONLY] * 9)

    assert not torn.connect().result(0)

    assert len(torn.wire.connections) == 2
    assert "speaks 2026-07-28" in torn.status.reason


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
