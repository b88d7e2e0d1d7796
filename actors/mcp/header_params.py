"""Which arguments of a tool an HTTP client mirrors into headers: `x-mcp-header`, for the catalogue and the calls. Pure.

Source: MCP 2026-07-28, Streamable HTTP, custom headers from tool parameters.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from actors.mcp.header_values import header_value

# Real tools have tens of schemas, a few steps from the root: beyond these, somebody wants our time. A first guess.
MOST_SCHEMAS = 4096
MOST_STEPS = 128

_ANNOTATION = "x-mcp-header"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2.
_TYPES = ("string", "integer", "boolean")

# Keywords with a schema, or a list of schemas, for a value; those of older dialects too. Every other keyword holds
# data (default, enum, examples), in which the annotation's name means nothing.
_NESTING = frozenset(
    {"items", "additionalItems", "prefixItems", "contains", "unevaluatedItems"}
    | {"additionalProperties", "unevaluatedProperties", "propertyNames", "contentSchema"}
    | {"not", "if", "then", "else", "allOf", "anyOf", "oneOf"}
)
# Keywords whose value names schemas: a name may be any text, also that of a keyword.
_NAMING = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"})


class InvalidHeaderParamError(ValueError):
    """The tool must not be offered: its schema breaks a rule of `x-mcp-header`, or is too large to tell."""


@dataclass(frozen=True, slots=True)
class HeaderParam:
    """One argument to mirror: where it is, from the arguments inwards, and its header, `Mcp-Param-` included."""

    path: tuple[str, ...]
    header: str


def header_params(input_schema: object) -> tuple[HeaderParam, ...]:
    """Return what a tool's inputSchema wants mirrored, in its order; nothing for what is no object.

    Raises InvalidHeaderParamError, which names the place and the rule. `$ref` is never followed: what it leads to is
    not reachable through `properties` alone.
    """
    found: dict[str, HeaderParam] = {}
    for place, schema in _schemas(input_schema):
        if _ANNOTATION not in schema:
            continue
        name = _annotated(place, schema)
        if name.lower() in found:
            raise _invalid(place, f"{_shown(name)} is there already; case makes no difference")
        found[name.lower()] = HeaderParam(place[1::2], f"Mcp-Param-{name}")
    return tuple(found.values())


def headers_of(params: tuple[HeaderParam, ...], arguments: object) -> dict[str, str]:
    """Return the headers of one call, name to value. Never raises, and runs no code of the caller's own mappings.

    An argument that is absent or null has none. The rest goes by its own type, not by the schema's: a string where an
    integer belongs still gets its header, so that the tool, which knows best, refuses it and not the wire. What has no
    text in a header has none: an array, an object, a number that JSON or Python cannot write.
    """
    headers: dict[str, str] = {}
    for param in params:
        value = _value(_at(param.path, arguments))
        if value is not None:
            headers[param.header] = value
    return headers


def _schemas(root: object) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield every schema within `root` in its order, with the keys and indices that lead to it."""
    pending: list[tuple[tuple[str, ...], object]] = [((), root)]
    left = MOST_SCHEMAS
    while pending:
        place, schema = pending.pop()
        if not isinstance(schema, dict):
            continue
        yield place, cast("dict[str, Any]", schema)
        inner = list(islice(_inner(place, cast("dict[str, Any]", schema)), left + 1))
        left -= len(inner)
        if left < 0:
            raise _invalid(place, f"there are more than {MOST_SCHEMAS} schemas to search for it")
        if inner and len(place) >= MOST_STEPS:
            raise _invalid(place, f"there are schemas more than {MOST_STEPS} steps deep to search for it")
        pending.extend(reversed(inner))


def _inner(place: tuple[str, ...], schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], object]]:
    for keyword, value in schema.items():
        if keyword in _NAMING and isinstance(value, dict):
            for name, inner in cast("dict[str, Any]", value).items():
                yield (*place, keyword, name), inner
        elif keyword in _NESTING and isinstance(value, list):
            for index, inner in enumerate(cast("list[object]", value)):
                yield (*place, keyword, str(index)), inner
        elif keyword in _NESTING:
            yield (*place, keyword), value


def _annotated(place: tuple[str, ...], schema: Mapping[str, Any]) -> str:
    """Return the name that a valid annotation gives."""
    name, kind = schema[_ANNOTATION], schema.get("type")
    if not place or any(keyword != "properties" for keyword in place[::2]):
        raise _invalid(place, "not reached from the root through properties alone")
    if not isinstance(name, str):
        raise _invalid(place, "is not a string")
    if not name:
        raise _invalid(place, "is empty")
    if not _TOKEN.fullmatch(name):
        raise _invalid(place, f"{_shown(name)} is no token of RFC 9110")
    if kind not in _TYPES:
        raise _invalid(place, f"the property's type is {_shown(kind)}: not string, integer or boolean")
    return name


def _invalid(place: tuple[str, ...], rule: str) -> InvalidHeaderParamError:
    return InvalidHeaderParamError(f"{_ANNOTATION} at {_shown('/'.join(('#', *place)))}: {rule}")


def _shown(value: object) -> str:
    """Quote what the server wrote: short, on one line."""
    if not isinstance(value, str):
        return "missing" if value is None else f"a {type(value).__name__}"
    return ascii(value if len(value) <= 80 else f"{value[:80]}…")


def _at(path: tuple[str, ...], arguments: object) -> object:
    value = arguments
    for key in path:
        if not isinstance(value, dict):  # JSON has no other mapping: within params, its encoder refuses them too.
            return None
        inner = cast("dict[str, object]", value)
        value = dict[str, object].get(inner, key)
    return value


def _value(value: object) -> str | None:
    """Write one argument. A number without a fraction is an integer to JSON Schema, and to a server in JavaScript."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return header_value(int(value)) if value.is_integer() else float.__repr__(value)
    if not isinstance(value, str | int):
        return None
    try:
        return header_value(value)
    except ValueError:  # More digits than Python writes: the request cannot be sent either, and its encoder says so.
        return None
