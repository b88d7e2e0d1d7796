"""How a list of a Plex library is asked for: filters, order and pages, for PlexStub."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeAlias, TypeVar

from tests.backends.plex_items import Item
from tests.backends.plex_library import Library, plain
from tests.backends.plex_words import Fact, Node

T = TypeVar("T")
Value: TypeAlias = str | float | None

# Operators at the end of a parameter's name, as in `year>>=1930`. Of texts, a sign says another thing than of numbers.
SIGNS = ("!=", ">>", "<<", "!", "=", "<", ">")
TEXTS = frozenset({"title", "studio", "summary", "guid", "contentRating", "edition"})
FIELDS = {
    "title": "string",
    "studio": "string",
    "contentRating": "tag",
    "genre": "tag",
    "director": "tag",
    "actor": "tag",
    "country": "tag",
    "year": "integer",
    "viewCount": "integer",
    "unwatched": "boolean",
    "inProgress": "boolean",
    "addedAt": "date",
    "lastViewedAt": "date",
    "originallyAvailableAt": "date",
    "duration": "integer",
    "index": "integer",
}
SORTS = {
    "titleSort": ("asc", "Title"),
    "year": ("desc", "Year"),
    "originallyAvailableAt": ("desc", "Release Date"),
    "rating": ("desc", "Critic Rating"),
    "audienceRating": ("desc", "Audience Rating"),
    "duration": ("desc", "Duration"),
    "viewOffset": ("desc", "Progress"),
    "viewCount": ("desc", "Plays"),
    "addedAt": ("desc", "Date Added"),
    "lastViewedAt": ("desc", "Date Viewed"),
    "mediaHeight": ("desc", "Resolution"),
    "mediaBitrate": ("desc", "Bitrate"),
    "random": ("desc", "Randomly"),
}
OPERATORS: Mapping[str, Sequence[tuple[str, str]]] = {
    "string": (
        ("=", "contains"),
        ("!=", "does not contain"),
        ("==", "is"),
        ("!==", "is not"),
        ("<=", "begins with"),
        (">=", "ends with"),
    ),
    "integer": (("=", "is"), ("!=", "is not"), (">>=", "is greater than"), ("<<=", "is less than")),
    "date": (("<<=", "is before"), (">>=", "is after"), ("<=", "is in the last"), (">=", "is not in the last")),
    "tag": (("=", "is"), ("!=", "is not")),
    "boolean": (("=", "is true"), ("!=", "is false")),
}
TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "": operator.contains,
    "!": lambda text, wanted: wanted not in text,
    "=": operator.eq,
    "!=": operator.ne,
    "<": str.startswith,
    ">": str.endswith,
}
NUMBER_TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "": operator.eq,
    "=": operator.eq,
    "!": operator.ne,
    "!=": operator.ne,
    ">>": operator.gt,
    "<<": operator.lt,
    ">": operator.ge,
    "<": operator.le,
}
KINDS = {
    "movie": ("movie",),
    "show": ("show", "season", "episode"),
    "artist": ("artist", "album", "track"),
    "photo": ("photo", "photoalbum"),
}


class Page:
    """Which part of a list is asked for, by headers or query; whole if nothing is said."""

    def __init__(self, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        def asked(name: str) -> int | None:
            value = query.get(name, headers.get(name.lower()))
            return int(value) if value is not None and value.isdigit() else None

        self.start, self.size = asked("X-Plex-Container-Start") or 0, asked("X-Plex-Container-Size")

    @property
    def is_asked_for(self) -> bool:
        """Only then is told how much there is in all. Without a size a start is not looked at."""
        return self.size is not None

    def cut(self, everything: Sequence[T]) -> Sequence[T]:
        """Return the part: none past the end."""
        return everything if self.size is None else everything[self.start : self.start + self.size]

    def facts(self, total: int) -> dict[str, Fact]:
        """Return what the container says about the part."""
        return {"totalSize": total, "offset": self.start} if self.is_asked_for else {}

    def headers(self, total: int) -> dict[str, str]:
        """Return the same for the head of the answer."""
        if not self.is_asked_for:
            return {}
        return {"X-Plex-Container-Start": str(self.start), "X-Plex-Container-Total-Size": str(total)}


def filtered(library: Library, items: Iterable[Item], query: Mapping[str, str]) -> list[Item]:
    """Keep what fits all filters. What is no filter is not looked at, as Plex does not."""
    kept = list(items)
    for name, value in query.items():
        field, sign, wanted = _split(name, value)
        if field in FIELDS or field in {"guid", "id"}:
            kept = [item for item in kept if _fits(library, item, field, sign, wanted)]
    return kept


def ordered(items: Iterable[Item], sort: str) -> list[Item]:
    """Put items in the order of `titleSort`, `addedAt:desc`, `year:desc,titleSort`, `movie.year`; the unknown first."""
    result = sorted(items, key=lambda item: (_title(item), item.rating_key))
    for part in reversed(sort.split(",")):
        name, _, direction = part.partition(":")
        field = name.rsplit(".", 1)[-1]
        if field in SORTS or field in {"index", "id"}:
            result.sort(key=partial(_sortable, field), reverse=direction.startswith("desc"))
    return result


def meta(section_id: int, kind: str) -> Node:
    """Return what a client may filter and sort by: the Meta of `includeMeta=1`."""
    types: list[Node] = []
    for number, name in enumerate(KINDS[kind]):
        prefix = "" if name == "movie" else f"{name}."
        path = f"/library/sections/{section_id}"
        filters = [
            Node("Filter", {"filter": f, "filterType": t, "key": f"{path}/{f}", "title": f, "type": "filter"})
            for f, t in FIELDS.items()
            if t in {"tag", "boolean"}
        ]
        sorts = [
            Node("Sort", {"defaultDirection": way, "descKey": f"{key}:desc", "key": key, "title": title})
            for key, (way, title) in SORTS.items()
        ]
        fields = [Node("Field", {"key": f"{prefix}{f}", "title": f, "type": t}) for f, t in FIELDS.items()]
        facts: dict[str, Fact] = {"key": f"{path}/all?type={name}", "type": name, "title": name, "active": number == 0}
        types.append(Node("Type", facts, [*filters, *sorts, *fields]))
    kinds = [
        Node("FieldType", {"type": kind}, [Node("Operator", {"key": key, "title": title}) for key, title in operators])
        for kind, operators in OPERATORS.items()
    ]
    return Node("Meta", {}, [*types, *kinds])


def _split(name: str, value: str) -> tuple[str, str, str]:
    if value.startswith("="):  # `title==Metropolis`, not encoded.
        name, value = f"{name}=", value[1:]
    field = name.rsplit(".", 1)[-1]
    for sign in SIGNS:
        if field.endswith(sign):
            return field.removesuffix(sign), sign, value
    return field, "", value


def _fits(library: Library, item: Item, field: str, sign: str, wanted: str) -> bool:
    if field in {"genre", "director", "actor", "country"}:
        kind = "Role" if field == "actor" else field.capitalize()
        names = set(wanted.split(","))
        has = any({str(tag.facts["id"]), str(tag.facts["tag"])} & names for tag in item.tagged(kind))
        return has != (sign == "!")
    if field in {"unwatched", "inProgress"}:
        is_so = not _seen(item) if field == "unwatched" else bool(item.view_offset)
        return is_so == (wanted == "1" and sign != "!")
    value = _value(item, field)
    if field in TEXTS:
        return _fits_text(str(value or ""), sign, wanted)
    if isinstance(value, str):  # A day.
        return value > wanted if sign.startswith(">") else value < wanted if sign.startswith("<") else value == wanted
    if wanted.startswith("-"):  # So long ago.
        wanted = str(library.now - _seconds(wanted))
    return any(_fits_number(value, sign, float(number)) for number in wanted.split(","))


def _fits_text(text: str, sign: str, wanted: str) -> bool:
    return TEXT_TESTS[sign](plain(text), plain(wanted))


def _fits_number(value: Value, sign: str, wanted: float) -> bool:
    if not isinstance(value, int | float):
        return sign in {"!", "!="}
    return NUMBER_TESTS[sign](value, wanted)


def _seconds(ago: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "mon": 2_592_000, "y": 31_536_000}
    number = ago.strip("-smhdwyon")
    return int(number) * units[ago.removeprefix(f"-{number}")]


def _seen(item: Item) -> bool:
    leaves = list(item.leaves()) if item.children else [item]
    return all(leaf.view_count for leaf in leaves)


def _title(item: Item) -> str:
    return plain(str(item.facts.get("titleSort", item.title)))


def _value(item: Item, field: str) -> Value:
    own: dict[str, Value] = {
        "title": item.title,
        "id": item.rating_key,
        "addedAt": item.added_at,
        "viewCount": item.view_count,
        "lastViewedAt": item.last_viewed_at,
        "viewOffset": item.view_offset,
    }
    return own[field] if field in own else item.facts.get(field)


def _sortable(field: str, item: Item) -> tuple[bool, float, str]:
    value = _title(item) if field == "titleSort" else _value(item, field)
    return value is not None, value if isinstance(value, int | float) else 0, value if isinstance(value, str) else ""
