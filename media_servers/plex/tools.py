"""The tools of the Plex server. They do not know which backend is behind them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Health, Page, Version
from media_servers.arguments import Limit, Offset, Term
from media_servers.plex.backend import Item, Library, OnDeck, PlexBackend, ScanStarted, Session, Viewing
from media_servers.server import READS, SETS, MediaServer, tool

LibraryId: TypeAlias = Annotated[int, Field(ge=1, description="The library_id from get_libraries.")]
OneLibrary: TypeAlias = Annotated[
    int | None, Field(ge=1, description="Only this library_id from get_libraries; all if left out.")
]


class PlexTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: PlexBackend) -> None:
        self._backend = backend

    def get_libraries(self, limit: Limit = 20, offset: Offset = 0) -> Page[Library]:
        """List the libraries, with their ids, sizes and whether they are being scanned."""
        return Page[Library].cut(self._backend.libraries(), offset, limit)

    def get_library_items(self, library_id: LibraryId, limit: Limit = 20, offset: Offset = 0) -> Page[Item]:
        """List the movies or the shows of a library by title."""
        return self._backend.items(library_id, offset=offset, limit=limit)

    def get_recently_added(self, library_id: OneLibrary = None, limit: Limit = 20, offset: Offset = 0) -> Page[Item]:
        """List the movies and episodes that were added last, latest first."""
        return self._backend.recently_added(library_id, offset=offset, limit=limit)

    def get_on_deck(self, limit: Limit = 20, offset: Offset = 0) -> Page[OnDeck]:
        """List what is begun and where to go on: movies half seen and the next episodes of shows."""
        return self._backend.on_deck(offset=offset, limit=limit)

    def get_sessions(self, limit: Limit = 20, offset: Offset = 0) -> Page[Session]:
        """List what is being played now, on which player, and how far it is."""
        return Page[Session].cut(self._backend.sessions(), offset, limit)

    def search(self, term: Term, limit: Limit = 20, offset: Offset = 0) -> Page[Item]:
        """Search all libraries for movies, shows and episodes by title."""
        return self._backend.search(term, offset=offset, limit=limit)

    def scan_library(self, library_id: LibraryId) -> ScanStarted:
        """Begin to look for new files in a library; get_libraries tells when it is over."""
        return self._backend.scan(library_id)

    def get_history(self, limit: Limit = 20, offset: Offset = 0) -> Page[Viewing]:
        """List what was watched to the end, latest first."""
        return self._backend.history(offset=offset, limit=limit)

    def get_version(self) -> Version:
        """Show Plex's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether Plex can be reached and list its warnings."""
        return self._backend.health()


def make_server(backend: PlexBackend) -> MediaServer:
    """Put the tools over `backend` into a server. Beside each tool: what a repeat does, and why."""
    of = PlexTools(backend)
    return MediaServer(
        "plex",
        title="Plex",
        instructions="Plays movies and shows. Ids of libraries come from get_libraries.",
        tools=(
            tool(of.get_libraries, "List libraries", READS),
            tool(of.get_library_items, "List a library", READS),
            tool(of.get_recently_added, "List what is new", READS),
            tool(of.get_on_deck, "List what is begun", READS),
            tool(of.get_sessions, "Show what is playing", READS),
            tool(of.search, "Search the libraries", READS),
            tool(of.scan_library, "Scan a library", SETS),  # A repeat joins the scan, or finds what the first found.
            tool(of.get_history, "Show the history", READS),
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),
        ),
    )
