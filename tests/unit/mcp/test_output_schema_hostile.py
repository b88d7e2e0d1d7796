"""A check takes little time whatever a server sends. Without its safeguard, each of these takes hours, or for ever."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.output_schema import (
    LONGEST_SCHEMA_TEXT,
    MOST_LEVELS,
    MOST_SCHEMA_VALUES,
    MOST_STEPS,
    MOST_VALUES,
    OutputSchema,
)

pytestmark = pytest.mark.timeout(20)  # Not how fast it is: that it ends.

NEVER_ENDS = r"^(([a-z])+.)+[A-Z]([a-z])+$"
HOLDS_IT = "a" * 60
NEWEST = "https://json-schema.org/draft/2020-12/schema"


def mistake(schema: Any, value: Any) -> str | None:
    return OutputSchema(schema).mistake(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": NEVER_ENDS}, HOLDS_IT),
        ({"patternProperties": {NEVER_ENDS: False}}, {HOLDS_IT: 1}),
        ({"patternProperties": {NEVER_ENDS: {}}, "additionalProperties": False}, {HOLDS_IT: 1}),
        ({"patternProperties": {NEVER_ENDS: {}}, "unevaluatedProperties": False}, {HOLDS_IT: 1}),
        ({"propertyNames": {"pattern": NEVER_ENDS}}, {HOLDS_IT: 1}),
        ({"properties": {"a": {"$schema": NEWEST, "pattern": NEVER_ENDS}}}, {"a": HOLDS_IT}),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "pattern": NEVER_ENDS}, HOLDS_IT),
        ({"format": "email"}, "no address"),
        ({"format": "regex"}, "("),
    ],
)
def test_no_regular_expression_of_a_servers_is_run(schema: dict[str, Any], value: Any) -> None:
    assert mistake(schema, value) is None


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"not": {"pattern": "^b"}}, "a"),
        ({"not": {"anyOf": [{"pattern": "^b"}]}}, "a"),
        ({"oneOf": [{"pattern": "^a"}, {"pattern": "^b"}]}, "a"),
        ({"if": {"pattern": "^b"}, "then": {"maxLength": 0}}, "a"),
        ({"contains": {"pattern": "^b"}, "maxContains": 1}, ["a", "b"]),
        ({"not": {"patternProperties": {"^a": {"type": "string"}}}}, {"a": 1}),
        ({"not": {"unevaluatedProperties": False}}, {"a": 1}),
        ({"not": {"unevaluatedItems": False}}, [1]),
    ],
)
def test_what_is_not_checked_makes_no_mistake_where_conforming_would_be_one(schema: dict[str, Any], value: Any) -> None:
    assert mistake(schema, value) is None


@pytest.mark.parametrize(
    ("schema", "value"), [({"unevaluatedProperties": False}, {"a": 1}), ({"unevaluatedItems": False}, [1])]
)
def test_what_looks_at_everything_many_times_over_is_not_checked(schema: dict[str, Any], value: Any) -> None:
    assert mistake(schema, value) is None


@pytest.mark.parametrize("dialect", [NEWEST, "https://json-schema.org/draft/2020-12/meta/validation"])
def test_what_refers_to_a_metaschema_is_not_checked_for_that_would_not_be_counted(dialect: str) -> None:
    assert mistake({"$ref": dialect}, {"type": 5}) is None


def test_what_is_not_checked_keeps_no_other_mistake_from_being_told() -> None:
    assert mistake({"not": {"type": "array", "pattern": "^b"}, "type": "integer"}, "a") is not None
    assert mistake({"pattern": "^b", "type": "integer"}, "a") is not None


def doubling(leaf: object) -> dict[str, Any]:
    """Make a schema that comes to `leaf` by 2 ** 60 ways."""
    steps = {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(60)}
    return {"$defs": {**steps, "d60": leaf}, "$ref": "#/$defs/d0"}


NAMES = [f"{number}" for number in range(9_000)]
MANY_TEXTS = [f"{number}" + "x" * 4_000 for number in range(10_000)]
HOSTILE: dict[str, tuple[Any, Any]] = {
    "doubling": (doubling({}), 1),
    "doubling, of nothing but booleans": (doubling({"allOf": [True] * 100}), 1),
    "many branches of many items": ({"items": {"allOf": [{}] * 3_000}}, [1] * 15_000),
    "a reference to itself": ({"$ref": "#"}, 1),
    "twice a reference to itself": ({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, 1),
    "a dynamic reference to itself": ({"$dynamicAnchor": "a", "anyOf": [{"$dynamicRef": "#a"}] * 2}, 1),
    "unevaluated within unevaluated": (doubling({"unevaluatedProperties": False}), {"a": 1}),
    "unique, of what cannot be sorted": ({"uniqueItems": True}, [{"a": number} for number in range(6_000)]),
    "unique, of numbers with one hash": ({"uniqueItems": True}, [number * (2**61 - 1) for number in range(15_000)]),
    "unique, many times": ({"items": {"allOf": [{"uniqueItems": True}] * 3_000}}, [[[]], [[], 1] * 2_000]),
    "equal, of large values": ({"items": {"enum": [[0] * 90 + [n] for n in range(90)]}}, [[0] * 90 + [99]] * 200),
    "equal, of one large value": ({"allOf": [{"const": 5}] * 3_000}, [0] * 19_000),
    "names for many": ({"items": {"required": NAMES[:4_000]}}, [dict.fromkeys(NAMES[:4_000], 1)] * 4),
    "many properties of many items": ({"items": {"properties": dict.fromkeys(NAMES, True)}}, [{}] * 15_000),
    "contains within contains": ({"contains": {"contains": {"contains": False}}}, [[[1] * 25] * 25] * 25),
    "messages about large values": ({"not": {"anyOf": [{"type": "null"}] * 4_000}}, MANY_TEXTS),
    "messages of false": ({"not": {"anyOf": [False] * 4_000}}, MANY_TEXTS),
    "messages about a long text": ({"not": {"anyOf": [{"type": "null"}] * 4_000}}, "x" * 40_000_000),
    "anchors in a large schema": (
        {"$defs": {f"{n}": {"$anchor": f"a{n}"} for n in range(3_000)}, "items": {"$ref": "#a7"}},
        [1] * 15_000,
    ),
    "names with each dialect": ({"items": {"$schema": NEWEST, "allOf": [{"allOf": [{}] * 2_000}] * 2}}, [1] * 15_000),
    "by way of the metaschema": ({"items": {"$ref": NEWEST}}, [{"allOf": [{}] * 100}] * 150),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_check_ends(what: str) -> None:
    schema, value = HOSTILE[what]

    mistake(schema, value)


def often(times: int, schema: object) -> dict[str, Any]:
    """Make a schema that comes to `schema` so often, and then to a mistake."""
    return {"$defs": {"a": schema}, "allOf": [{"$ref": "#/$defs/a"}] * times, "type": "null"}


# Of each a few are little work, and many too much: by what is done in one alone.
WORK: dict[str, tuple[object, Any]] = {
    "schemas": ({"allOf": [{}] * 150}, 1),
    "booleans": ({"allOf": [True] * 4_000}, 1),
    "names": ({"required": NAMES[:4_000]}, dict.fromkeys(NAMES, 1)),
    "properties": ({"properties": dict.fromkeys(NAMES[:4_000], True)}, {}),
    "dependent names": ({"dependentRequired": {"0": NAMES[:4_000]}}, dict.fromkeys(NAMES, 1)),
    "items": ({"items": True}, [0] * 4_000),
    "names of the value": ({"additionalProperties": True}, dict.fromkeys(NAMES[:4_000], 1)),
    "distinct items": ({"uniqueItems": True}, list(range(4_000))),
    "a constant": ({"anyOf": [{"const": 5}, True]}, [0] * 4_000),
    "choices": ({"enum": [5, *range(4_000)]}, 5),
    "a large value among choices": ({"anyOf": [{"enum": [5]}, True]}, [0] * 4_000),
    "a long text": ({"anyOf": [{"const": "a"}, True]}, "x" * 130_000),
}


@pytest.mark.parametrize("what", WORK)
def test_all_work_is_counted_and_too_much_of_it_ends_unchecked(what: str) -> None:
    schema, value = WORK[what]

    assert mistake(often(5, schema), value) is not None
    assert mistake(often(MOST_STEPS // 1_000, schema), value) is None


@pytest.mark.parametrize("nesting", ["items", "properties"])
def test_a_schema_or_a_value_that_is_too_deep_is_not_checked(nesting: str) -> None:
    def deep(levels: int) -> tuple[Any, Any]:
        schema: Any = {"type": "string"}
        value: Any = 5
        for _ in range(levels):
            schema = {"items": schema} if nesting == "items" else {"properties": {"a": schema}}
            value = [value] if nesting == "items" else {"a": value}
        return schema, value

    recursive = {"items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}, "type": ["array", "object"]}
    schema, value = deep(20)
    assert mistake(schema, value) is not None
    assert mistake(recursive, deep(MOST_LEVELS)[1]) is not None

    assert mistake(recursive, deep(MOST_LEVELS + 1)[1]) is None
    assert mistake(deep(10_000)[0], value) is None
    assert mistake(recursive, deep(10_000)[1]) is None


def test_a_schema_that_is_too_large_is_not_checked() -> None:
    fits = {"type": "string", "examples": [0] * (MOST_SCHEMA_VALUES - 3)}
    too_large = {"type": "string", "examples": [0] * (MOST_SCHEMA_VALUES - 2)}

    assert mistake(fits, 5) is not None
    assert mistake(too_large, 5) is None


def test_a_schema_with_a_text_that_is_too_long_is_not_checked() -> None:
    assert mistake({"type": "string", "description": "x" * LONGEST_SCHEMA_TEXT}, 5) is not None
    assert mistake({"type": "string", "description": "x" * (LONGEST_SCHEMA_TEXT + 1)}, 5) is None
    assert mistake({"type": "string", "x" * (LONGEST_SCHEMA_TEXT + 1): 5}, 5) is None


def test_a_value_that_is_too_large_is_not_checked() -> None:
    assert mistake({"type": "string"}, [0] * (MOST_VALUES - 1)) is not None
    assert mistake({"type": "string"}, [0] * MOST_VALUES) is None


def test_a_reference_that_is_followed_for_ever_is_no_mistake() -> None:
    def from_below(levels: int) -> str | None:
        return from_below(levels - 1) if levels else mistake({"$ref": "#"}, 1)

    # Python's stack ends at another place each time: in the midst of a reference too.
    assert [from_below(levels) for levels in range(30)] == [None] * 30


def test_an_error_elsewhere_is_not_put_down_to_a_reference_that_was_found() -> None:
    assert mistake({"$defs": {"a": True}, "allOf": [{"$ref": "#/$defs/a"}], "minimum": "5"}, 1) is None


WORDS = (
    "type items properties $ref $id $defs $anchor $dynamicRef allOf anyOf not if then required enum const minimum a "
    "multipleOf minItems uniqueItems contains $schema additionalProperties dependentRequired oneOf maxLength "
    "$dynamicAnchor prefixItems"
)
KEYWORDS = st.sampled_from(WORDS.split())
TEXTS = st.sampled_from(["#", "#/$defs/a", "string", "object", "a", "", "://", NEWEST, "#/properties/a", "http://["])
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=15,
)


@given(JUNK, JUNK)
def test_no_schema_and_no_value_make_it_raise(schema: Any, value: Any) -> None:
    said = mistake(schema, value)

    assert said is None or (said.isprintable() and len(said) < 500)
