"""How Sonarr 4 and Radarr 5 read a request: its parameters, its body, its page. For the stubs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from tests.backends.servarr_answers import Document, RefusedError, problem
from tests.backends.stub import Request

Item = TypeVar("Item")

DIRECTIONS = ("default", "ascending", "descending")
LARGEST = 2**31 - 1


class Query:
    """The parameters of a request. Their names have no case; one that cannot be read is the framework's 400."""

    def __init__(self, request: Request) -> None:
        self._pairs = [(name.lower(), value) for name, value in request.pairs]

    def text(self, name: str) -> str | None:
        """Return the first value, None if there is none or it is empty."""
        return next((value for key, value in self._pairs if key == name.lower() and value), None)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false; 1 and 0 are neither."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise self._unreadable(name, value)
        return value.lower() == "true"

    def number(self, name: str) -> int | None:
        """Return a whole number."""
        value = self.text(name)
        return None if value is None else self._number(name, value)

    def numbers(self, name: str) -> list[int]:
        """Return all values of a parameter that may be repeated."""
        return [self._number(name, value) for key, value in self._pairs if key == name.lower() and value]

    def moment(self, name: str) -> datetime | None:
        """Return a date, that of the server's own midnight if it has no time: UTC here."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self._unreadable(name, value) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _number(self, name: str, value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise self._unreadable(name, value) from None
        if abs(number) > LARGEST:
            raise self._unreadable(name, value)
        return number

    def _unreadable(self, name: str, value: str) -> RefusedError:
        return RefusedError(problem(400, {name: [f"The value '{value}' is not valid."]}))


class Body:
    """The JSON of a request. Its names have no case; a value of another type is the framework's 400."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._values: Document = {name.lower(): value for name, value in document.items()}

    @classmethod
    def of(cls, request: Request) -> "Body":
        """Read it."""
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RefusedError(problem(415))
        try:
            document: Any = json.loads(request.body)
        except ValueError:
            raise RefusedError(problem(400, {"$": ["The input does not contain any JSON tokens."]})) from None
        if not isinstance(document, dict):
            raise cls._other("$", "object")
        return cls(cast("Document", document))

    def text(self, name: str) -> str | None:
        """Return a text, None if there is none or it is blank."""
        value: str | None = self._value(name, str, None)
        return value if value and value.strip() else None

    def number(self, name: str) -> int:
        """Return a whole number, 0 if there is none."""
        value: int | None = self._value(name, int, 0)
        return value or 0

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value: bool | None = self._value(name, bool, default)
        return default if value is None else value

    def one_of(self, name: str, known: Sequence[str], default: str) -> str:
        """Return a name out of an enumeration."""
        value: str = self._value(name, str, default) or default
        if value.lower() not in {one.lower() for one in known}:
            raise self._other(name, "enumeration")
        return next(one for one in known if one.lower() == value.lower())

    def numbers(self, name: str) -> list[int]:
        """Return a list of whole numbers."""
        values: list[Any] = self._value(name, list, None) or []
        if any(type(value) is not int for value in values):
            raise self._other(name, "System.Int32")
        return values

    def entries(self, name: str) -> list[Document]:
        """Return a list of objects."""
        entries: list[Document] = self._value(name, list, None) or []
        return entries

    def part(self, name: str) -> "Body | None":
        """Return an object inside."""
        document = self._value(name, dict, None)
        return None if document is None else Body(document)

    def _value(self, name: str, kind: type, default: Any) -> Any:
        value = self._values.get(name.lower(), default)
        if value is not None and type(value) is not kind:
            raise self._other(f"$.{name}", kind.__name__)
        return value

    @staticmethod
    def _other(where: str, kind: str) -> RefusedError:
        text = (
            f"The JSON value could not be converted to {kind}. Path: {where} | LineNumber: 0 | BytePositionInLine: 1."
        )
        return RefusedError(problem(400, {where: [text]}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which page of what order is asked for. Pages count from 1."""

    page: int
    size: int
    key: str
    direction: str

    @classmethod
    def of(cls, query: Query, keys: Sequence[str], *, key: str) -> "Paging":
        """Read it. A key that is not among `keys` is taken for `key`; "default" is upwards, no direction downwards."""
        asked = (query.text("sortKey") or key).lower()
        way = (query.text("sortDirection") or "descending").lower()
        if way not in DIRECTIONS:
            raise RefusedError(problem(400, {"sortDirection": [f"The value '{way}' is not valid."]}))
        page, size = query.number("page"), query.number("pageSize")
        return cls(
            page=1 if page is None else page,
            size=10 if size is None else size,
            key=next((one for one in keys if one.lower() == asked), key),
            direction="ascending" if way == "default" else way,
        )

    def sort(self, items: Sequence[Item], order: Callable[[Item], Any]) -> list[Item]:
        """Sort, stable both ways."""
        return sorted(items, key=order, reverse=self.direction == "descending")

    def cut(self, items: Sequence[Item]) -> list[Item]:
        """Return the page's items; none of a page behind the last."""
        begin = max(self.page - 1, 0) * self.size
        return list(items[begin : begin + self.size])

    def envelope(self, records: Sequence[Document], total: int) -> Document:
        """Return what stands around a page."""
        return {
            "page": self.page,
            "pageSize": self.size,
            "sortKey": self.key,
            "sortDirection": self.direction,
            "totalRecords": total,
            "records": list(records),
        }


def between_dates(query: Query, now: datetime) -> tuple[datetime, datetime]:
    """Return the period of a calendar: from today for two days if nothing else is asked for."""
    today = now.replace(hour=0, minute=0, second=0)
    return query.moment("start") or today, query.moment("end") or today + timedelta(days=2)
