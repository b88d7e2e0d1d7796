"""The paths of a Plex Media Server that have to do with items, for PlexStub."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeAlias

from tests.backends import plex_search
from tests.backends.plex_items import NUMBERS, Item, told
from tests.backends.plex_library import Library, Section, plain
from tests.backends.plex_playing import Players, Viewing, told_playing, told_viewing
from tests.backends.plex_queries import filtered, meta, ordered
from tests.backends.plex_server import activity_id
from tests.backends.plex_words import Fact, Node, container, nothing, page
from tests.backends.stub import Answer, Request

TYPES = {str(number): kind for kind, number in NUMBERS.items()}
RECENT = {"movie": "movie", "show": "episode", "artist": "album", "photo": "photo"}  # In one library's list.
RECENT_OF_ALL = {**RECENT, "show": "season"}  # Together, episodes are told by season.
LATEST: tuple[str, ...] = ("addedAt:desc",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of which a page may be asked for: entries are told only when they are on it."""

    entries: Sequence[Any]
    tell: Callable[[Any], Node]
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    before: Sequence[Node] = ()  # Not counted in.


Found: TypeAlias = Answer | Node | Listing


class Browsing:
    """Finds what stands at a path. A KeyError or ValueError means that nothing does."""

    def __init__(self, library: Library, players: Players) -> None:
        self._library, self._players = library, players

    def find(self, request: Request, parts: tuple[str, ...]) -> Found:  # noqa: PLR0911 -- one a path
        """Return what a request asks for, and do what it says."""
        match parts:
            case ("library", "sections", key, *rest):
                return self._section(request, key, tuple(rest))
            case ("library", "metadata", keys, *rest):
                return self._metadata(request, keys, tuple(rest))
            case ("library", "recentlyAdded") | ("hubs", "home", "recentlyAdded"):
                return self._recent(request)
            case ("library", "onDeck") | ("hubs", "continueWatching", "items"):
                return self._list(request, self._on_deck(self._library.sections.values()), mixedParents=True)
            case ("library", "all"):
                kind = TYPES[request.query.get("type", "1")]
                return self._list(
                    request,
                    ordered(filtered(self._library, self._library.everything(kind), request.query), "titleSort"),
                )
            case ("status", "sessions"):
                return self._sessions()
            case ("status", "sessions", "history", "all"):
                return self._history(request.query)
            case ("hubs" | "library", "search") | ("search",):
                return self._search(request.query, parts)
            case (":", "scrobble" | "unscrobble" | "progress" as verb):
                return self._mark(request.query, verb)
            case _:
                raise KeyError(parts)

    def scanned(self) -> None:
        """End the scans that go on, a minute later."""
        self._library.now += 60
        for section in self._library.sections.values():
            if section.refreshing:
                for title in section.arriving:
                    self._library.film(section.key, title)
                section.arriving.clear()
                section.refreshing, section.scanned_at = False, self._library.now

    def delete(self, item: Item) -> None:
        """Forget an item and all below it."""
        (item.parent.children if item.parent else self._library.sections[item.section_id].items).remove(item)
        for gone in (item, *item.children, *item.leaves()):
            self._library.items.pop(gone.rating_key, None)

    def _section(self, request: Request, key: str, rest: tuple[str, ...]) -> Found:  # noqa: PLR0911 -- one a path
        if key == "all" and rest == ("refresh",):
            return self._refresh(request, *self._library.sections.values())
        section = self._library.sections[int(key)]
        match rest:
            case ():
                return self._shelves(section)
            case ("all",):
                return self._all(request, section)
            case ("refresh",):
                return self._refresh(request, section)
            case ("recentlyAdded",):
                latest = ordered(self._library.of_type(section.key, RECENT[section.type]), *LATEST)
                return self._list(request, latest, **_of(section, "Recently Added"))
            case ("onDeck",):
                return self._list(request, self._on_deck([section]), **_of(section, "On Deck"))
            case ("unwatched",):
                items = filtered(self._library, section.items, {"unwatched": "1"})
                return self._list(request, ordered(items, "titleSort"), **_of(section, "Unplayed"))
            case ("collections",):
                return container(
                    [meta(section.key, section.type)] if "includeMeta" in request.query else [], totalSize=0
                )
            case (("genre" | "director" | "actor" | "country") as kind,):
                return self._choices(section, kind)
            case _:
                raise KeyError(rest)

    def _shelves(self, section: Section) -> Node:
        names = {"all": f"All {section.title}", "unwatched": "Unplayed", "recentlyAdded": "Recently Added"}
        nodes = [Node("Directory", {"key": key, "title": title}) for key, title in names.items()]
        return container(nodes, content="secondary", viewGroup="secondary", **_of(section, None))

    def _all(self, request: Request, section: Section) -> Listing:
        query = request.query
        kind = TYPES[query["type"]] if "type" in query else None
        items: Iterable[Item] = self._library.of_type(section.key, kind) if kind else section.items
        entries = ordered(filtered(self._library, items, query), query.get("sort", "titleSort"))
        if "limit" in query:
            entries = entries[: int(query["limit"])]
        before = [meta(section.key, section.type)] if query.get("includeMeta") == "1" else []
        listing = self._list(request, entries, viewGroup=kind or section.type, **_of(section, f"All {section.title}"))
        return Listing(entries=listing.entries, tell=listing.tell, facts=listing.facts, before=before)

    def _choices(self, section: Section, kind: str) -> Node:
        tags = self._library.all_tags("Role" if kind == "actor" else kind.capitalize(), section.key)
        facts = [
            {
                "fastKey": f"/library/sections/{section.key}/all?{kind}={key}",
                "key": str(key),
                "title": name,
                "type": kind,
            }
            for name, key in sorted(tags.items())
        ]
        return container((Node("Directory", dict[str, Fact](fact)) for fact in facts), **_of(section, f"By {kind}"))

    def _refresh(self, request: Request, *sections: Section) -> Answer:
        if request.method not in {"GET", "POST", "DELETE"}:
            return page(404)
        for section in sections:
            section.refreshing = request.method != "DELETE"
        return nothing({"X-Plex-Activity": activity_id(sections[0])})

    def _recent(self, request: Request) -> Listing:
        wanted = request.query.get("type")
        items = chain.from_iterable(
            self._library.of_type(section.key, RECENT_OF_ALL[section.type])
            for section in self._library.sections.values()
            if wanted is None or NUMBERS[section.type] == int(wanted)
        )
        return self._list(request, ordered(items, *LATEST), mixedParents=True)

    def _on_deck(self, sections: Iterable[Section]) -> list[Item]:
        """Return what is begun, and of each show that is begun what comes next, what was touched last first."""
        deck: list[tuple[int, Item]] = []
        for section in sections:
            for item in section.items:
                leaves = [item] if item.type == "movie" else list(item.leaves()) if item.type == "show" else []
                touched = max((leaf.last_viewed_at or 0 for leaf in leaves), default=0)
                following = next((leaf for leaf in leaves if leaf.view_offset), None)
                if following is None and item.type == "show":
                    following = _next(leaves)
                if touched and following:
                    deck.append((touched, following))
        return [item for _, item in sorted(deck, key=lambda entry: -entry[0])]

    def _metadata(self, request: Request, keys: str, rest: tuple[str, ...]) -> Found:
        known = [item for key in keys.split(",") if (item := self._library.items.get(int(key)))]
        item = known[0] if known else self._library.items[int(keys)]
        match rest:
            case ():
                return container(
                    (self._told(item, in_full=True) for item in known), allowSync=True, **_of(self._of(item), None)
                )
            case ("children",):
                seasons = (
                    item.type == "show" and len(item.children) > 1 and request.query.get("excludeAllLeaves") != "1"
                )
                facts: dict[str, Fact] = {"leafCount": len(list(item.leaves())), "title": "All episodes"}
                everything = [Node("Directory", {**facts, "key": f"{item.key}/allLeaves"})] if seasons else []
                listing = self._list(
                    request, item.children, key=str(item.rating_key), **_of(self._of(item), item.title)
                )
                return Listing(entries=listing.entries, tell=listing.tell, facts=listing.facts, before=everything)
            case ("allLeaves",):
                return self._list(
                    request, list(item.leaves()), key=str(item.rating_key), **_of(self._of(item), item.title)
                )
            case ("refresh",) if request.method == "PUT":
                return nothing()
            case _:
                raise KeyError(rest)

    def _sessions(self) -> Node:
        return container(
            told_playing(playing, self._of(playing.item).title) for playing in self._players.playing.values()
        )

    def _history(self, query: Mapping[str, str]) -> Listing:
        entries = [viewing for viewing in self._players.history if _wanted(viewing, query)]
        if query.get("sort", "").startswith("viewedAt:desc"):
            entries.reverse()
        return Listing(entries=entries, tell=lambda viewing: told_viewing(viewing, self._library))

    def _search(self, query: Mapping[str, str], parts: tuple[str, ...]) -> Found:
        term = query.get("query", "")
        if not plain(term).strip():
            return page(400)
        limit = int(query["limit"]) if "limit" in query else None
        if parts[0] == "hubs":
            section_id = int(query["sectionId"]) if "sectionId" in query else None
            return plex_search.hubs(self._library, term, limit=limit, section_id=section_id)
        if parts[0] == "library":
            types = [name for name in query.get("searchTypes", "").split(",") if name]
            return plex_search.results(self._library, term, limit=limit, types=types)
        return plex_search.flat(self._library, term, limit=limit)

    def _mark(self, query: Mapping[str, str], verb: str) -> Answer:
        item = self._library.items[int(query["key"])]
        for leaf in item.leaves() if item.children else (item,):
            match verb:
                case "scrobble":
                    leaf.view_count, leaf.view_offset, leaf.last_viewed_at = (
                        leaf.view_count + 1,
                        None,
                        self._library.now,
                    )
                case "unscrobble":
                    leaf.view_count, leaf.view_offset, leaf.last_viewed_at = 0, None, None
                case _:
                    leaf.view_offset, leaf.last_viewed_at = int(query["time"]), self._library.now
        return nothing()

    def _list(self, request: Request, items: Sequence[Item], **facts: Fact) -> Listing:
        guids = request.query.get("includeGuids") == "1"
        return Listing(
            entries=items, tell=lambda item: self._told(item, guids=guids), facts={"allowSync": True, **facts}
        )

    def _told(self, item: Item, *, in_full: bool = False, guids: bool = False) -> Node:
        return told(item, self._of(item).title, in_full=in_full, guids=guids)

    def _of(self, item: Item) -> Section:
        return self._library.sections[item.section_id]


def _of(section: Section, title: str | None) -> dict[str, Fact]:
    return {
        "identifier": "com.plexapp.plugins.library",
        "librarySectionID": section.key,
        "librarySectionTitle": section.title,
        "librarySectionUUID": f"493a64e7-b541-4667-b050-d702beeb{section.key:04}",
        "mediaTagPrefix": "/system/bundle/media/flags/",
        "title1": section.title,
        "title2": title,
    }


def _next(leaves: Sequence[Item]) -> Item | None:
    """Return the first episode not yet seen behind the last that was; specials are not waited for."""
    seen = [place for place, leaf in enumerate(leaves) if leaf.view_count]
    return next((leaf for leaf in leaves[max(seen) + 1 :] if not leaf.view_count), None) if seen else None


def _wanted(viewing: Viewing, query: Mapping[str, str]) -> bool:
    asked = {"accountID": viewing.account, "deviceID": viewing.device, "librarySectionID": viewing.item.section_id}
    asked["metadataItemID"] = viewing.item.rating_key
    since, until = int(query.get("viewedAt>", 0)), int(query.get("viewedAt<", viewing.viewed_at))
    return since <= viewing.viewed_at <= until and all(
        query.get(name, str(value)) == str(value) for name, value in asked.items()
    )
