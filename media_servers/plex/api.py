"""A real Plex Media Server, through plexapi."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from xml.etree.ElementTree import Element

from typing_extensions import override

from media_servers.answers import Health, Page, Version, at
from media_servers.application import Access
from media_servers.errors import BackendError, BadAnswerError, UnknownIdError
from media_servers.http import Params
from media_servers.plex import entries
from media_servers.plex.backend import Item, Library, OnDeck, PlexBackend, ScanStarted, Session, Viewing
from media_servers.plex.container import NothingThereError, PlexHttp
from media_servers.plex.names import NOBODY, Household
from media_servers.plex.typed import Entry, Plex

T = TypeVar("T")

HEALTH_S = 10.0  # An answer that takes longer is bad news by itself.
COUNT_S = 10.0
FOUND_PER_TYPE = 50  # Plex's search has no pages.
SOUGHT = ("movie", "show", "season", "episode", "artist", "album", "track", "photoalbum", "photo", "clip")
MEDIA_TAGS = {"Video", "Directory", "Track", "Photo"}
# Cast, files and summaries are most of what a list of Plex weighs, and nobody reads them here.
SLIM: Params = {
    "excludeElements": "Media,Genre,Country,Guid,Rating,Collection,Director,Writer,Role,Producer,Similar,Image",
    "excludeFields": "summary,tagline",
}


class PlexApi(PlexBackend):
    """Every call asks Plex anew, so it does not matter when Plex comes, goes or restarts. For any thread.

    Where its API has two ways, a server that does not know the one is asked in the other. One request a call, and Plex
    cuts the page. But `libraries` asks once more for each library, to count it, `scan` and what finds no library look
    it up, and `history` asks for names, two requests every ten minutes.
    """

    def __init__(self, access: Access, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._http = PlexHttp(access)
        self._plex = Plex(self._http.ask)
        self._household = Household(self._plex, clock)

    @override
    def libraries(self) -> list[Library]:
        found: list[Library] = []
        counts = True
        for section in self._sections():
            items, library_id = None, section.number("key")
            if counts and library_id is not None:
                try:
                    root = self._part(f"/library/sections/{library_id}/all", {}, 0, 0, timeout_s=COUNT_S)
                except BackendError:
                    counts = False  # Nobody should wait as long for each of the others: the list is worth more.
                else:
                    items = _total(root) if "totalSize" in root.attrib or len(root) else None
            found.append(entries.library(section, items))
        return found

    @override
    def items(self, library_id: int, *, offset: int, limit: int) -> Page[Item]:
        root = self._part_of(library_id, "all", {**SLIM, "sort": "titleSort"}, offset, limit)
        return self._items(root, library_id, offset, limit)

    @override
    def recently_added(self, library_id: int | None, *, offset: int, limit: int) -> Page[Item]:
        if library_id is None:
            root = self._part("/library/recentlyAdded", SLIM, offset, limit)
            return self._page(Page[Item], entries.item, root, offset, limit)
        try:
            root = self._part_of(library_id, "recentlyAdded", SLIM, offset, limit)
        except NothingThereError:
            root = self._part_of(library_id, "all", {**SLIM, "sort": "addedAt:desc"}, offset, limit)
            if "totalSize" not in root.attrib:  # The whole list, and so it may not be sorted either.
                root[:] = sorted(root, key=_added_at, reverse=True)
        return self._items(root, library_id, offset, limit)

    @override
    def on_deck(self, *, offset: int, limit: int) -> Page[OnDeck]:
        root = self._part("/library/onDeck", SLIM, offset, limit)
        return self._page(Page[OnDeck], entries.on_deck, root, offset, limit)

    @override
    def sessions(self) -> list[Session]:
        root = self._plex.query("/status/sessions")
        return [entries.session(entry) for entry in self._plex.entries(_media(root), "item")]

    @override
    def search(self, term: str, *, offset: int, limit: int) -> Page[Item]:
        params: Params = {**SLIM, "query": term, "limit": FOUND_PER_TYPE}
        root = self._first(("/hubs/search", "/library/search", "/search"), params)
        # People, genres, collections and playlists have hubs of their own: they are no items.
        hubs = [hub for hub in root.iter("Hub") if hub.get("type", "movie") in SOUGHT]
        lists = hubs or [root, *root.iter("SearchResult")]  # Without hubs, as the other two answer.
        elements = [element for one in lists for element in _media(one)]
        read = self._plex.entries(elements, "item")
        items = [entries.item(entry) for entry in read if entry.tag != "Directory" or entry.text("type") in SOUGHT]
        items.sort(key=lambda item: (*SOUGHT, "other").index(item.type))
        return Page[Item].cut(items, offset, limit, unreadable=len(elements) - len(read))

    @override
    def scan(self, library_id: int) -> ScanStarted:
        section = next((one for one in self._sections() if one.number("key") == library_id), None)
        if section is None:
            raise _unknown(library_id)
        library = entries.library(section, None)
        try:
            self._http.scan(library_id)
        except NothingThereError as error:
            raise self._nothing_of(library_id, error) from None
        return ScanStarted(library_id=library_id, title=library.title, already_scanning=library.scanning)

    @override
    def history(self, *, offset: int, limit: int) -> Page[Viewing]:
        root = self._part("/status/sessions/history/all", {"sort": "viewedAt:desc"}, offset, limit)
        users, players = self._household.names() if len(root) else NOBODY
        return self._page(Page[Viewing], lambda entry, _: entries.viewing(entry, users, players), root, offset, limit)

    @override
    def version(self) -> Version:
        version = self._first(("/", "/identity"), {}).get("version")
        if not version:
            raise BadAnswerError(
                f"What answers at {self._access.url} does not tell a version, as Plex does: check "
                f"{self._access.application.url_setting}."
            )
        return Version(application="Plex Media Server", version=version)

    @override
    def health(self) -> Health:
        issues: list[str] = []
        try:
            # Not /identity: that lets everybody in.
            self._first(("/", "/library/sections"), {}, timeout_s=min(HEALTH_S, self._access.timeout_s))
        except BackendError as error:
            issues.append(str(error))
        return Health(healthy=not issues, issues=issues, checked_at=at(time.time()))

    def _sections(self) -> list[Entry]:
        return self._plex.entries(self._plex.query("/library/sections"), "library")

    def _part_of(self, library_id: int, what: str, params: Params, offset: int, limit: int) -> Element:
        try:
            return self._part(f"/library/sections/{library_id}/{what}", params, offset, limit)
        except NothingThereError as error:
            raise self._nothing_of(library_id, error) from None

    def _items(self, root: Element, library_id: int, offset: int, limit: int) -> Page[Item]:
        return self._page(Page[Item], lambda entry, _: entries.item(entry, library_id), root, offset, limit)

    def _nothing_of(self, library_id: int, error: NothingThereError) -> BackendError:
        """Say what a 404 under a library means: it is not there, or not all of Plex's API is."""
        is_there = any(section.number("key") == library_id for section in self._sections())
        return error if is_there else _unknown(library_id)

    def _first(self, paths: tuple[str, ...], params: Params, *, timeout_s: float | None = None) -> Element:
        """Ask the first of `paths` that is there."""
        *others, last = paths
        for path in others:
            with suppress(NothingThereError):
                return self._plex.query(path, params=params, timeout=timeout_s)
        return self._plex.query(last, params=params, timeout=timeout_s)

    def _part(self, path: str, params: Params, offset: int, limit: int, *, timeout_s: float | None = None) -> Element:
        """Ask for a part of a list, in both ways that Plex knows: other servers of its API know one of them."""
        part = {"X-Plex-Container-Start": str(offset), "X-Plex-Container-Size": str(limit)}
        return self._plex.query(path, params={**params, **part}, headers=part, timeout=timeout_s)

    def _page(
        self, page: type[Page[T]], make: Callable[[Entry, int | None], T], root: Element, offset: int, limit: int
    ) -> Page[T]:
        """Make a page of a list that Plex has cut, or has not: some it only gives whole."""
        elements, total = _media(root), _total(root)
        is_cut = "totalSize" in root.attrib or (offset > 0 and root.get("offset") == str(offset))
        if is_cut and "totalSize" not in root.attrib:
            total += offset  # At least: it does not say what follows.
        if not is_cut or len(elements) > min(limit, max(0, total - offset)):  # More than there can be from there on.
            elements = elements[offset : offset + limit]
        library_id = root.get("librarySectionID", "")
        made = [
            make(entry, int(library_id) if library_id.isdecimal() else None)
            for entry in self._plex.entries(elements, "item")
        ]
        return page(
            items=made,
            total=total,
            offset=offset,
            next_offset=offset + limit if offset + limit < total else None,
            unreadable=len(elements) - len(made),
        )


def _media(container: Element) -> list[Element]:
    return [element for element in container if element.tag in MEDIA_TAGS]


def _added_at(element: Element) -> int:
    said = element.get("addedAt", "")
    return int(said) if said.isdecimal() else 0


def _total(container: Element) -> int:
    """Return how long the whole list is."""
    said = container.get("totalSize", "")
    return int(said) if said.isdecimal() else len(_media(container))


def _unknown(library_id: int) -> UnknownIdError:
    return UnknownIdError(f"No library has the id {library_id}: get_libraries lists the ids.")
