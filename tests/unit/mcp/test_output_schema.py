"""Structured content that breaks its tool's outputSchema is found out, and none that keeps it."""

import json
import socket
from select import select
from typing import Any

import pytest

from actors.mcp.output_schema import OutputSchema

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "number"}, "sky": {"enum": ["clear", "cloudy"]}},
    "required": ["city"],
    "additionalProperties": False,
}


def mistake(schema: Any, value: Any) -> str | None:
    return OutputSchema(schema).mistake(value)


def test_content_that_keeps_the_schema_has_no_mistake() -> None:
    assert mistake(WEATHER, {"city": "Oslo", "degrees": 4, "sky": "clear"}) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"degrees": 4}, "$: 'city' is a required property"),
        ({"city": 5}, "$.city: 5 is not of type 'string'"),
        ({"city": "Oslo", "degrees": "4"}, "$.degrees: '4' is not of type 'number'"),
        ({"city": "Oslo", "sky": "green"}, "$.sky: 'green' is not one of 'clear', 'cloudy'"),
        ({"city": "Oslo", "wind": 3}, "$: 'wind' is not allowed"),
        (["Oslo"], "$: […] is not of type 'object'"),
        (None, "$: None is not of type 'object'"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(value: Any, says: str) -> None:
    assert mistake(WEATHER, value) == says


def test_a_place_may_be_deep_and_is_short_and_on_one_line() -> None:
    schema = {"additionalProperties": {"items": {"type": "integer"}}}

    assert mistake(schema, {"a b": [1, "x"]}) == "$['a b'][1]: 'x' is not of type 'integer'"
    assert mistake(schema, {"a\nb\x1b": ["x"]}) == "$['a?b?'][0]: 'x' is not of type 'integer'"
    assert len(mistake(schema, {"k" * 100_000: ["x" * 100_000]}) or "") < 400
    assert len(mistake({"maximum": 0}, 10**4_000) or "") < 400


TREE = {"$defs": {"n": {"properties": {"n": {"$ref": "#/$defs/n"}}, "type": "object"}}, "$ref": "#/$defs/n"}
KEYWORDS: list[tuple[Any, Any, Any]] = [
    ({"type": "integer"}, 5.0, 5.5),
    ({"type": ["string", "null"]}, None, 5),
    ({"type": "integer"}, 1, True),
    ({"const": {"a": [1]}}, {"a": [1.0]}, {"a": [True]}),
    ({"enum": [1, "a", None]}, 1.0, True),
    ({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}], [{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]),
    ({"uniqueItems": True}, [[], {}, None, False, 0, ""], [0, -0.0]),
    ({"uniqueItems": False}, [1, 1], None),
    ({"items": {"type": "string"}}, ["a"], ["a", 5]),
    ({"prefixItems": [{"type": "string"}], "items": False}, ["a"], ["a", 5]),
    ({"contains": {"type": "string"}, "maxContains": 1}, ["a", 5], ["a", "b"]),
    ({"propertyNames": {"maxLength": 1}}, {"a": 1}, {"ab": 1}),
    ({"minProperties": 1}, {"a": 1}, {}),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 2}, {"a": 1}),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"b": 1}, {"a": 1}),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, 5),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, 1, 5),
    ({"not": {"type": "string"}}, 5, "a"),
    ({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 2}}, "ab", 1),
    ({"multipleOf": 0.5, "exclusiveMinimum": 1}, 1.5, 1.2),
    ({"additionalProperties": {"type": "string"}, "properties": {"a": {}}}, {"a": 1, "b": "x"}, {"b": 1}),
    ({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}, "a", 5),
    ({"$defs": {"a": {"$anchor": "x", "type": "string"}}, "$ref": "#x"}, "a", 5),
    (TREE, {"n": {"n": {}}}, {"n": {"n": 5}}),
    ({"$id": "https://a.example/b", "$defs": {"c": {"$id": "c", "type": "string"}}, "$ref": "c"}, "a", 5),
    ({"$id": "relative", "$defs": {"c": {"$id": "c", "type": "string"}}, "$ref": "c"}, "a", 5),
    ({"$dynamicAnchor": "n", "type": ["array", "null"], "items": {"$dynamicRef": "#n"}}, [[None]], [[5]]),
    (True, {"a": 1}, None),
    (False, None, 5),
]


@pytest.mark.parametrize(("schema", "good", "bad"), KEYWORDS, ids=lambda part: json.dumps(part)[:60])
def test_every_keyword_tells_good_from_bad(schema: Any, good: Any, bad: Any) -> None:
    told = OutputSchema(schema)

    if schema is not False:
        assert told.mistake(good) is None
    if bad is not None:
        assert told.mistake(bad) is not None


