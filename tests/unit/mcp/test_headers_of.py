"""Which headers a call carries, for the arguments that its tool wants mirrored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared import inbound

from actors.mcp.header_params import InvalidHeaderParamError, header_params, headers_of

REGION = {"type": "string", "x-mcp-header": "Region"}


def tool(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


# The tool of the conformance scenario http-custom-headers, and what it is called with there.
CUSTOM_HEADERS = tool(
    region=REGION,
    priority={"type": "integer", "x-mcp-header": "Priority"},
    verbose={"type": "boolean", "x-mcp-header": "Verbose"},
    debug={"type": "boolean", "x-mcp-header": "Debug"},
    empty_val={"type": "string", "x-mcp-header": "EmptyVal"},
    method_val={"type": "string", "x-mcp-header": "Method"},
    float_val={"type": "number"},
    non_ascii_val={"type": "string", "x-mcp-header": "NonAscii"},
    whitespace_val={"type": "string", "x-mcp-header": "Whitespace"},
    leading_space_val={"type": "string", "x-mcp-header": "LeadingSpace"},
    trailing_space_val={"type": "string", "x-mcp-header": "TrailingSpace"},
    internal_space_val={"type": "string", "x-mcp-header": "InternalSpace"},
    control_char_val={"type": "string", "x-mcp-header": "ControlChar"},
    crlf_val={"type": "string", "x-mcp-header": "CrLf"},
    tab_val={"type": "string", "x-mcp-header": "Tab"},
    query={"type": "string"},
)
ITS_ARGUMENTS = {
    "region": "us-west1",
    "priority": 42,
    "verbose": False,
    "debug": True,
    "empty_val": "",
    "method_val": "test-method",
    "float_val": 3.14159,
    "non_ascii_val": "Hello, 世界",
    "whitespace_val": " padded ",
    "leading_space_val": " us-west1",
    "trailing_space_val": "us-west1 ",
    "internal_space_val": "us west 1",
    "control_char_val": "line1\nline2",
    "crlf_val": "line1\r\nline2",
    "tab_val": "\tindented",
    "query": "SELECT * FROM users",
}
ITS_HEADERS = {
    "Mcp-Param-Region": "us-west1",
    "Mcp-Param-Priority": "42",
    "Mcp-Param-Verbose": "false",
    "Mcp-Param-Debug": "true",
    "Mcp-Param-EmptyVal": "",
    "Mcp-Param-Method": "test-method",
    "Mcp-Param-NonAscii": "=?base64?SGVsbG8sIOS4lueVjA==?=",
    "Mcp-Param-Whitespace": "=?base64?IHBhZGRlZCA=?=",
    "Mcp-Param-LeadingSpace": "=?base64?IHVzLXdlc3Qx?=",
    "Mcp-Param-TrailingSpace": "=?base64?dXMtd2VzdDEg?=",
    "Mcp-Param-InternalSpace": "us west 1",
    "Mcp-Param-ControlChar": "=?base64?bGluZTEKbGluZTI=?=",
    "Mcp-Param-CrLf": "=?base64?bGluZTENCmxpbmUy?=",
    "Mcp-Param-Tab": "=?base64?CWluZGVudGVk?=",
}


def test_the_arguments_of_the_conformance_suite_have_the_headers_it_wants() -> None:
    assert headers_of(header_params(CUSTOM_HEADERS), ITS_ARGUMENTS) == ITS_HEADERS


def test_an_argument_that_is_null_or_absent_has_no_header() -> None:
    params = header_params(CUSTOM_HEADERS)

    headers = headers_of(params, {"region": "us-east1", "priority": 1, "verbose": None, "query": "SELECT 1"})

    assert headers == {"Mcp-Param-Region": "us-east1", "Mcp-Param-Priority": "1"}


def test_an_argument_is_read_at_the_very_path_of_its_property() -> None:
    params = header_params(tool(where=tool(region=REGION)))

    headers = headers_of(params, {"where": {"region": "x"}, "region": "y"})

    assert headers == {"Mcp-Param-Region": "x"}


@pytest.mark.parametrize(
    ("argument", "header"),
    [
        ("5", "5"),
        (5, "5"),
        (True, "true"),
        (5.0, "5"),
        (-0.0, "0"),
        (1e20, "100000000000000000000"),
        (2.5, "2.5"),
        (2**53 + 1, "9007199254740993"),
    ],
)
@pytest.mark.parametrize("kind", ["string", "integer", "boolean"])
def test_a_value_of_another_type_is_mirrored_by_its_own(kind: str, argument: object, header: str) -> None:
    params = header_params(tool(value={"type": kind, "x-mcp-header": "Value"}))

    assert headers_of(params, {"value": argument}) == {"Mcp-Param-Value": header}


class Broken(dict[str, Any]):
    def get(self, *_: object) -> Any:
        raise RuntimeError("the caller's own code")

    def __getitem__(self, _: object) -> Any:
        raise RuntimeError("the caller's own code")


@pytest.mark.parametrize(
    "argument",
    [None, [], ["a"], {}, {"a": 1}, object(), b"bytes", 10**5000, float("nan"), float("inf"), float("-inf")],
    ids=lambda argument: type(argument).__name__,
)
def test_a_value_without_a_text_in_headers_has_no_header(argument: object) -> None:
    assert headers_of(header_params(tool(region=REGION)), {"region": argument}) == {}


@pytest.mark.parametrize(
    "arguments", [None, "text", 5, [], [{"region": "x"}], {"where": []}, {"where": {"region": []}}]
)
def test_arguments_that_are_no_object_have_no_header(arguments: object) -> None:
    assert (
        headers_of(
            header_params(tool(region=REGION, where=tool(zone=dict(REGION, **{"x-mcp-header": "Zone"})))), arguments
        )
        == {}
    )


def test_a_callers_own_mapping_runs_no_code_of_its_own() -> None:
    params = header_params(tool(region=REGION))

    assert headers_of(params, Broken(region="us-west1")) == {"Mcp-Param-Region": "us-west1"}


NAMES = st.sampled_from(["a", "b", "items", "properties", "x-mcp-header", "default"])
KINDS = st.sampled_from(["string", "integer", "boolean"])
TOKENS = st.text("abcdefghijkABCDEFGHIJK-_1", min_size=1, max_size=6)
NOTHING: dict[str, Any] = {}
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just(NOTHING),
    st.fixed_dictionaries({"type": KINDS}),
    st.fixed_dictionaries({"type": KINDS, "x-mcp-header": TOKENS}),
)
ODD_LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    LEAVES,
    st.fixed_dictionaries(
        {}, optional={"type": KINDS | st.just("number") | st.none(), "x-mcp-header": st.text(max_size=2) | st.none()}
    ),
)
ODD_SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    ODD_LEAVES,
    lambda schema: st.one_of(
        st.dictionaries(NAMES, schema, max_size=3).map(lambda inner: {"properties": inner}),
        st.sampled_from(["not", "if", "contains", "default", "const", "x-notes"]).flatmap(
            lambda keyword: schema.map(lambda inner: {keyword: inner})
        ),
        st.sampled_from(["anyOf", "allOf", "prefixItems", "enum"]).flatmap(
            lambda keyword: st.lists(schema, max_size=2).map(lambda inner: {keyword: inner})
        ),
        st.dictionaries(NAMES, schema, max_size=2).map(lambda inner: {"$defs": inner, "properties": {"z": {}}}),
    ),
    max_leaves=6,
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda schema: st.dictionaries(NAMES, schema, max_size=4).map(lambda inner: {"properties": inner}),
    max_leaves=12,
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"])))


@given(ODD_SCHEMAS)
def test_the_official_sdk_drops_the_same_tools_and_mirrors_the_same_arguments(schema: dict[str, Any]) -> None:
    try:
        params = header_params(schema)
    except InvalidHeaderParamError:
        assert inbound.find_invalid_x_mcp_header(schema) is not None
        return

    assert inbound.find_invalid_x_mcp_header(schema) is None
    assert {param.path: param.header.removeprefix("Mcp-Param-") for param in params} == inbound.x_mcp_header_map(schema)


@given(SCHEMAS, st.data())
def test_the_official_sdk_finds_our_headers_at_one_with_the_arguments(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    try:
        params = header_params(schema)
    except InvalidHeaderParamError:
        return
    arguments: dict[str, Any] = {}
    for param in params:
        inner = arguments
        for key in param.path[:-1]:
            inner = inner.setdefault(key, {})
        if data.draw(st.booleans()):
            inner[param.path[-1]] = data.draw(VALUES)

    headers = headers_of(params, arguments)

    assert inbound.validate_mcp_param_headers(schema, arguments, headers) is None


@given(ODD_SCHEMAS, st.recursive(VALUES | st.floats(), lambda v: st.lists(v) | st.dictionaries(NAMES, v), max_leaves=8))
def test_no_arguments_at_all_make_it_raise(schema: dict[str, Any], arguments: object) -> None:
    try:
        params = header_params(schema)
    except InvalidHeaderParamError:
        return

    headers = headers_of(params, arguments)

    assert all(type(value) is str and value.isascii() for value in headers.values())
