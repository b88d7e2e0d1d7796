"""jsonschema itself is the judge: what our way of using it finds right and wrong is what the standard does."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from actors.mcp.output_schema import OutputSchema

WORDS = st.sampled_from(["a", "b", "ab", ""])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from([0.5, 1.0, -1.5]), WORDS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
KINDS = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
PLAIN: st.SearchStrategy[Any] = st.booleans() | st.fixed_dictionaries(
    {},
    optional={
        "type": KINDS | st.lists(KINDS, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minimum": st.integers(-2, 3),
        "exclusiveMaximum": st.integers(-2, 3),
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "minLength": st.integers(0, 2),
        "maxItems": st.integers(0, 3),
        "uniqueItems": st.booleans(),
        "required": st.lists(WORDS, max_size=2, unique=True),
        "maxProperties": st.integers(0, 3),
        "dependentRequired": st.dictionaries(WORDS, st.lists(WORDS, max_size=2, unique=True), max_size=1),
        "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b", "#anchor"]),
    },
)
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    PLAIN,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(WORDS, inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "dependentSchemas": st.dictionaries(WORDS, inner, max_size=1),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "minContains": st.integers(0, 2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
        },
    ),
    max_leaves=8,
)


@settings(max_examples=settings().max_examples * 3 // 2)
@given(SCHEMAS, VALUES)
def test_jsonschema_itself_comes_to_the_same_verdict(schema: Any, value: Any) -> None:
    definitions = {"a": {"type": ["integer", "object"]}, "b": {"$anchor": "anchor", "enum": ["a", 1, None]}}
    whole = {"$defs": definitions, "allOf": [schema]}

    judge: Any = Draft202012Validator(whole)
    assert (OutputSchema(whole).mistake(value) is None) == judge.is_valid(value)
