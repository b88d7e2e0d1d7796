"""Which tools may be offered, with their `x-mcp-header`, and which arguments those mirror."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from actors.mcp.header_params import (
    MOST_SCHEMAS,
    MOST_STEPS,
    HeaderParam,
    InvalidHeaderParamError,
    header_params,
)

REGION = {"type": "string", "x-mcp-header": "Region"}


def tool(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


# The tools of the conformance scenario http-invalid-tool-headers, all of which a client has to drop.
INVALID_TOOLS = {
    "empty": tool(value={"type": "string", "x-mcp-header": ""}),
    "object": tool(data={"type": "object", "x-mcp-header": "Data"}),
    "array": tool(items={"type": "array", "items": {"type": "string"}, "x-mcp-header": "Items"}),
    "null": tool(nil={"type": "null", "x-mcp-header": "Nil"}),
    "number": tool(score={"type": "number", "x-mcp-header": "Score"}),
    "same name": tool(field1=REGION, field2=REGION),
    "same but for case": tool(
        field1={"type": "string", "x-mcp-header": "MyField"}, field2={"type": "string", "x-mcp-header": "myfield"}
    ),
    "space": tool(value={"type": "string", "x-mcp-header": "My Region"}),
    "colon": tool(value={"type": "string", "x-mcp-header": "Region:Primary"}),
    "not ASCII": tool(value={"type": "string", "x-mcp-header": "Région"}),
    "control character": tool(value={"type": "string", "x-mcp-header": "Region\t1"}),
}


def test_the_valid_tool_of_the_conformance_suite_stays() -> None:
    assert header_params(tool(region=REGION)) == (HeaderParam(("region",), "Mcp-Param-Region"),)


@pytest.mark.parametrize("name", INVALID_TOOLS)
def test_the_invalid_tools_of_the_conformance_suite_are_dropped(name: str) -> None:
    with pytest.raises(InvalidHeaderParamError):
        header_params(INVALID_TOOLS[name])


@pytest.mark.parametrize(
    "annotated",
    [
        {"x-mcp-header": "Region"},
        {"type": None, "x-mcp-header": "Region"},
        {"type": ["string"], "x-mcp-header": "Region"},
        {"type": ["string", "null"], "x-mcp-header": "Region"},
        {"type": "String", "x-mcp-header": "Region"},
        {"type": "string", "x-mcp-header": None},
        {"type": "string", "x-mcp-header": 5},
        {"type": "string", "x-mcp-header": ["Region"]},
        {"type": "string", "x-mcp-header": "Region\n"},
        {"type": "string", "x-mcp-header": "\r\nCookie: a=b"},
        {"type": "string", "x-mcp-header": "(Region)"},
        {"enum": ["a"], "x-mcp-header": "Region"},
    ],
)
def test_an_annotation_that_breaks_a_rule_drops_its_tool(annotated: dict[str, Any]) -> None:
    with pytest.raises(InvalidHeaderParamError):
        header_params(tool(value=annotated))


@pytest.mark.parametrize(
    "schema",
    [
        {**REGION, "properties": {}},
        tool(list={"type": "array", "items": REGION}),
        tool(list={"type": "array", "items": {"type": "object", "properties": {"region": REGION}}}),
        tool(list={"type": "array", "items": [REGION]}),
        tool(list={"type": "array", "items": [{}], "additionalItems": REGION}),
        tool(list={"type": "array", "prefixItems": [{}, REGION]}),
        tool(list={"type": "array", "contains": REGION}),
        tool(list={"type": "array", "unevaluatedItems": REGION}),
        tool(value={"anyOf": [REGION, {"type": "null"}]}),
        {"anyOf": [tool(region=REGION)]},
        {"oneOf": [tool(region=REGION)]},
        {"allOf": [tool(region=REGION)]},
        {"not": tool(region=REGION)},
        {"if": tool(region=REGION)},
        {"then": tool(region=REGION)},
        {"else": tool(region=REGION)},
        {"additionalProperties": REGION},
        {"unevaluatedProperties": REGION},
        {"propertyNames": REGION},
        {"patternProperties": {"^r": REGION}},
        {"dependentSchemas": {"a": tool(region=REGION)}},
        {"dependencies": {"a": tool(region=REGION)}},
        {"$ref": "#/$defs/input", "$defs": {"input": tool(region=REGION)}},
        {"$defs": {"region": REGION}, "properties": {"region": {"$ref": "#/$defs/region"}}},
        {"definitions": {"region": REGION}},
        tool(text={"type": "string", "contentSchema": REGION}),
        {"properties": {"a": {"$defs": {"b": REGION}}}},
        {"$defs": {"properties": REGION}},
    ],
    ids=json.dumps,
)
def test_an_annotation_that_is_not_reached_through_properties_alone_drops_its_tool(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidHeaderParamError, match="through properties alone"):
        header_params(schema)


def test_an_annotation_may_be_deep_within_properties() -> None:
    schema = tool(where=tool(region=REGION, **{"a/b": {"type": "boolean", "x-mcp-header": "Ab"}}))

    params = header_params(schema)

    assert params == (
        HeaderParam(("where", "region"), "Mcp-Param-Region"),
        HeaderParam(("where", "a/b"), "Mcp-Param-Ab"),
    )


def test_a_name_may_have_every_character_of_a_token() -> None:
    name = "!#$%&'*+-.^_`|~09AZaz"

    assert header_params(tool(a={"type": "string", "x-mcp-header": name})) == (
        HeaderParam(("a",), f"Mcp-Param-{name}"),
    )


def test_properties_may_be_named_like_keywords() -> None:
    schema = tool(
        **{"x-mcp-header": {"type": "string"}, "items": REGION, "properties": {"type": "integer", "x-mcp-header": "P"}}
    )

    assert header_params(schema) == (
        HeaderParam(("items",), "Mcp-Param-Region"),
        HeaderParam(("properties",), "Mcp-Param-P"),
    )


@pytest.mark.parametrize("keyword", ["default", "const", "examples", "enum", "dependentRequired", "x-notes"])
def test_what_is_data_is_no_annotation(keyword: str) -> None:
    assert header_params(tool(value={"type": "object", keyword: {"x-mcp-header": ["Region"]}})) == ()


@pytest.mark.parametrize(
    "junk", [None, True, 5, "text", [], {}, {"properties": []}, {"properties": {"a": True}}, {"allOf": {"a": 1}}]
)
def test_a_schema_that_is_junk_has_nothing_to_mirror(junk: object) -> None:
    assert header_params(junk) == ()


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (INVALID_TOOLS["empty"], "x-mcp-header at '#/properties/value': is empty"),
        (INVALID_TOOLS["space"], "x-mcp-header at '#/properties/value': 'My Region' is no token of RFC 9110"),
        (
            INVALID_TOOLS["number"],
            "x-mcp-header at '#/properties/score': the property's type is 'number': not string, integer or boolean",
        ),
        (
            INVALID_TOOLS["same but for case"],
            "x-mcp-header at '#/properties/field2': 'myfield' is there already; case makes no difference",
        ),
        (
            tool(list={"items": [REGION]}),
            "x-mcp-header at '#/properties/list/items/0': not reached from the root through properties alone",
        ),
        (tool(**{"a\nb": {"x-mcp-header": 5}}), "x-mcp-header at '#/properties/a\\nb': is not a string"),
    ],
)
def test_the_error_names_the_place_and_the_rule_on_one_line(schema: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidHeaderParamError) as error:
        header_params(schema)

    assert str(error.value) == says


def test_the_error_quotes_no_more_than_a_line() -> None:
    with pytest.raises(InvalidHeaderParamError) as error:
        header_params(tool(**{"n" * 100_000: {"type": "t" * 100_000, "x-mcp-header": "Region"}}))

    assert len(str(error.value)) < 400


def test_a_schema_of_many_schemas_drops_its_tool() -> None:
    fits: list[object] = [{}] * MOST_SCHEMAS

    assert header_params({"allOf": fits}) == ()
    with pytest.raises(InvalidHeaderParamError, match="more than 4096 schemas"):
        header_params({"allOf": [*fits, True]})
    with pytest.raises(InvalidHeaderParamError, match="more than 4096 schemas"):
        header_params({"allOf": [{"properties": {str(number): True for number in range(2500)}}] * 2})


class Watched(list[object]):
    """Says how much of it was read."""

    read = 0

    def __iter__(self) -> Iterator[object]:
        for part in super().__iter__():
            self.read += 1
            yield part


def test_no_more_of_a_schema_is_read_than_may_be_there() -> None:
    branches = Watched([True] * 100_000)

    with pytest.raises(InvalidHeaderParamError):
        header_params({"allOf": branches})

    assert branches.read == MOST_SCHEMAS + 1


@pytest.mark.parametrize("keyword", ["properties", "not"])
def test_a_schema_of_many_levels_drops_its_tool(keyword: str) -> None:
    def nested(levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        for _ in range(levels):
            schema = {"properties": {"a": schema}} if keyword == "properties" else {"not": schema}
        return schema

    fits = MOST_STEPS // (2 if keyword == "properties" else 1)

    assert header_params(nested(fits)) == ()
    with pytest.raises(InvalidHeaderParamError, match="128 steps"):
        header_params(nested(fits + 1))
    with pytest.raises(InvalidHeaderParamError, match="128 steps"):
        header_params(nested(100_000))
