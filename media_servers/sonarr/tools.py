"""The tools of the Sonarr server. They do not know which backend is behind them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Command, Health, Page, Version
from media_servers.arguments import DeleteFiles, End, Filter, Limit, Monitored, Offset, SearchNow, Start, Term
from media_servers.server import ADDS, DELETES, FETCHES, LOOKS_UP, READS, MediaServer, tool
from media_servers.sonarr.backend import Candidate, Deleted, Episode, QueueItem, Series, SonarrBackend

SeriesId: TypeAlias = Annotated[int, Field(ge=1, description="The series_id from get_series.")]
EpisodeId: TypeAlias = Annotated[
    int, Field(ge=1, description="The episode_id from get_episodes, get_wanted or get_calendar.")
]
TvdbId: TypeAlias = Annotated[int, Field(ge=1, description="The tvdb_id from search_series.")]
Season: TypeAlias = Annotated[int | None, Field(ge=0, description="Only this season (0: specials); all if left out.")]


class SonarrTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: SonarrBackend) -> None:
        self._backend = backend

    def get_series(self, term: Filter = None, limit: Limit = 20, offset: Offset = 0) -> Page[Series]:
        """List the series of the library by title."""
        return self._backend.series(term=term, offset=offset, limit=limit)

    def get_series_by_id(self, series_id: SeriesId) -> Series:
        """Show one series of the library."""
        return self._backend.one_series(series_id)

    def search_series(self, term: Term, limit: Limit = 10, offset: Offset = 0) -> Page[Candidate]:
        """Search all series there are, to find the tvdb_id that add_series needs."""
        return self._backend.lookup(term, offset=offset, limit=limit)

    def add_series(self, tvdb_id: TvdbId, monitored: Monitored = True, search_now: SearchNow = False) -> Series:  # noqa: FBT002 -- MCP passes by name
        """Add a series to the library."""
        return self._backend.add(tvdb_id, monitored=monitored, search_now=search_now)

    def get_episodes(
        self, series_id: SeriesId, season: Season = None, limit: Limit = 20, offset: Offset = 0
    ) -> Page[Episode]:
        """List the episodes of a series in order, with what is downloaded and what is missing."""
        return self._backend.episodes(series_id, season=season, offset=offset, limit=limit)

    def search_episode(self, episode_id: EpisodeId) -> Command:
        """Begin to look for a release of one episode and to download it."""
        return self._backend.search_episode(episode_id)

    def get_wanted(self, limit: Limit = 20, offset: Offset = 0) -> Page[Episode]:
        """List the monitored episodes that have aired and are missing, latest first."""
        return self._backend.wanted(offset=offset, limit=limit)

    def get_calendar(
        self, start: Start = None, end: End = None, limit: Limit = 50, offset: Offset = 0
    ) -> Page[Episode]:
        """List the monitored episodes that air in a period, by date."""
        return self._backend.calendar(start, end, offset=offset, limit=limit)

    def get_queue(self, limit: Limit = 20, offset: Offset = 0) -> Page[QueueItem]:
        """List the episodes that are being downloaded."""
        return self._backend.queue(offset=offset, limit=limit)

    def delete_series(self, series_id: SeriesId, delete_files: DeleteFiles = False) -> Deleted:  # noqa: FBT002 -- MCP passes by name
        """Delete a series from the library and its episodes from the queue."""
        return self._backend.delete(series_id, delete_files=delete_files)

    def get_version(self) -> Version:
        """Show Sonarr's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether Sonarr can be reached and list its warnings."""
        return self._backend.health()


def make_server(backend: SonarrBackend) -> MediaServer:
    """Put the tools over `backend` into a server. Beside each tool: what a repeat does, and why."""
    of = SonarrTools(backend)
    return MediaServer(
        "sonarr",
        title="Sonarr",
        instructions="Looks after TV series. Ids come from get_series, get_episodes and search_series.",
        tools=(
            tool(of.get_series, "List series", READS),
            tool(of.get_series_by_id, "Show a series", READS),
            tool(of.search_series, "Search all series", LOOKS_UP),  # Asks a catalogue on the internet.
            tool(of.add_series, "Add a series", ADDS),  # A series is in the library once: a repeat is refused.
            tool(of.get_episodes, "List episodes", READS),
            tool(of.search_episode, "Fetch an episode", FETCHES),  # Each time asks all indexers, and may grab again.
            tool(of.get_wanted, "List what is missing", READS),
            tool(of.get_calendar, "Show the calendar", READS),
            tool(of.get_queue, "Show the queue", READS),
            tool(of.delete_series, "Delete a series", DELETES),  # Ids are never used again: a repeat hits nothing.
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),
        ),
    )
