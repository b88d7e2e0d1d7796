"""What a Plex Media Server finds, for PlexStub: as hubs (`/hubs/search`) and as one list (`/library/search`)."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from tests.backends.plex_items import Item, told
from tests.backends.plex_library import Library, plain
from tests.backends.plex_words import Fact, Node, container

HUB_SIZE = 3  # Of each hub, unless a limit is given.
# In this order. A hub without anything in it is told too.
HUBS = (
    ("movie", "Movies"),
    ("show", "Shows"),
    ("episode", "Episodes"),
    ("artist", "Artists"),
    ("album", "Albums"),
    ("track", "Tracks"),
    ("actor", "Actors"),
    ("director", "Directors"),
    ("genre", "Genres"),
    ("collection", "Collections"),
    ("playlist", "Playlists"),
    ("photoalbum", "Photo Albums"),
    ("photo", "Photos"),
)
TAG_HUBS = {"actor": ("Role", 6), "director": ("Director", 4), "genre": ("Genre", 1)}
SEARCH_TYPES = {
    "movies": ("movie",),
    "tv": ("show", "episode"),
    "music": ("artist", "album", "track"),
    "otherVideos": (),
    "people": (),
}


def hubs(library: Library, query: str, *, limit: int | None, section_id: int | None) -> Node:
    """Return the results by kind. A movie of a genre or with an actor that is found is found too, with the reason."""
    nodes: list[Node] = []
    for kind, title in HUBS:
        found = (
            list(_tags(library, kind, query)) if kind in TAG_HUBS else list(_items(library, kind, query, section_id))
        )
        shown = found[: limit or HUB_SIZE]
        more = len(found) > len(shown)
        facts: dict[str, Fact] = {
            "title": title,
            "type": "photo" if kind == "photoalbum" else kind,
            "hubIdentifier": kind,
            "context": f"hub.search.{kind}",
            "size": len(shown),
            "more": more,
            "style": "shelf",
            "key": f"/hubs/search?query={quote(query)}&type={kind}" if more else None,
        }
        nodes.append(Node("Hub", facts, shown))
    return container(nodes, identifier="com.plexapp.plugins.library")


def results(library: Library, query: str, *, limit: int | None, types: Sequence[str]) -> Node:
    """Return the results of the given types (movies, tv, music, …; all if none), the best first, in one list."""
    kinds = [kind for name in types or SEARCH_TYPES for kind in SEARCH_TYPES.get(name, ())]
    found = [node for kind in kinds for node in _items(library, kind, query, None)]
    found.sort(key=lambda node: -float(str(node.facts["score"])))
    return container(Node("SearchResult", {"score": node.facts["score"]}, [node]) for node in found[:limit])


def flat(library: Library, query: str, *, limit: int | None) -> Node:
    """Return movies, shows, episodes, artists, albums and tracks as one container: the old `/search`."""
    kinds = ("movie", "show", "episode", "artist", "album", "track")
    found = [node for kind in kinds for node in _items(library, kind, query, None)]
    return container(found[:limit], identifier="com.plexapp.system.search")


def _items(library: Library, kind: str, query: str, section_id: int | None) -> Iterator[Node]:
    """Yield what fits; `section_id` puts its own first, and leaves nothing out."""
    scored: list[tuple[float, Item, dict[str, Fact]]] = []
    for item in library.everything(kind):
        score, why = _score(item, query)
        if score:
            scored.append((score, item, why))
    scored.sort(key=lambda entry: (entry[1].section_id != section_id, -entry[0], entry[1].rating_key))
    for score, item, why in scored:
        yield told(item, library.sections[item.section_id].title, more={"score": f"{score:.5f}", **why})


def _score(item: Item, query: str) -> tuple[float, dict[str, Fact]]:
    """Return how well an item fits, 0 to 1, and why if not by its title."""
    if score := _likeness(item.title, query):
        return score, {}
    if score := _likeness(str(item.facts.get("originalTitle", "")), query):
        return score / 2, {"reason": "originalTitle"}
    for hub, (kind, _) in TAG_HUBS.items():
        for tag in item.tagged(kind):
            if _likeness(str(tag.facts["tag"]), query):
                return 0.2, {"reason": hub, "reasonTitle": tag.facts["tag"], "reasonID": tag.facts["id"]}
    if item.type == "album" and item.parent and _likeness(item.parent.title, query):
        return 0.2, {"reason": "artist", "reasonTitle": item.parent.title, "reasonID": item.parent.rating_key}
    return 0.0, {}


def _likeness(text: str, query: str) -> float:
    """Return how much of a text is asked for: every word of the query must begin one of its words."""
    text, words = plain(text), plain(query).split()
    parts = [part for part in re.split(r"[^\w]+", text) if part]
    if not words or not parts or not all(any(part.startswith(word) for part in parts) for word in words):
        return 0.0
    return min(1.0, sum(map(len, words)) / sum(map(len, parts)))


def _tags(library: Library, hub: str, query: str) -> Iterator[Node]:
    kind, number = TAG_HUBS[hub]
    for section in library.sections.values():
        for name, tag in library.all_tags(kind, section.key).items():
            if _likeness(name, query):
                having = [item for item in section.items if any(t.facts["tag"] == name for t in item.tagged(kind))]
                yield Node(
                    "Directory",
                    {
                        "key": f"/library/sections/{section.key}/all?{hub}={tag}",
                        "librarySectionID": section.key,
                        "librarySectionKey": f"/library/sections/{section.key}",
                        "librarySectionTitle": section.title,
                        "librarySectionType": 1 if section.type == "movie" else 2,
                        "type": "tag",
                        "id": tag,
                        "filter": f"{hub}={tag}",
                        "tag": name,
                        "tagType": number,
                        "count": len(having),
                        "score": "0.50000",
                    },
                )
