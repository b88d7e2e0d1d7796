"""The tools of the Radarr server. They do not know which backend is behind them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Command, Health, Page, Version
from media_servers.arguments import DeleteFiles, End, Filter, Limit, Monitored, Offset, SearchNow, Start, Term
from media_servers.radarr.backend import Candidate, Deleted, Movie, QueueItem, RadarrBackend
from media_servers.server import ADDS, DELETES, FETCHES, LOOKS_UP, READS, MediaServer, tool

MovieId: TypeAlias = Annotated[int, Field(ge=1, description="The movie_id from get_movies.")]
TmdbId: TypeAlias = Annotated[int, Field(ge=1, description="The tmdb_id from search_movies.")]


class RadarrTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: RadarrBackend) -> None:
        self._backend = backend

    def get_movies(self, term: Filter = None, limit: Limit = 20, offset: Offset = 0) -> Page[Movie]:
        """List the movies of the library by title."""
        return self._backend.movies(term=term, offset=offset, limit=limit)

    def get_movie_by_id(self, movie_id: MovieId) -> Movie:
        """Show one movie of the library."""
        return self._backend.one_movie(movie_id)

    def search_movies(self, term: Term, limit: Limit = 10, offset: Offset = 0) -> Page[Candidate]:
        """Search all movies there are, to find the tmdb_id that add_movie needs."""
        return self._backend.lookup(term, offset=offset, limit=limit)

    def add_movie(self, tmdb_id: TmdbId, monitored: Monitored = True, search_now: SearchNow = False) -> Movie:  # noqa: FBT002 -- MCP passes by name
        """Add a movie to the library."""
        return self._backend.add(tmdb_id, monitored=monitored, search_now=search_now)

    def search_movie(self, movie_id: MovieId) -> Command:
        """Begin to look for a release of one movie of the library and to download it."""
        return self._backend.search_movie(movie_id)

    def get_wanted(self, limit: Limit = 20, offset: Offset = 0) -> Page[Movie]:
        """List the monitored movies that can be had and are missing, latest first."""
        return self._backend.wanted(offset=offset, limit=limit)

    def get_calendar(self, start: Start = None, end: End = None, limit: Limit = 50, offset: Offset = 0) -> Page[Movie]:
        """List the monitored movies that are released in a period, by date."""
        return self._backend.calendar(start, end, offset=offset, limit=limit)

    def get_queue(self, limit: Limit = 20, offset: Offset = 0) -> Page[QueueItem]:
        """List the movies that are being downloaded."""
        return self._backend.queue(offset=offset, limit=limit)

    def delete_movie(self, movie_id: MovieId, delete_files: DeleteFiles = False) -> Deleted:  # noqa: FBT002 -- MCP passes by name
        """Delete a movie from the library and from the queue."""
        return self._backend.delete(movie_id, delete_files=delete_files)

    def get_version(self) -> Version:
        """Show Radarr's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether Radarr can be reached and list its warnings."""
        return self._backend.health()


def make_server(backend: RadarrBackend) -> MediaServer:
    """Put the tools over `backend` into a server. Beside each tool: what a repeat does, and why."""
    of = RadarrTools(backend)
    return MediaServer(
        "radarr",
        title="Radarr",
        instructions="Looks after movies. Ids come from get_movies and search_movies.",
        tools=(
            tool(of.get_movies, "List movies", READS),
            tool(of.get_movie_by_id, "Show a movie", READS),
            tool(of.search_movies, "Search all movies", LOOKS_UP),  # Asks a catalogue on the internet.
            tool(of.add_movie, "Add a movie", ADDS),  # A movie is in the library once: a repeat is refused.
            tool(of.search_movie, "Fetch a movie", FETCHES),  # Each time asks all indexers, and may grab again.
            tool(of.get_wanted, "List what is missing", READS),
            tool(of.get_calendar, "Show the calendar", READS),
            tool(of.get_queue, "Show the queue", READS),
            tool(of.delete_movie, "Delete a movie", DELETES),  # Ids are never used again: a repeat hits nothing.
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),
        ),
    )
