"""What a caller gets when a tool answered."""

from typing import Any

import pytest

from actors.call import Result
from actors.errors import MCPToolError
from actors.results import CallMetadata, ToolResult, shaped
from tests.fixtures.calls import make_call

METADATA = CallMetadata(
    server="weather", tool="forecast", request_id=1, attempts=1, queued_s=0.0, duration_s=0.1, protocol="2025-11-25"
)


def text(value: object) -> dict[str, object]:
    return {"type": "text", "text": value}


def answer(**result: Any) -> object:
    return shaped(make_call(method="tools/call", params={"name": "forecast"}), result, METADATA)


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        ({"structuredContent": {"t": 7}, "content": [text("8")]}, {"t": 7}),
        ({"structuredContent": None, "content": [text("8")]}, None),
        ({"content": [text('{"t": 7}')]}, {"t": 7}),
        ({"content": [text("7 degrees")]}, "7 degrees"),
        ({"content": [text("[" * 100_000)]}, "[" * 100_000),
        ({"content": [text("7"), {"type": "image", "data": "…"}]}, 7),
        ({"content": [text("7"), text("8")]}, ["7", "8"]),
        ({"content": [text(7)]}, 7),
        ({"content": [{"type": "image", "data": "…"}]}, []),
        ({"content": ["nonsense", text("sense")]}, "sense"),
        ({"content": "nonsense"}, []),
        ({}, []),
    ],
)
def test_data_is_the_structured_content_or_the_json_of_one_text_or_the_texts(raw: dict[str, Any], data: object) -> None:
    assert ToolResult(raw=raw, metadata=METADATA).data == data


def test_nothing_the_server_sent_is_lost() -> None:
    raw = {"content": [text("7"), "nonsense"], "structuredContent": {"t": 7}, "x-unknown": None}

    result = ToolResult(raw=raw, metadata=METADATA)

    assert result.raw is raw
    assert result.content == [text("7")]
    assert result.structured_content == {"t": 7}


def test_a_tools_answer_has_metadata() -> None:
    result = answer(content=[text("7")])

    assert isinstance(result, ToolResult)
    assert result.metadata is METADATA


def test_a_tool_that_failed_is_an_error_with_its_texts_and_its_result() -> None:
    error = answer(isError=True, content=[text("no such"), text("city")])

    assert isinstance(error, MCPToolError)
    assert (error.message, error.executed, error.code) == ("no such city", "yes", None)
    assert error.result == {"isError": True, "content": [text("no such"), text("city")]}


def test_a_tool_that_failed_and_said_nothing_is_an_error_all_the_same() -> None:
    error = answer(isError=True)

    assert isinstance(error, MCPToolError)
    assert "said nothing" in error.message


def test_only_true_is_an_error() -> None:
    assert isinstance(answer(isError="false"), ToolResult)


def test_the_answer_to_any_other_request_is_raw() -> None:
    raw: Result = {"isError": True, "contents": []}

    assert shaped(make_call(method="resources/read"), raw, METADATA) is raw
