"""An accepted form is sent with its defaults where the user left a field out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.elicitation import with_defaults

TITLED = [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]


def form(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": []}


# The form of the conformance scenario elicitation-sep1034-client-defaults.
EVERY_KIND = form(
    name={"type": "string", "description": "User name", "default": "John Doe"},
    age={"type": "integer", "description": "User age", "default": 30},
    score={"type": "number", "description": "User score", "default": 95.5},
    status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    verified={"type": "boolean", "description": "Verification status", "default": True},
)


def test_a_form_left_empty_says_all_its_defaults() -> None:
    assert with_defaults(EVERY_KIND, {}) == {
        "name": "John Doe",
        "age": 30,
        "score": 95.5,
        "status": "active",
        "verified": True,
    }


def test_what_the_user_said_stays() -> None:
    said = {"name": "", "age": 0, "score": None, "status": "gone", "verified": False, "more": [1]}

    assert with_defaults(EVERY_KIND, said) == said


def test_the_users_own_content_is_left_alone() -> None:
    said: dict[str, Any] = {"age": 5}

    with_defaults(EVERY_KIND, said)

    assert said == {"age": 5}


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "default": ""},
        {"type": "string", "oneOf": TITLED, "default": "b"},
        {"type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"], "default": "b"},
        {"type": "integer", "default": 0},
        {"type": "integer", "default": 3.0},
        {"type": "integer", "default": 10**400},
        {"type": "number", "default": -(10**400)},
        {"type": "number", "default": 3},
        {"type": "boolean", "default": False},
        {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "default": ["b", "a"]},
        {"type": "array", "items": {"anyOf": TITLED}, "default": ["a"]},
        {"type": "array", "items": {"oneOf": TITLED}, "default": []},
        {"type": "array", "items": {"type": "string"}, "default": ["x"]},
        {"type": "array", "default": ["x"]},
    ],
    ids=json.dumps,
)
def test_every_kind_of_field_may_have_a_default(field: dict[str, Any]) -> None:
    assert with_defaults(form(field=field), {}) == {"field": field["default"]}


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string"},
        {"type": "string", "default": None},
        {"type": "string", "default": 5},
        {"type": "string", "enum": ["a", "b"], "default": "c"},
        {"type": "string", "enum": [], "default": "c"},
        {"type": "string", "oneOf": TITLED, "default": "A"},
        {"type": "string", "oneOf": ["a", {"const": ["a"]}, 5], "default": "a"},
        {"type": "integer", "default": "5"},
        {"type": "integer", "default": True},
        {"type": "integer", "default": 5.5},
        {"type": "integer", "default": float("inf")},
        {"type": "number", "default": False},
        {"type": "number", "default": float("nan")},
        {"type": "number", "default": float("-inf")},
        {"type": "boolean", "default": 1},
        {"type": "boolean", "default": "true"},
        {"type": "array", "items": {"enum": ["a"]}, "default": "a"},
        {"type": "array", "items": {"enum": ["a"]}, "default": ["a", "b"]},
        {"type": "array", "items": {"enum": ["a"]}, "default": [["a"]]},
        {"type": "array", "items": {"anyOf": TITLED}, "default": ["c"]},
        {"type": "array", "items": {"type": "string"}, "default": [1]},
        {"type": "object", "default": {"a": 1}},
        {"type": "null", "default": None},
        {"type": ["string"], "default": "a"},
        {"type": 5, "default": 5},
        {"default": "a"},
    ],
    ids=str,
)
def test_a_default_that_its_field_does_not_allow_is_none(field: dict[str, Any]) -> None:
    assert with_defaults(form(field=field), {}) == {}


@pytest.mark.parametrize(
    "schema",
    [None, True, 5, "text", [], {}, {"properties": None}, {"properties": ["a"]}, {"properties": {"a": None, "b": 5}}],
    ids=str,
)
def test_a_schema_that_is_junk_adds_nothing(schema: object) -> None:
    assert with_defaults(schema, {"said": 1}) == {"said": 1}


def test_a_default_that_is_a_list_is_the_forms_own_still() -> None:
    schema = form(field={"type": "array", "default": ["a"]})

    with_defaults(schema, {})["field"].append("b")

    assert schema["properties"]["field"]["default"] == ["a"]


def test_many_choices_of_many_cost_little() -> None:
    # Each by each they would be 10,000,000,000 comparisons: the test's time limit tells.
    choices = [str(number) for number in range(100_000)]
    schema = form(field={"type": "array", "items": {"enum": choices}, "default": choices[::-1]})

    assert with_defaults(schema, {}) == {"field": choices[::-1]}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "default", "enum", "oneOf", "anyOf", "items", "const", "properties"]), inner
        )
    ),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object"])},
    optional={"default": JUNK, "enum": JUNK, "oneOf": JUNK, "items": JUNK},
)


@given(st.dictionaries(st.sampled_from("abcd"), FIELDS | JUNK), st.dictionaries(st.sampled_from("abcd"), JUNK))
def test_whatever_a_server_asks_the_answer_is_the_content_and_json(
    fields: dict[str, Any], said: dict[str, Any]
) -> None:
    filled = with_defaults(form(**fields), said)

    assert {name: filled[name] for name in said} == said
    for name in filled.keys() - said.keys():
        assert filled[name] == fields[name]["default"]
        json.dumps(filled[name], allow_nan=False)
