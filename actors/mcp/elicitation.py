"""What an accepted form says where the user said nothing: the defaults of its schema, for whoever answers it. Pure.

Source: MCP 2025-11-25 and later, elicitation, default values (SEP-1034) and enums of several kinds (SEP-1330).
"""

import math
from collections.abc import Mapping
from typing import Any, cast

from actors.catalogue import table


def with_defaults(requested_schema: object, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return `content` with the default of every field it leaves out. What is there stays, null too.

    A default that its own field does not allow (another type, none of the choices) is none; nor is one that JSON
    cannot say. Ranges and patterns are not looked at. A schema that is junk has no defaults. Never raises.
    """
    filled = dict(content)
    for name, field in table(table(requested_schema).get("properties")).items():
        if name not in filled and _has_default(known := table(field)):
            default = known["default"]
            filled[name] = list(cast("list[str]", default)) if isinstance(default, list) else default
    return filled


def _has_default(field: Mapping[str, Any]) -> bool:
    default = field.get("default")
    match field.get("type"):
        case "string":
            return _are_choices([default], field)
        case "integer":
            return _is_integer(default)
        case "number":
            return _is_integer(default) or (isinstance(default, float) and math.isfinite(default))
        case "boolean":
            return isinstance(default, bool)
        case "array":
            chosen = cast("list[object]", default) if isinstance(default, list) else None
            return chosen is not None and _are_choices(chosen, table(field.get("items")))
        case _:
            return False


def _is_integer(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _are_choices(values: list[object], field: Mapping[str, Any]) -> bool:
    choices = _choices(field)
    return all(isinstance(value, str) and (choices is None or value in choices) for value in values)


def _choices(field: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the values that a choice offers, with titles or without; None: it is no choice."""
    if isinstance(plain := field.get("enum"), list):
        return frozenset(value for value in cast("list[object]", plain) if isinstance(value, str))
    for keyword in ("oneOf", "anyOf"):
        if isinstance(titled := field.get(keyword), list):
            values = [table(choice).get("const") for choice in cast("list[object]", titled)]
            return frozenset(value for value in values if isinstance(value, str))
    return None
