"""Whether structured content is what its tool promised: an outputSchema, compiled once, for the actor of one server."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable


def _unchecked(_: object, __: object, ___: object, ____: object) -> Iterator[ValidationError]:
    yield from ()


_Checker = validators.extend(
    Draft202012Validator,
    {keyword: _unchecked for keyword in ("pattern", "patternProperties", "propertyNames", "format")},
)


class OutputSchema:
    """One tool's outputSchema. The server's regular expressions are never run; nothing is fetched."""

    def __init__(self, schema: object) -> None:
        self._checker = _Checker(schema, registry=Registry()) if isinstance(schema, Mapping | bool) else None

    def mistake(self, value: Any) -> str | None:  # noqa: ANN401 -- any JSON
        """Say in a short sentence where `value` breaks the schema; None: it conforms, or nobody can tell."""
        if self._checker is None:
            return None
        try:
            error = next(self._checker.iter_errors(value), None)
        except Unresolvable as reference:
            return f"the schema refers to {reference.ref!r}, which is not in it"
        except Exception:
            return None
        return None if error is None else f"{error.json_path}: {error.message[:200]}"
