"""A tool's arguments, from the words of a command line. Pure, but for reading JSON from a stream."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, cast

from actors.catalogue import Tool, table
from mcp_orchestrator.cli.exits import UsageError

_KINDS: Mapping[object, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}  # JSON Schema's names for what JSON can hold.
_DEEPEST = 8  # References and alternatives inside one another. Arbitrary; against a schema that refers to itself.


def from_json(text: str, stdin: IO[str]) -> dict[str, Any]:
    """Return the arguments of `--json TEXT`; "-" reads them from `stdin`."""
    try:
        arguments: object = json.loads(stdin.read() if text == "-" else text)
    except ValueError as error:
        raise UsageError(f"--json is not JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise UsageError('--json must be an object: write --json \'{"key": "value"}\'')
    return cast("dict[str, Any]", arguments)


def from_words(words: Sequence[str], tool: Tool | None) -> dict[str, Any]:
    """Return the arguments of `key=value …`, each of the type that the tool's schema asks for.

    `tool` None, or a key that its schema does not describe: the value is JSON if it parses, else text.
    """
    schema = table(table(tool or {}).get("inputSchema"))
    arguments: dict[str, Any] = {}
    for key, text in _pairs(words, "write key=value, or --json '{…}'"):
        arguments[key] = _value(key, text, set(_allowed(table(schema.get("properties")).get(key), schema, _DEEPEST)))
    return arguments


def texts_from_words(words: Sequence[str]) -> dict[str, str]:
    """Return the arguments of `key=value …` as text, as prompts take them."""
    return dict(_pairs(words, "write key=value"))


def _pairs(words: Sequence[str], remedy: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for word in words:
        key, equals, text = word.partition("=")
        if not key or not equals:
            raise UsageError(f"{word!r} is no argument: {remedy}")
        if key in seen:
            raise UsageError(f"{key} is given twice: keep one")
        seen.add(key)
        yield key, text


def _value(key: str, text: str, allowed: set[str]) -> Any:  # noqa: ANN401 -- any JSON
    try:
        value: object = json.loads(text, parse_constant=_no_constant)
    except ValueError:
        value = text
    if not allowed:
        return value
    if not isinstance(value, str) and allowed.intersection(_KINDS[type(value)]):
        return value
    if "string" in allowed:  # As it stands: a title may be a number, or in quotes.
        return text
    raise UsageError(f"{key} must be of type {' or '.join(sorted(allowed))}, not {text!r}")


def _allowed(described: object, root: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the types that a schema allows; none if it does not say."""
    schema = table(described)
    reference = schema.get("$ref")
    if not depth:
        return
    yield from (kind for kind in _entries(schema.get("type")) if isinstance(kind, str))
    if isinstance(reference, str) and reference.startswith("#/"):
        yield from _allowed(_at(root, reference), root, depth - 1)
    for choice in (*_entries(schema.get("anyOf")), *_entries(schema.get("oneOf"))):
        yield from _allowed(choice, root, depth - 1)
    if "type" not in schema:
        values: list[object] = [*_entries(schema.get("enum")), *([schema["const"]] if "const" in schema else [])]
        yield from (kind for value in values for kind in _KINDS.get(value.__class__, ()))


def _entries(value: object) -> list[object]:
    """Return the entries of a list; one text alone is a list of one."""
    if isinstance(value, str):
        return [value]
    return cast("list[object]", value) if isinstance(value, list) else []


def _at(root: Mapping[str, Any], reference: str) -> object:
    place: object = root
    for part in reference.removeprefix("#/").split("/"):
        place = table(place).get(part.replace("~1", "/").replace("~0", "~"))
    return place


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(name)
