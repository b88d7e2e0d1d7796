"""Whether structured content is what its tool promised: an outputSchema, compiled once, for the actor of one server.

Sources: MCP 2026-07-28, tools (output schema) and basic (JSON Schema usage: no reference is fetched, work is bounded).
"""

from typing import Any

from referencing import Registry
from referencing.jsonschema import specification_with

from actors.mcp.bounded_json import Json, TooLargeError, bounded
from actors.mcp.schema_keywords import Checker, Steps, UnknowableError, checker_of

MOST_STEPS = 200_000  # 0.12 s for the worst of what was tried, on a machine of 2 cores.
MOST_VALUES = 20_000
MOST_SCHEMA_VALUES = 10_000
MOST_LEVELS = 64
LONGEST_SCHEMA_TEXT = 10_000  # Of a description, say; as `$id` it takes its time at every step.

_SHOWN = 200  # Characters of a path, and of what is said about it.
_ROOT = "urn:mcp-orchestrator:output-schema"


class OutputSchema:
    """One tool's outputSchema. Never raises, fetches nothing, and takes little time, whatever the server sends.

    What cannot be told counts as conforming: the tool has run, and its result may be good.

    * `pattern`, `patternProperties` and `format` are not checked: a regular expression of the server's can hold the
      interpreter, and with it all threads, for ever. Nor is `additionalProperties` beside `patternProperties`, nor
      `unevaluatedProperties` and `unevaluatedItems`, which look at everything many times over.
    * A schema or value that is too large or too deep is not checked, and a check that takes too many steps ends.
    * A schema that is none (a list, `type: 5`) checks nothing from the place on where it stops being one.

    A reference to what is not in the schema is a mistake: the protocol forbids to fetch it, and to take it for
    permission. `$schema` of the root names the dialect, from draft 4 on; what is unknown is read as 2020-12.
    """

    def __init__(self, schema: object) -> None:
        self._checker = _compiled(schema)

    def mistake(self, value: Json) -> str | None:
        """Say in one short line where `value` breaks the schema; None: it conforms, or nobody can tell."""
        if self._checker is None:
            return None
        steps = Steps(MOST_STEPS)
        try:
            copy = bounded(value, most_values=MOST_VALUES, most_levels=MOST_LEVELS)
            error = next(self._checker.evolve(format_checker=steps).iter_errors(copy), None)
        except (TooLargeError, UnknowableError, RecursionError):
            return None
        except Exception:  # Whatever a library says of a schema that is none.
            return steps.reference and f"the schema refers to {steps.reference!r}, which is not in it"
        return None if error is None else f"{_printable(error.json_path[:_SHOWN])}: {error.message[:_SHOWN]}"


def _printable(path: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in path)


def _compiled(schema: object) -> Checker | None:
    try:
        copy = bounded(
            schema, most_values=MOST_SCHEMA_VALUES, most_levels=MOST_LEVELS, longest_text=LONGEST_SCHEMA_TEXT
        )
        checker = checker_of(copy)
        resource = specification_with(checker.META_SCHEMA["$schema"]).create_resource(copy)
        uri = resource.id() or _ROOT
        # Crawled here, once: else every reference to an anchor would search all of the schema again.
        return checker({"$ref": uri}, registry=Registry[Any]().with_resource(uri, resource).crawl())
    except Exception:  # Whatever a library says of a schema that is none.
        return None
