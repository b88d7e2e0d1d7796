"""How Sonarr 4 and Radarr 5 write: dates, spans, errors. For the stubs.

Facts: their OpenAPI documents, and what ASP.NET Core and FluentValidation put into errors.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from tests.backends.stub import Answer

Document: TypeAlias = dict[str, Any]

JSON = "application/json; charset=utf-8"
RFC = "https://tools.ietf.org/html/rfc7231#section-6.5."
TITLES = {400: "Bad Request", 404: "Not Found", 415: "Unsupported Media Type"}
SECTIONS = {400: "1", 404: "4", 415: "13"}
NEVER = "0001-01-01T00:00:00Z"  # What a date that was never set says.


class RefusedError(Exception):
    """Ends a request with `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def iso(moment: datetime | None) -> str | None:
    """Write a date as both do: UTC, whole seconds, "Z"."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float | None) -> str | None:
    """Write a duration: "[days.]hh:mm:ss"."""
    if seconds is None:
        return None
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{f'{days}.' if days else ''}{hour:02}:{minute:02}:{second:02}"


def without_nulls(document: Any) -> Any:
    """Leave out what is null: both do."""
    match document:
        case dict():
            entries = cast("Document", document)
            return {name: without_nulls(value) for name, value in entries.items() if value is not None}
        case list():
            return [without_nulls(item) for item in cast("Sequence[Any]", document)]
        case _:
            return document


def problem(status: int, errors: dict[str, list[str]] | None = None) -> Answer:
    """Make the framework's own error: a missing id, a parameter or a body that cannot be read."""
    document = {
        "type": f"{RFC}{SECTIONS[status]}",
        "title": "One or more validation errors occurred." if errors else TITLES[status],
        "status": status,
        "traceId": "00-5c0e5f6f2d8a4f0b9d0a64b7b2c9e3d1-8f1d2c3b4a596877-00",
    }
    return Answer.of({**document, "errors": errors} if errors else document, status)


def message(status: int, text: str, kind: str | None = None) -> Answer:
    """Make the error of an exception in the application. `kind`: its name, if its trace is sent along."""
    trace = None if kind is None else f"{kind}: {text}\n   at lambda_method(Closure , Object , Object[] )"
    return Answer.of(without_nulls({"message": text, "description": trace}), status)


def bad_request(text: str) -> Answer:
    """Make the error of a request that the application itself found wrong."""
    return Answer.of({"message": f"BadRequest: {text}", "content": text}, 400)


def failure(field: str, text: str, attempted: Any, code: str | None = None) -> Document:
    """Make one entry of a validation's list. `code` is that of a rule; those found later in the work have none."""
    entry: Document = {"propertyName": field, "errorMessage": text, "attemptedValue": attempted, "severity": "error"}
    if code is not None:
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", field)
        entry |= {
            "errorCode": code,
            "formattedMessageArguments": [],
            "formattedMessagePlaceholderValues": {"propertyName": spaced, "propertyValue": attempted},
        }
    return entry


def empty(field: str, attempted: Any = None) -> Document:
    """Make the failure of a field that must not be empty."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", field)
    return failure(field, f"'{spaced}' must not be empty.", attempted, "NotEmptyValidator")


def invalid(failures: list[Document]) -> Answer:
    """Make the answer that lists what is wrong with a resource."""
    return Answer.of(without_nulls(failures), 400)