OLD, NEW = "http://json-schema.org", "https://json-schema.org"
TUPLE, PREFIX = {"items": [{"type": "string"}], "additionalItems": False}, {"prefixItems": [{"type": "string"}]}
DIALECTS: list[tuple[Any, dict[str, Any], Any, Any]] = [
    (f"{OLD}/draft-04/schema#", {"minimum": 5, "exclusiveMinimum": True}, 6, 5),
    (f"{OLD}/draft-06/schema#", TUPLE, ["a"], ["a", 5]),
    (f"{OLD}/draft-07/schema#", TUPLE, ["a"], [5]),
    (f"{OLD}/draft-07/schema", {"dependencies": {"a": ["b"]}}, {"b": 1}, {"a": 1}),
    (f"{NEW}/draft-07/schema#", {"definitions": {"a": {"type": "null"}}, "$ref": "#/definitions/a"}, None, 5),
    (f"{NEW}/draft/2019-09/schema", {"items": {"$recursiveRef": "#"}, "maxItems": 1}, [[]], [[[], []]]),
    (f"{NEW}/draft/2020-12/schema", PREFIX, ["a"], [5]),
    (f"{NEW}/draft/2020-12/schema#", PREFIX, ["a"], [5]),
    ("https://a.example/unheard-of", PREFIX, ["a"], [5]),
    (5, PREFIX, ["a"], [5]),
]


@pytest.mark.parametrize(("dialect", "schema", "good", "bad"), DIALECTS)
def test_the_root_names_the_dialect_and_an_unknown_one_is_the_latest(
    dialect: Any, schema: dict[str, Any], good: Any, bad: Any
) -> None:
    told = OutputSchema({"$schema": dialect, **schema})

    assert told.mistake(good) is None
    assert told.mistake(bad) is not None


@pytest.mark.parametrize(
    "reference",
    [
        "https://a.example/b",
        "b.json",
        "#/$defs/none",
        "#none",
        "#/allOf/x",
        "http://[",
        "urn:a:b",
        "file:///etc/passwd",
    ],
)
def test_a_reference_to_what_is_not_in_the_schema_is_a_mistake(reference: str) -> None:
    schema = {"allOf": [True], "properties": {"a": {"$ref": reference}}}

    assert mistake(schema, {"a": 1}) == f"the schema refers to {reference!r}, which is not in it"
    assert mistake(schema, {"b": 1}) is None


def test_nothing_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"

        said = mistake({"$id": url, "$ref": url + "/other", "$schema": url, "properties": {"a": {"$schema": url}}}, {})

        assert said is not None
        assert select([server], [], [], 0)[0] == []


@pytest.mark.parametrize("schema", [None, 5, "text", [], ["object"]])
def test_what_is_no_schema_checks_nothing(schema: Any) -> None:
    assert mistake(schema, {"a": 1}) is None


@pytest.mark.parametrize(
    "junk",
    [
        {"type": 5},
        {"type": "strin"},
        {"type": {}},
        {"type": []},
        {"anyOf": []},
        {"oneOf": {}},
        {"enum": "text"},
        {"required": "name"},
        {"required": {"a": True}},
        {"dependentRequired": {"a": "name"}},
        {"properties": ["a"]},
        {"required": True},
        {"items": 5},
        {"allOf": {"a": 1}},
        {"allOf": ["text"]},
        {"minimum": "5"},
        {"multipleOf": 0},
        {"enum": 5},
        {"$ref": 5},
        {"$ref": ["#"]},
        {"$id": 5},
        {"$defs": {"a": {"$id": 5}}, "$ref": "#x"},
        {"$defs": 5, "$ref": "#/properties/a/minimum", "properties": {"a": {"minimum": 5}}},
        {"not": 5},
        {"contains": "a"},
    ],
    ids=json.dumps,
)
def test_a_schema_that_is_none_at_some_place_checks_nothing_from_there_on(junk: dict[str, Any]) -> None:
    for value in ({"a": 1, "b": [1]}, [1, "a"], 7, "text", None):
        said = mistake({"allOf": [{"type": ["object", "array", "number", "string", "null"]}, junk]}, value)
        assert said is None or "refers to" in said


def test_a_mistake_before_such_a_place_is_told() -> None:
    assert mistake({"properties": {"a": {"type": "string"}}, "required": True}, {"a": 5}) is not None


def test_the_schema_is_read_once() -> None:
    schema: dict[str, Any] = {"type": "object"}
    told = OutputSchema(schema)

    schema["type"] = "string"

    assert told.mistake({}) is None
