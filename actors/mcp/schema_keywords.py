"""What `output_schema` checks of JSON Schema: jsonschema's keywords, each counted before it works. Pure.

jsonschema alone cannot be bounded: it runs regular expressions, compares arrays each by each, writes whole values into
the messages of branches that nobody reads, and goes over to a class of its own where a schema within names a dialect.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, cast

from jsonschema import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    FormatChecker,
    validators,
)
from jsonschema.exceptions import ValidationError

from actors.mcp.bounded_json import Array, Json, Object, canonical, size

Checker: TypeAlias = Any  # Of a class that jsonschema makes at run time.
_Errors: TypeAlias = Iterable[ValidationError]
# The checker, the keyword's value, what is checked, the schema around the keyword.
_Keyword: TypeAlias = Callable[[Checker, Json, Json, Json], _Errors | None]

# What it takes to come to a schema and to a keyword, in rounds of the loops within.
_STEPS_A_SCHEMA, _STEPS_A_KEYWORD = 10, 3
_SHOWN = 5  # Values of an enum.

_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
# Their value is a list or table of schemas, which count for themselves.
_OF_SCHEMAS = frozenset({"properties", "dependentSchemas", "allOf", "anyOf", "oneOf", "items", "prefixItems"})
_OVER_INSTANCE = frozenset(
    {"items", "prefixItems", "additionalItems", "contains", "propertyNames", "additionalProperties"}
)
# What conforms to a schema in one of these may be the mistake.
_TURNING = frozenset({"not", "if", "oneOf", "contains"})
# Where jsonschema reads a meaning into what has none: it takes a text for the list of its letters, no branch for a lie.
_SHAPES: dict[str, Callable[[Json], bool]] = {
    "type": lambda value: isinstance(value, str) or (isinstance(value, Array) and len(value) > 0),
    "enum": lambda value: isinstance(value, Array),
    "required": lambda value: isinstance(value, Array),
    "anyOf": lambda value: isinstance(value, Array) and len(value) > 0,
    "oneOf": lambda value: isinstance(value, Array) and len(value) > 0,
    "dependentRequired": lambda value: all(isinstance(names, Array) for names in value.values()),
}


class UnknowableError(Exception):
    """The check would take longer than the result is worth, or hangs on what is not checked, or on junk."""


class Steps(FormatChecker):
    """Counts the work of one check. Formats it knows none: it takes the place of what is handed to every keyword.

    * `reference`: the one that is being resolved.
    * `turned`: how many keywords are under way that find a mistake in what conforms.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self.reference: str | None = None
        self.turned = 0

    def take(self, number: int) -> None:
        """Count so many steps of work that is about to be done. Raises UnknowableError."""
        self._left -= number
        if self._left < 0:
            raise UnknowableError
        self.reference = None

    def while_turned(self, errors: _Errors) -> _Errors:
        """Find all of the errors now, while what is not checked cannot count as conforming."""
        self.turned += 1
        found = list(errors)
        self.turned -= 1
        return found


def checker_of(schema: Json) -> Checker:
    """Return the class that checks schemas of the dialect that `schema`, a bounded copy, names."""
    named = schema.get("$schema") if isinstance(schema, Object) else None
    dialect = named.rstrip("#").partition("://")[2] if isinstance(named, str) else ""
    return _CHECKERS.get(dialect, _LATEST)


def _counted(keyword: str, function: _Keyword) -> _Keyword:
    has_shape = _SHAPES.get(keyword, lambda _: True)

    def check(checker: Checker, value: Json, instance: Json, schema: Json) -> _Errors:
        several = keyword in _OF_SCHEMAS and isinstance(value, Array | Object)
        number = _STEPS_A_KEYWORD + (len(value) if several else size(value))
        if keyword in _OVER_INSTANCE and isinstance(instance, Array | Object):
            number += len(instance)
        steps: Steps = checker.format_checker
        steps.take(number)
        if not has_shape(value):
            raise UnknowableError
        if keyword in _REFERENCES:
            steps.reference = value if isinstance(value, str) else None
        errors = function(checker, value, instance, schema) or ()
        return steps.while_turned(errors) if keyword in _TURNING else errors

    return check


