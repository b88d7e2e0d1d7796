"""The tools of the Plex server. They do not know which backend is behind them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Health, Page, Version
from media_servers.arguments import Limit, Offset, Term
from media_servers.plex.backend import Item, Library, OnDeck, PlexBackend, ScanStarted, Session, Viewing
from media_servers.server import READS, Effect, MediaServer, tool

LibraryId: TypeAlias = Annotated[int, Field(ge=1, description="The library_id from get_libraries.")]
OneLibrary: TypeAlias = Annotated[
    int | None, Field(ge=1, description="Only this library_id from get_libraries; all if left out.")
]
SCANS = Effect(idempotent=True, outside=True)


class PlexTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: PlexBackend) -> None:
        self._backend = backend

    def get_libraries(self, limit: Limit = 20, offset: Offset = 0) -> Page[Library]:
        """List the libraries: id, title, type, how many items, whether a scan is running and when the last one ended.

        The other tools take the library_id from here. Costs one request, and a small one per library to count it.
        """
        return Page[Library].cut(self._backend.libraries(), offset, limit)

    def get_library_items(self, library_id: LibraryId, limit: Limit = 20, offset: Offset = 0) -> Page[Item]:
        """List what is in one library, by title: movies, shows (not their episodes), artists, or photos and albums.

        Returns a page, with views and dates; `total` is the size of the library. To find a title, search is quicker.
        """
        return self._backend.items(library_id, offset=offset, limit=limit)

    def get_recently_added(self, library_id: OneLibrary = None, limit: Limit = 20, offset: Offset = 0) -> Page[Item]:
        """List what was added last, latest first: movies, episodes or whole seasons, albums, photos.

        Without library_id the new episodes of a season may come as one entry, the season. A new file is here after
        Plex has scanned the library: see scan_library.
        """
        return self._backend.recently_added(library_id, offset=offset, limit=limit)

    def get_on_deck(self, limit: Limit = 20, offset: Offset = 0) -> Page[OnDeck]:
        """List what is begun and where to go on: movies half seen and the next episodes of shows.

        It is the list of the user whose token the server has, not of the whole household.
        """
        return self._backend.on_deck(offset=offset, limit=limit)

    def get_sessions(self, limit: Limit = 20, offset: Offset = 0) -> Page[Session]:
        """List what is being played now: by whom, on which player, how far it is, and whether Plex transcodes.

        An empty list means that nobody is watching, which is a good time for a restart or a scan.
        """
        return Page[Session].cut(self._backend.sessions(), offset, limit)

    def search(self, term: Term, limit: Limit = 20, offset: Offset = 0) -> Page[Item]:
        """Search all libraries for movies, shows and episodes by title, in this order; then music and photos.

        Plex's own search: it forgives misspelling, and may add what an actor or a genre of that name has to do with.
        Returns at most 50 of each type. It does not look for anything that could be downloaded.
        """
        return self._backend.search(term, offset=offset, limit=limit)

    def scan_library(self, library_id: LibraryId) -> ScanStarted:
        """Begin to look for new and vanished files in one library; get_libraries tells when it is over.

        Answers at once, before anything is found; a scan takes seconds to many minutes, and disk activity. Plex also
        scans by itself, if it is set so. Entries whose files are gone may leave the library, the files stay untouched.
        """
        return self._backend.scan(library_id)

    def get_history(self, limit: Limit = 20, offset: Offset = 0) -> Page[Viewing]:
        """List what was watched to the end, latest first: what, when, by whom and on which player.

        Of an item it knows the title and its place in a show, not duration, year or views. The names of users and
        players may be up to ten minutes old.
        """
        return self._backend.history(offset=offset, limit=limit)

    def get_version(self) -> Version:
        """Show the version of the Plex Media Server. Fails if it cannot be reached, or refuses the token."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether Plex can be reached and takes the token. Never fails: what is wrong is in `issues`.

        Answers within about ten seconds. A Plex in its nightly maintenance may be slow, and healthy again soon.
        """
        return self._backend.health()


def make_server(backend: PlexBackend) -> MediaServer:
    """Put the tools over `backend` into a server. Beside each tool: what a repeat does, and why."""
    of = PlexTools(backend)
    return MediaServer(
        "plex",
        title="Plex",
        instructions="Plays movies, shows and music. Ids of libraries come from get_libraries. New files are there "
        "after a scan of their library.",
        tools=(
            tool(of.get_libraries, "List libraries", READS),
            tool(of.get_library_items, "List a library", READS),
            tool(of.get_recently_added, "List what is new", READS),
            tool(of.get_on_deck, "List what is begun", READS),
            tool(of.get_sessions, "Show what is playing", READS),
            tool(of.search, "Search the libraries", READS),
            # A repeat joins the scan, or finds what the first found. What is new, Plex looks up on the internet. What a
            # vanished file loses, a later scan brings back with it: Plex keeps the views.
            tool(of.scan_library, "Scan a library", SCANS),
            tool(of.get_history, "Show the history", READS),
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),
        ),
    )
