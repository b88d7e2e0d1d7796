"""What the answers to server/discover say about a server."""

from dataclasses import replace
from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.mcp.conversations import discover
from actors.mcp.envelope import LEGACY_VERSIONS, envelope
from actors.mcp.era import Finding, Legacy, Probe, Silent, casts_doubt, is_of_another_era
from actors.mcp.session import Session, Way
from actors.transport import Reply, Request

DISCOVERED = {
    "supportedVersions": ["2026-07-28"],
    "capabilities": {"tools": {"listChanged": True}},
    "instructions": "be kind",
    "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "weather", "version": "2"}},
}


def probe(transport: Way = "http", *, log_level: str | None = None) -> Probe:
    return Probe(capabilities={"roots": {}}, log_level=log_level, transport=transport)


def ask(*outcomes: Outcome, transport: Way = "http") -> tuple[list[Request | Reply], Finding]:
    """Run the probe against these answers; return what was asked and what was found."""
    conversation, asked = discover(probe(transport)), list[Request | Reply]()
    answers: list[Outcome | None] = [None, *outcomes]
    try:
        for answer in answers:
            asked.append(next(conversation) if answer is None else conversation.send(answer))
    except StopIteration as end:
        return asked, end.value
    raise AssertionError("it asked once more than there were answers")


def refused(code: int, data: Any = None, status: int | None = 400) -> MCPToolError:
    error = MCPToolError("refused", executed="no", code=code, data=data)
    error.status = status
    return error


def with_status(error: MCPOrchestratorError, status: int | None) -> MCPOrchestratorError:
    error.status = status
    return error


def test_a_discovery_that_names_our_revision_is_modern() -> None:
    asked, session = ask(DISCOVERED)

    assert [message.method for message in asked if isinstance(message, Request)] == ["server/discover"]
    assert isinstance(session, Session)
    assert (session.era, session.protocol, session.transport) == ("modern", "2026-07-28", "http")
    assert (session.server_info, session.instructions) == ("weather 2", "be kind")
    assert session.offers("tools", "listChanged")
    assert session.envelope == envelope("2026-07-28", {"roots": {}})


def test_the_question_carries_the_envelope_of_every_modern_request() -> None:
    params = probe(log_level="warning").ask().params

    assert params == {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "mcp-orchestrator", "version": "0.1.0"},
            "io.modelcontextprotocol/clientCapabilities": {"roots": {}},
            "io.modelcontextprotocol/logLevel": "warning",
        }
    }


@pytest.mark.parametrize("versions", [list(LEGACY_VERSIONS), ["2025-06-18"], ["1999-01-01", "2024-11-05"], [], None, 7])
def test_a_discovery_without_a_modern_revision_is_legacy(versions: object) -> None:
    assert ask({**DISCOVERED, "supportedVersions": versions})[1] == Legacy()
    assert ask({})[1] == Legacy()


def test_a_discovery_of_unknown_revisions_only_is_nobody_we_can_talk_to() -> None:
    _, end = ask({**DISCOVERED, "supportedVersions": ["2031-01-01"]})

    assert isinstance(end, ServerUnavailableError)
    assert end.state == "config"
    assert "2031-01-01" in end.reason
    assert "2026-07-28" in end.reason


def test_a_refusal_that_lists_our_revision_is_asked_once_more() -> None:
    asked, session = ask(refused(-32022, {"supported": ["2026-07-28"], "requested": "x"}), DISCOVERED)

    assert len(asked) == 2
    assert isinstance(session, Session)


def test_a_server_that_refuses_what_it_lists_twice_is_given_up() -> None:
    refusal = refused(-32022, {"supported": ["2026-07-28"]})

    asked, end = ask(refusal, refusal)

    assert len(asked) == 2
    assert isinstance(end, ServerUnavailableError)


def test_a_refusal_that_lists_legacy_revisions_is_legacy() -> None:
    assert ask(refused(-32022, {"supported": ["2025-11-25"]}))[1] == Legacy()


def test_a_refusal_that_lists_unknown_revisions_has_nothing_in_common() -> None:
    _, end = ask(refused(-32022, {"supported": ["2031-01-01"]}))

    assert isinstance(end, ServerUnavailableError)


@pytest.mark.parametrize(
    "error", [refused(-32022), refused(-32022, {"supported": []}), refused(-32020), refused(-32021)]
)
def test_an_error_that_only_modern_servers_have_is_no_reason_to_shake_hands(error: MCPToolError) -> None:
    assert ask(error)[1] is error


@pytest.mark.parametrize("transport", ["http", "stdio"])
@pytest.mark.parametrize("code", [-32601, -32602, -32600, -32603, -32000, -32001, -32700, 1])
def test_any_other_error_of_the_server_is_legacy(code: int, transport: Way) -> None:
    assert ask(refused(code), transport=transport)[1] == Legacy()


