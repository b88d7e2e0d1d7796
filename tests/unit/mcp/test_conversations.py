"""What is said on the control connection, exchange by exchange."""

import configparser
from pathlib import Path
from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.mcp import conversations, envelope
from actors.mcp.conversations import Conversation
from actors.mcp.session import Session
from actors.transport import Request

Said = list[tuple[str, dict[str, Any] | None]]


def talk(conversation: Conversation[Any], *outcomes: Outcome) -> tuple[Said, Any]:
    """Run a conversation on these outcomes; return what it said and what it returned. It must need all of them."""
    said: Said = []
    message = next(conversation)
    for number, outcome in enumerate(outcomes, start=1):
        assert isinstance(message, Request)
        said.append((message.method, dict(message.params) if message.params else None))
        try:
            message = conversation.send(outcome)
        except StopIteration as end:
            assert number == len(outcomes), "an outcome was not asked for"
            return said, end.value
    raise AssertionError(f"it goes on with {message}")


def shake_hands() -> Conversation[Session]:
    return conversations.handshake({"roots": {}}, "http")


def hello(**answer: object) -> Outcome:
    return {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "w", "version": "1"}, **answer}


def test_a_handshake_agrees_on_a_session() -> None:
    said, session = talk(shake_hands(), hello(capabilities={"tools": {}}, instructions="be kind"), {})

    assert [method for method, _ in said] == ["initialize", "notifications/initialized"]
    assert said[0][1] is not None
    assert said[0][1]["protocolVersion"] == "2025-11-25"
    assert said[0][1]["capabilities"] == {"roots": {}}
    assert session == Session(
        era="legacy",
        protocol="2025-11-25",
        transport="http",
        capabilities={"tools": {}},
        server_info="w 1",
        instructions="be kind",
    )


@pytest.mark.parametrize("version", envelope.LEGACY_VERSIONS)
def test_every_revision_that_a_server_may_answer_with_is_taken(version: str) -> None:
    _, session = talk(shake_hands(), hello(protocolVersion=version), {})

    assert session.protocol == version


@pytest.mark.parametrize("version", ["1999-01-01", None, 7])
def test_a_revision_we_do_not_speak_is_for_the_configuration_to_mend(version: object) -> None:
    _, end = talk(shake_hands(), hello(protocolVersion=version))

    assert isinstance(end, ServerUnavailableError)
    assert end.state == "config"
    assert repr(version) in end.reason


def test_a_sloppy_answer_is_taken_as_far_as_it_goes() -> None:
    answer: Outcome = {"protocolVersion": "2025-11-25", "capabilities": [], "serverInfo": "w", "instructions": None}

    _, session = talk(shake_hands(), answer, {})

    assert session == Session(era="legacy", protocol="2025-11-25", transport="http")


@pytest.mark.parametrize("before", [[], [hello()]])
def test_a_handshake_ends_with_the_error_of_either_exchange(before: list[Outcome]) -> None:
    error = OutcomeUnknownError("reset")

    _, end = talk(shake_hands(), *before, error)

    assert end is error


@pytest.mark.parametrize("hiccup", [OutcomeUnknownError("EOF", stale=True), MCPConnectionError("refused")])
def test_one_hiccup_of_a_ping_is_no_news(hiccup: Outcome) -> None:
    said, end = talk(conversations.ping(modern=False), hiccup, {})

    assert said == [("ping", None)] * 2
    assert conversations.is_alive(end)


@pytest.mark.parametrize(
    ("outcome", "alive"),
    [
        ({}, True),
        (MCPToolError("no such method", executed="no", code=-32601), True),
        (ServerUnavailableError("HTTP 429", state="throttled"), True),
        (SessionLostError("HTTP 404"), True),
        (MCPTimeoutError("no answer", executed="unknown"), False),
    ],
)
def test_any_answer_to_a_ping_is_a_sign_of_life(outcome: Outcome, *, alive: bool) -> None:
    _, end = talk(conversations.ping(modern=False), outcome)

    assert conversations.is_alive(end) is alive


def test_a_modern_server_is_pinged_by_its_discovery() -> None:
    said, end = talk(conversations.ping(modern=True), {"supportedVersions": []})

    assert said == [("server/discover", None)]
    assert conversations.is_alive(end)


@pytest.mark.parametrize("error", [OutcomeUnknownError("reset"), MCPConnectionError("refused")])
def test_two_hiccups_are_none(error: MCPOrchestratorError) -> None:
    _, end = talk(conversations.ping(modern=False), error, error)

    assert not conversations.is_alive(end)


def test_a_cancel_names_the_request() -> None:
    request = conversations.cancelled(8, "nobody waits")

    assert request.is_notification
    assert request.params == {"requestId": 8, "reason": "nobody waits"}


def test_one_message_is_one_exchange() -> None:
    assert talk(conversations.one(conversations.cancelled(8, "")), {})[1] == {}


def test_what_went_wrong_in_a_handshake_is_an_error_of_the_connect_unless_the_server_refused_us() -> None:
    unknown = OutcomeUnknownError("reset", retry_after_s=7.0)
    refused = ServerUnavailableError("HTTP 401", state="auth_required")

    failure = conversations.as_connect_failure(unknown)

    assert type(failure) is MCPConnectionError
    assert (failure.executed, failure.retry_after_s, failure.__cause__) == ("no", 7.0, unknown)
    assert conversations.as_connect_failure(refused) is refused


def test_we_call_ourselves_by_the_version_of_the_distribution() -> None:
    metadata = configparser.ConfigParser()
    metadata.read(Path(__file__).parents[3] / "setup.cfg")

    assert envelope.CLIENT_INFO["version"] == metadata["metadata"]["version"]
