"""Words of a command line become what a tool's schema asks for."""

import io
from typing import Any

import pytest

from mcp_orchestrator.cli.arguments import from_json, from_words
from mcp_orchestrator.cli.exits import UsageError


def tool(**properties: Any) -> dict[str, Any]:
    definitions = {"Level": {"enum": ["high", "low"]}, "Loop": {"$ref": "#/$defs/Loop"}}
    return {"name": "tool", "inputSchema": {"properties": properties, "$defs": definitions}}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "1984", "1984"),
        ({"type": "string"}, '"quoted"', '"quoted"'),
        ({"type": "string"}, "a=b", "a=b"),
        ({"type": "string"}, "", ""),
        ({"type": "integer"}, "3", 3),
        ({"type": "number"}, "3", 3),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "array"}, "[1]", [1]),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": ["string", "null"]}, "null", None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "5", "5"),
        ({"oneOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "string"}]}, "5", 5),
        ({"$ref": "#/$defs/Level"}, "high", "high"),
        ({"$ref": "#/$defs/Loop"}, "5", 5),
        ({"enum": [1, 2]}, "2", 2),
        ({"const": "7"}, "7", "7"),
        ({}, "5", 5),
        ({}, "five", "five"),
        ({}, "NaN", "NaN"),
    ],
)
def test_a_value_is_what_its_schema_asks_for(schema: dict[str, Any], text: str, value: object) -> None:
    assert from_words([f"key={text}"], tool(key=schema)) == {"key": value}


def test_without_a_schema_a_value_is_json_if_it_parses_else_text() -> None:
    assert from_words(["a=1", "b=x", 'c="y"', "d=[]"], None) == {"a": 1, "b": "x", "c": "y", "d": []}


def test_a_value_of_a_wrong_type_is_refused() -> None:
    with pytest.raises(UsageError, match="limit must be of type integer, not 'ten'"):
        from_words(["limit=ten"], tool(limit={"type": "integer"}))
    with pytest.raises(UsageError, match=r"limit must be of type boolean or integer, not '1\.5'"):
        from_words(["limit=1.5"], tool(limit={"type": ["integer", "boolean"]}))


@pytest.mark.parametrize("word", ["limit", "=3", ""])
def test_a_word_that_is_no_argument_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="is no argument: write key=value"):
        from_words([word], None)


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="a is given twice"):
        from_words(["a=1", "a=2"], None)


def test_json_comes_from_the_option_or_from_stdin() -> None:
    assert from_json('{"a": 1}', io.StringIO()) == {"a": 1}
    assert from_json("-", io.StringIO('{"b": 2}')) == {"b": 2}


@pytest.mark.parametrize(("text", "why"), [("{", "is not JSON"), ("[1]", "must be an object")])
def test_json_that_is_no_object_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        from_json(text, io.StringIO())
