"""The tools of the Radarr server. They do not know which backend is behind them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Command, Health, Page, Version
from media_servers.arguments import (
    DeleteFiles,
    End,
    Filter,
    Limit,
    Monitored,
    Offset,
    QualityProfile,
    RootFolder,
    SearchNow,
    Start,
    Term,
)
from media_servers.radarr.backend import AddedMovie, Candidate, Deleted, Movie, QueueItem, RadarrBackend
from media_servers.server import ADDS, DELETES, FETCHES, LOOKS_UP, READS, MediaServer, tool

MovieId: TypeAlias = Annotated[int, Field(ge=1, description="The movie_id from get_movies.")]
TmdbId: TypeAlias = Annotated[int, Field(ge=1, description="The tmdb_id from search_movies.")]


class RadarrTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: RadarrBackend) -> None:
        self._backend = backend

    def get_movies(self, term: Filter = None, limit: Limit = 20, offset: Offset = 0) -> Page[Movie]:
        """List the movies of the library by title, with state and size.

        A large library takes Radarr up to half a minute. Pages from offset 1 on are of the list as it was when its
        first page was asked for, for up to five minutes, and come at once.
        """
        return self._backend.movies(term=term, offset=offset, limit=limit)

    def get_movie_by_id(self, movie_id: MovieId) -> Movie:
        """Show one movie of the library."""
        return self._backend.one_movie(movie_id)

    def search_movies(self, term: Term, limit: Limit = 10, offset: Offset = 0) -> Page[Candidate]:
        """Search all movies there are, to find the tmdb_id that add_movie needs.

        Asks a catalogue on the internet (TMDb), which takes some seconds. Those in the library have a movie_id.
        "tmdb:ID" as term finds one movie.
        """
        return self._backend.lookup(term, offset=offset, limit=limit)

    def add_movie(
        self,
        tmdb_id: TmdbId,
        monitored: Monitored = True,  # noqa: FBT002 -- MCP passes by name
        search_now: SearchNow = False,  # noqa: FBT002 -- as above
        quality_profile: QualityProfile = None,
        root_folder: RootFolder = None,
    ) -> AddedMovie:
        """Add a movie to the library, and say which quality profile and root folder it got.

        What is out already is not downloaded unless search_now is set, which asks all indexers. Before its digital or
        physical release nothing is. A movie that is in the library already is refused, and its movie_id named.
        """
        return self._backend.add(
            tmdb_id,
            monitored=monitored,
            search_now=search_now,
            quality_profile=quality_profile,
            root_folder=root_folder,
        )

    def search_movie(self, movie_id: MovieId) -> Command:
        """Look for a release of one movie of the library and download the best.

        Returns at once, with the id of work that goes on: it asks all indexers, which may take a minute. get_queue
        then shows what was found; nothing there after a minute means that nothing was. It may replace a file by a
        better one.
        """
        return self._backend.search_movie(movie_id)

    def get_wanted(self, limit: Limit = 20, offset: Offset = 0) -> Page[Movie]:
        """List the monitored movies without a file, latest digital release first.

        Those that are not out yet may be among them: their state is "announced".
        """
        return self._backend.wanted(offset=offset, limit=limit)

    def get_calendar(self, start: Start = None, end: End = None, limit: Limit = 50, offset: Offset = 0) -> Page[Movie]:
        """List the monitored movies of the library that are released in a period, both days included, by date.

        A release is to cinemas, in digital form or on disc; each movie is listed once, by its first in the period.
        """
        return self._backend.calendar(start, end, offset=offset, limit=limit)

    def get_queue(self, limit: Limit = 20, offset: Offset = 0) -> Page[QueueItem]:
        """List what is being downloaded or waits to be imported, soonest first, with what holds it up."""
        return self._backend.queue(offset=offset, limit=limit)

    def delete_movie(self, movie_id: MovieId, delete_files: DeleteFiles = False) -> Deleted:  # noqa: FBT002 -- MCP passes by name
        """Delete a movie from the library, and its files only if delete_files is set.

        What is being downloaded for it is not stopped, and will not be imported.
        """
        return self._backend.delete(movie_id, delete_files=delete_files)

    def get_version(self) -> Version:
        """Show Radarr's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether Radarr can be reached, and list what it complains about.

        It is healthy if it answers and nothing of that is an error. Takes at most half a minute.
        """
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
            tool(of.add_movie, "Add a movie", ADDS),  # In the library once: a repeat is refused, and searches nothing.
            tool(of.search_movie, "Fetch a movie", FETCHES),  # Each time asks all indexers, and may grab again.
            tool(of.get_wanted, "List what is missing", READS),
            tool(of.get_calendar, "Show the calendar", READS),
            tool(of.get_queue, "Show the queue", READS),  # Radarr asks its download programs by itself, not for us.
            tool(of.delete_movie, "Delete a movie", DELETES),  # Ids are never used again: a repeat hits nothing.
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),  # Shows what Radarr has found; has it look at nothing.
        ),
    )
