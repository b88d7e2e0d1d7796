"""The libraries of a small Plex Media Server, for PlexStub: films, serials, music and photos as a real one has them."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from tests.backends.plex_items import Item
from tests.backends.plex_words import Fact, Node

DAY = 86_400
MINUTE = 60_000
BEGINNING = 1_735_689_600  # 2025-01-01T00:00:00Z
MOVIES, SHOWS, MUSIC, PHOTOS, EMPTY = 1, 2, 3, 5, 8  # Ids have gaps: libraries were deleted.


@dataclass(slots=True, kw_only=True)
class Section:
    """A library. `arriving` are the titles of films whose files lie there, to be found by the next scan."""

    key: int
    type: str
    title: str
    location: str
    scanned_at: int | None
    refreshing: bool = False
    items: list[Item] = field(default_factory=list[Item])  # On the top: movies, shows, artists, photo albums.
    arriving: list[str] = field(default_factory=list[str])


class Library:
    """All sections and items."""

    def __init__(self) -> None:
        self.now = BEGINNING + 300 * DAY
        self.items: dict[int, Item] = {}
        self._tags: dict[tuple[str, str], int] = {}
        self._keys = count(101)
        scanned = self.now - 3600
        self.sections = {
            section.key: section
            for section in (
                Section(key=MOVIES, type="movie", title="Movies", location="/media/movies", scanned_at=scanned),
                Section(key=SHOWS, type="show", title="TV Shows", location="/media/tv", scanned_at=scanned),
                Section(key=MUSIC, type="artist", title="Music", location="/media/music", scanned_at=scanned),
                Section(key=PHOTOS, type="photo", title="Photos", location="/media/photos", scanned_at=scanned),
                Section(key=EMPTY, type="movie", title="Kinderfilme ü6", location="/media/kids", scanned_at=None),
            )
        }

    def add(self, section_id: int, kind: str, title: str, *, parent: Item | None = None, **more: Any) -> Item:
        """Add an item, one hour younger than the one before. Of `more`, what Item has no field for is a fact."""
        key = next(self._keys)
        fields = {name: more.pop(name) for name in ("tags", "guids", "files", "resolutions") if name in more}
        if "guid" not in more:
            more["guid"] = f"plex://{kind}/5d77682{key:017x}"
        item = Item(
            rating_key=key,
            type=kind,
            section_id=section_id,
            title=title,
            added_at=more.pop("added_at", BEGINNING + (key - 100) * 3600),
            facts={name: value for name, value in more.items() if value is not None},
            parent=parent,
            **fields,
        )
        self.items[key] = item
        (parent.children if parent else self.sections[section_id].items).append(item)
        return item

    def tags(self, **kinds: Iterable[str]) -> list[Node]:
        """Return tags, such as Genre=("Drama",); the same name has the same id everywhere."""
        nodes: list[Node] = []
        for kind, names in kinds.items():
            for name in names:
                number = self._tags.setdefault((kind, name), len(self._tags) + 1)
                facts: dict[str, Fact] = {"id": number, "filter": f"{kind.lower()}={number}", "tag": name}
                nodes.append(Node(kind, facts))
        return nodes

    def all_tags(self, kind: str, section_id: int | None = None) -> dict[str, int]:
        """Return the names and ids of the tags of a kind that anything has."""
        sections = self.sections.values() if section_id is None else [self.sections[section_id]]
        items = chain.from_iterable(section.items for section in sections)
        return {str(tag.facts["tag"]): int(str(tag.facts["id"])) for item in items for tag in item.tagged(kind)}

    def of_type(self, section_id: int, kind: str) -> Iterator[Item]:
        """Yield all items of a type in a section, wherever they hang."""
        for item in self.sections[section_id].items:
            yield from _below(item, kind)

    def everything(self, kind: str) -> Iterator[Item]:
        """Yield all items of a type."""
        return chain.from_iterable(self.of_type(section, kind) for section in self.sections)

    def film(self, section_id: int, title: str, year: int | None = None, **more: Any) -> Item:
        """Add a film with one file."""
        folder = self.sections[section_id].location
        name = title if year is None else f"{title} ({year})"
        more.setdefault("files", (f"{folder}/{name}/{name}.mkv",))
        more.setdefault("titleSort", title.removeprefix("The ") if title.startswith("The ") else None)
        return self.add(section_id, "movie", title, year=year, **more)

    def series(self, title: str, year: int | None, seasons: Iterable[tuple[int, int]], **more: Any) -> Item:
        """Add a show; `seasons` are their numbers and how many episodes they have. Number 0 are the specials."""
        show = self.add(SHOWS, "show", title, year=year, **more)
        for index, episodes in seasons:
            name = "Specials" if index == 0 else f"Season {index}"
            season = self.add(SHOWS, "season", name, parent=show, index=index)
            for number in range(1, episodes + 1):
                self.add(
                    SHOWS,
                    "episode",
                    f"Episode {number}",
                    parent=season,
                    index=number,
                    duration=24 * MINUTE,
                    originallyAvailableAt=f"{(year or 2000) + index}-01-{number % 28 + 1:02}",
                    files=(f"/media/tv/{title}/{name}/{title} - s{index:02}e{number:02}.mkv",),
                )
        return show


def plain(text: str) -> str:
    """Return a text as Plex compares it: without case and accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))


def _below(item: Item, kind: str) -> Iterator[Item]:
    if item.type == kind:
        yield item
    for child in item.children:
        yield from _below(child, kind)