def _unchecked(kind: type) -> _Keyword:
    """Take everything for conforming, unless that may make a mistake of it. `kind`: of what the keyword is about."""

    def check(checker: Checker, _: Json, instance: Json, __: Json) -> None:
        if checker.format_checker.turned and isinstance(instance, kind):
            raise UnknowableError

    return check


_UNCHECKED = {
    "pattern": _unchecked(str),
    "patternProperties": _unchecked(Object),
    "unevaluatedProperties": _unchecked(Object),
    "unevaluatedItems": _unchecked(Array),
}


def _format(_: Checker, __: Json, ___: Json, ____: Json) -> None:
    """Tell readers what is meant: by the standard a format is a note, and breaks nothing."""


def _additional_properties(checker: Checker, value: Json, instance: Json, schema: Json) -> _Errors:
    if not isinstance(instance, Object) or "patternProperties" in schema:
        return
    known = schema.get("properties", {})
    for name in instance:
        if name not in known and value is False:
            yield ValidationError(f"{name!r} is not allowed")
        elif name not in known:
            yield from checker.descend(instance[name], value, path=name)


def _unique_items(checker: Checker, value: Json, instance: Json, _: Json) -> _Errors:
    if value is not True or not isinstance(instance, Array):
        return
    checker.format_checker.take(size(instance))
    seen = set[object]()
    for index, item in enumerate(instance):
        if (known := canonical(item)) in seen:
            yield ValidationError(f"item {index} is there already")
            return
        seen.add(known)


def _const(checker: Checker, value: Json, instance: Json, _: Json) -> _Errors:
    checker.format_checker.take(size(instance))
    if canonical(instance) != canonical(value):
        yield ValidationError(f"{instance!r} is not {value!r}")


def _enum(checker: Checker, value: Json, instance: Json, _: Json) -> _Errors:
    checker.format_checker.take(size(instance))
    given = canonical(instance)
    if all(canonical(each) != given for each in value):
        some = ", ".join(repr(each) for each in value[:_SHOWN])
        yield ValidationError(f"{instance!r} is not one of {some}{', …' if len(value) > _SHOWN else ''}")


def _going_down(stock: Callable[..., Checker]) -> Callable[..., Checker]:
    """Make the method by which jsonschema goes down into a schema: it counts, and no `$schema` there names a class."""

    def evolve(self: Checker, **changes: Json) -> Checker:
        if self.format_checker is not None:
            self.format_checker.take(_STEPS_A_SCHEMA)
        schema = changes.get("schema")
        if isinstance(schema, dict) and "$schema" in schema:  # A metaschema, which can be referred to, is no Object.
            within = cast("dict[str, Json]", schema)
            changes["schema"] = {keyword: value for keyword, value in within.items() if keyword != "$schema"}
        return stock(self, **changes)

    return evolve


def _checker(stock: Checker) -> Checker:
    stock_keywords: dict[str, _Keyword] = stock.VALIDATORS
    own: dict[str, _Keyword] = {
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
        "const": _const,
        "enum": _enum,
        "format": _format,
    }
    table = {keyword: _counted(keyword, own.get(keyword, function)) for keyword, function in stock_keywords.items()}
    untyped: Any = validators
    checker: Checker = untyped.extend(stock, {**table, **_UNCHECKED})
    checker.evolve = _going_down(checker.evolve)
    return checker


_LATEST = _checker(Draft202012Validator)
_CHECKERS = {
    "json-schema.org/draft/2019-09/schema": _checker(Draft201909Validator),
    "json-schema.org/draft-07/schema": _checker(Draft7Validator),
    "json-schema.org/draft-06/schema": _checker(Draft6Validator),
    "json-schema.org/draft-04/schema": _checker(Draft4Validator),
}
