"""The wires that record find what is wrong with a message: tests of the whole rely on it."""

from collections.abc import Iterator

import pytest

from actors.transport import Reply, Request
from tests.fixtures.recording import RecordingWires

NEWEST, MODERN = "2025-11-25", "2026-07-28"
META: dict[str, object] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.fixture
def record() -> Iterator[RecordingWires]:
    record = RecordingWires()
    yield record
    assert record.wires.close(1.0) == []


@pytest.mark.parametrize(
    "message",
    [
        Request(id=1, method="tools/call", params={"name": "echo", "arguments": {"text": "hello"}}),
        Request(id=2, method="tools/list"),
        Request(id=0, method="notifications/cancelled", params={"requestId": 1, "reason": "late"}),
        Reply(id="a", result={}),
        Reply(id="b", error={"code": -32601, "message": "no such method"}),
    ],
)
def test_what_is_right_is_remembered(record: RecordingWires, message: Request | Reply) -> None:
    record.note(message, NEWEST, {"a": "ping"})

    assert record.mistakes == []
    assert record.sent == [message]


@pytest.mark.parametrize(
    "message",
    [
        Request(id=1, method="tools/call", params={"arguments": {}}),
        Request(id=1, method="tools/call", params={"name": "echo", "arguments": ["hello"]}),
        Request(id=1, method="initialize", params={"protocolVersion": NEWEST}),
        Request(id=1, method="server/discover"),
        Request(id=0, method="notifications/progress", params={"progress": 1}),
        Reply(id="a", error={"message": "no code"}),
        Reply(id="unasked", result={}),
    ],
)
def test_what_is_wrong_in_this_revision_is_a_mistake(record: RecordingWires, message: Request | Reply) -> None:
    record.note(message, NEWEST, {"a": "ping"})

    assert len(record.mistakes) == 1


@pytest.mark.parametrize(
    "message",
    [
        Request(id=1, method="server/discover", params={"_meta": META}),
        Request(id=2, method="tools/list", params={"_meta": META}),
        Request(
            id=3,
            method="tools/call",
            params={"_meta": META, "name": "echo", "inputResponses": {"a": {"roots": []}}, "requestState": "s"},
        ),
        Request(id=0, method="notifications/cancelled", params={"requestId": 1}),
    ],
)
def test_what_is_right_in_the_modern_era_is_remembered(record: RecordingWires, message: Request) -> None:
    record.note(message, MODERN, {})

    assert record.mistakes == []
    assert record.sent == [message]


@pytest.mark.parametrize(
    "message",
    [
        Request(id=1, method="tools/list"),
        Request(id=2, method="tools/list", params={"_meta": {"progressToken": "p"}}),
        Request(id=3, method="ping", params={"_meta": META}),
        Request(id=4, method="tools/call", params={"_meta": META, "name": "echo", "inputResponses": {"a": {}}}),
        Request(id=0, method="notifications/initialized"),
        Reply(id="a", result={}),
        Reply(id="a", error={"code": -32601, "message": "no such method"}),
    ],
)
def test_what_is_wrong_in_the_modern_era_is_a_mistake(record: RecordingWires, message: Request | Reply) -> None:
    record.note(message, MODERN, {"a": "ping"})

    assert len(record.mistakes) == 1
