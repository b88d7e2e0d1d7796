"""The wires that record find what is wrong with a message: tests of the whole rely on it."""

from collections.abc import Iterator

import pytest

from actors.transport import Reply, Request
from tests.fixtures.recording import RecordingWires

NEWEST = "2025-11-25"


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
