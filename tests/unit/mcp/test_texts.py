"""What a peer sends where a text belongs: an error names it, and nobody trips over it, however deep it is."""

from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import MCPToolError, OutcomeUnknownError, ServerUnavailableError
from actors.inputs import InputHandlers, InputRefusedError
from actors.mcp.conversations import handshake
from actors.mcp.envelope import LEGACY_VERSIONS, completed
from actors.mcp.era import Probe
from actors.mcp.jsonrpc import Answer, decode
from actors.mcp.session import Session, server_name
from actors.mcp.texts import shown, text_of
from tests.fixtures.calls import failure
from tests.fixtures.scripted import World


def too_deep_to_write_out() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(RecursionError):
        repr(value)
    return value


DEEP = too_deep_to_write_out()
HANDLERS = InputHandlers(on_elicitation=lambda _: {"action": "cancel"})


def greeted(**answer: Any) -> Any:
    """Shake hands with a server that gives this answer; return what came of it."""
    conversation = handshake({}, "stdio")
    next(conversation)
    try:
        conversation.send(answer)
        conversation.send({})
    except StopIteration as end:
        return end.value
    return pytest.fail("the handshake has no end")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", "'x'"),
        ("x" * 1_000_000, f"'{'x' * 100}'"),
        (7, "7"),
        (None, "None"),
        (DEEP, "a list"),
        ({"x": DEEP}, "an object"),
    ],
)
def test_an_error_says_of_a_value_no_more_than_its_beginning_or_its_kind(value: object, said: str) -> None:
    assert shown(value) == said


@pytest.mark.parametrize("value", [None, 7, DEEP, {"x": DEEP}])
def test_what_is_no_text_is_an_empty_one(value: object) -> None:
    assert text_of(value) == ""


def test_a_question_of_an_unheard_kind_is_refused() -> None:
    with pytest.raises(InputRefusedError, match="unknown mode a list"):
        HANDLERS.question("odd", "elicitation/create", {"mode": DEEP})


def test_a_question_with_an_odd_message_has_none() -> None:
    question = HANDLERS.question("odd", "elicitation/create", {"message": DEEP, "requestedSchema": {}})

    assert question() == {"action": "cancel"}


def test_a_revision_that_is_no_text_is_none_of_ours() -> None:
    refusal = greeted(protocolVersion=DEEP)

    assert isinstance(refusal, ServerUnavailableError)
    assert "speaks protocol a list" in refusal.message


def test_a_server_with_an_odd_name_is_nameless_and_works() -> None:
    session = greeted(protocolVersion=LEGACY_VERSIONS[0], serverInfo={"name": DEEP, "version": "1"}, instructions=DEEP)

    assert isinstance(session, Session)
    assert (session.server_info, session.instructions) == ("1", "")
    assert server_name({"name": "a", "version": DEEP}) == "a"


def test_a_result_of_an_unheard_type_is_malformed() -> None:
    outcome = completed({"resultType": DEEP})

    assert isinstance(outcome, OutcomeUnknownError)
    assert outcome.message == "malformed answer: its resultType is a list"


def test_an_error_whose_message_is_no_text_is_one_without() -> None:
    (answer,) = decode(b'{"id": 1, "error": {"code": -32601, "message": [[]]}}')

    assert isinstance(answer, Answer)
    assert isinstance(answer.outcome, MCPToolError)
    assert answer.outcome.message == "error without a message (code -32601)"


def test_a_tool_that_fails_with_what_is_no_text_has_said_nothing() -> None:
    world = World(tools={"order": {}})
    future, _ = world.begin_tool("order")

    world.end("order", {"isError": True, "content": [{"type": "text", "text": DEEP}]})

    assert failure(future, MCPToolError).message == "the tool failed and said nothing"


def test_a_tool_that_answers_with_what_is_no_text_has_empty_data() -> None:
    world = World(tools={"order": {}})
    future, _ = world.begin_tool("order")

    world.end("order", {"content": [{"type": "text", "text": DEEP}]})

    assert future.result(0).data == ""


@pytest.mark.parametrize(
    "answer",
    [
        {"supportedVersions": ["2031-01-01", DEEP]},
        {"supportedVersions": ["2031-01-01"] * 1_000_000},
        MCPToolError("no", executed="no", code=-32022, data={"supported": [DEEP]}),
    ],
)
def test_revisions_that_nobody_has_heard_of_are_told_as_far_as_they_can_be(answer: Outcome) -> None:
    finding = Probe(capabilities={}, log_level=None, transport="http").finding(answer)

    assert isinstance(finding, ServerUnavailableError)
    assert len(finding.reason) < 1000


@pytest.mark.parametrize("text", ['{"x": [[]]}', '{"id": 1, "x": 1}'])
def test_an_object_that_is_no_message_is_named_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="neither method nor result nor error"):
        decode(text)


def test_a_result_that_is_no_object_is_malformed() -> None:
    (answer,) = decode('{"id": 1, "result": [[]]}')

    assert isinstance(answer, Answer)
    assert isinstance(answer.outcome, OutcomeUnknownError)
    assert answer.outcome.message == "malformed answer: its result is a list"