@pytest.mark.parametrize(
    "error",
    [
        with_status(MCPConnectionError("HTTP 404"), 404),
        with_status(MCPConnectionError("HTTP 405"), 405),
        with_status(MCPConnectionError("HTTP 406"), 406),
        with_status(OutcomeUnknownError("HTTP 409"), 409),
        with_status(OutcomeUnknownError("HTML"), 200),
        with_status(OutcomeUnknownError("nothing"), 202),
    ],
)
def test_an_http_answer_that_is_no_json_rpc_is_legacy(error: MCPOrchestratorError) -> None:
    assert ask(error)[1] == Legacy(error)


@pytest.mark.parametrize("kind", ["input_required", "task", 7])
def test_a_discovery_of_another_type_is_none(kind: object) -> None:
    assert ask({**DISCOVERED, "resultType": kind})[1] == Legacy()
    assert isinstance(ask({**DISCOVERED, "resultType": "complete"})[1], Session)


@pytest.mark.parametrize(
    "error",
    [
        MCPConnectionError("refused"),
        MCPTimeoutError("no answer", executed="unknown"),
        OutcomeUnknownError("reset"),
        with_status(OutcomeUnknownError("HTTP 503"), 503),
        with_status(MCPConnectionError("moved"), 302),
        ServerUnavailableError("HTTP 401", state="auth_required"),
        ServerUnavailableError("HTTP 429", state="throttled"),
    ],
)
def test_a_fault_over_http_is_no_verdict(error: MCPOrchestratorError) -> None:
    assert ask(error)[1] is error


@pytest.mark.parametrize(
    "error",
    [
        MCPTimeoutError("no answer", executed="unknown"),
        OutcomeUnknownError("the server's process exited with code 1"),
    ],
)
def test_a_child_that_ends_or_says_nothing_is_silent(error: MCPOrchestratorError) -> None:
    assert ask(error, transport="stdio")[1] == Silent(error)


@pytest.mark.parametrize(
    "error",
    [
        ServerUnavailableError("no such program", state="config"),
        MCPConnectionError("no process is to be had"),
        NotExecutedError("gone before it was sent"),
        MCPTimeoutError("it was never read", executed="no"),
    ],
)
def test_a_child_that_has_not_heard_the_question_is_not_silent(error: MCPOrchestratorError) -> None:
    assert ask(error, transport="stdio")[1] is error


MODERN = probe().finding(DISCOVERED)
LEGACY = Session(era="legacy", protocol="2025-11-25", transport="http")


@pytest.mark.parametrize(
    ("outcome", "doubtful"),
    [
        (with_status(MCPConnectionError("HTTP 404"), 404), True),
        (refused(-32600), True),
        (refused(-32000), True),
        (refused(-32601, status=404), True),
        (refused(-32022), True),
        (refused(-32022, {"supported": ["2025-11-25"]}), True),
        (refused(-32022, {"supported": ["2026-07-28"]}), False),
        (refused(-32602), False),
        (refused(-32020), False),
        (refused(-32600, status=None), False),
        (MCPConnectionError("refused"), False),
        (with_status(OutcomeUnknownError("HTTP 502"), 502), False),
        ({}, False),
    ],
)
def test_an_answer_as_a_legacy_server_gives_it_casts_doubt_on_a_modern_one(outcome: Outcome, *, doubtful: bool) -> None:
    assert isinstance(MODERN, Session)
    assert casts_doubt(outcome, MODERN) is doubtful


@pytest.mark.parametrize(
    ("outcome", "doubtful"),
    [
        (refused(-32602), True),
        (refused(-32020), True),
        (refused(-32022), True),
        (refused(-32602, status=200), False),
        (refused(-32022, status=None), False),
        (refused(-32600), False),
        (refused(-32601, status=404), False),
        (with_status(MCPConnectionError("HTTP 404"), 404), False),
        ({}, False),
    ],
)
def test_an_answer_as_a_modern_server_gives_it_casts_doubt_on_a_legacy_one(outcome: Outcome, *, doubtful: bool) -> None:
    assert casts_doubt(outcome, LEGACY) is doubtful
    assert not casts_doubt(outcome, replace(LEGACY, transport="sse"))


@pytest.mark.parametrize("outcome", [refused(-32600), with_status(MCPConnectionError("HTTP 405"), 405), {"tools": []}])
def test_a_modern_server_that_answers_a_discovery_like_a_legacy_one_was_replaced(outcome: Outcome) -> None:
    assert isinstance(MODERN, Session)
    assert is_of_another_era(outcome, MODERN)
    assert not is_of_another_era(DISCOVERED, MODERN)
    assert not is_of_another_era(MCPConnectionError("refused"), MODERN)


def test_a_legacy_server_that_answers_as_only_modern_ones_do_was_replaced() -> None:
    assert is_of_another_era(refused(-32022), LEGACY)
    assert is_of_another_era(refused(-32602), LEGACY)
    assert not is_of_another_era(refused(-32602, status=200), LEGACY)
    assert not is_of_another_era(refused(-32601), LEGACY)
    assert not is_of_another_era({}, LEGACY)
