"""The tools of the Sonarr server. They do not know which backend is behind them."""

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
from media_servers.server import ADDS, DELETES, FETCHES, LOOKS_UP, READS, MediaServer, tool
from media_servers.sonarr.backend import AddedSeries, Candidate, Deleted, Episode, QueueItem, Series, SonarrBackend

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
        """List the series of the library by title, with counts of episodes and sizes.

        A large library takes Sonarr up to half a minute. Pages from offset 1 on are of the list as it was when its
        first page was asked for, for up to five minutes, and come at once.
        """
        return self._backend.series(term=term, offset=offset, limit=limit)

    def get_series_by_id(self, series_id: SeriesId) -> Series:
        """Show one series of the library, with its whole overview."""
        return self._backend.one_series(series_id)

    def search_series(self, term: Term, limit: Limit = 10, offset: Offset = 0) -> Page[Candidate]:
        """Search all series there are, to find the tvdb_id that add_series needs.

        Asks a catalogue on the internet (TheTVDB), which takes some seconds. Those in the library have a series_id.
        "tvdb:ID" as term finds one series.
        """
        return self._backend.lookup(term, offset=offset, limit=limit)

    def add_series(
        self,
        tvdb_id: TvdbId,
        monitored: Monitored = True,  # noqa: FBT002 -- MCP passes by name
        search_now: SearchNow = False,  # noqa: FBT002 -- as above
        quality_profile: QualityProfile = None,
        root_folder: RootFolder = None,
    ) -> AddedSeries:
        """Add a series to the library, and say which quality profile and root folder it got.

        Nothing that is out already is downloaded unless search_now is set, which asks all indexers for every episode.
        A series that is in the library already is refused, and its series_id named.
        """
        return self._backend.add(
            tvdb_id,
            monitored=monitored,
            search_now=search_now,
            quality_profile=quality_profile,
            root_folder=root_folder,
        )

    def get_episodes(
        self, series_id: SeriesId, season: Season = None, limit: Limit = 20, offset: Offset = 0
    ) -> Page[Episode]:
        """List the episodes of a series in order, with what is downloaded, on its way, missing or still to air."""
        return self._backend.episodes(series_id, season=season, offset=offset, limit=limit)

    def search_episode(self, episode_id: EpisodeId) -> Command:
        """Look for a release of one episode of the library and download the best.

        Returns at once, with the id of work that goes on: it asks all indexers, which may take a minute. get_queue
        then shows what was found; nothing there after a minute means that nothing was. It may replace a file by a
        better one.
        """
        return self._backend.search_episode(episode_id)

    def get_wanted(self, limit: Limit = 20, offset: Offset = 0) -> Page[Episode]:
        """List the monitored episodes that have aired and have no file, latest first."""
        return self._backend.wanted(offset=offset, limit=limit)

    def get_calendar(
        self, start: Start = None, end: End = None, limit: Limit = 50, offset: Offset = 0
    ) -> Page[Episode]:
        """List the monitored episodes of the library that air in a period, both days included, by date."""
        return self._backend.calendar(start, end, offset=offset, limit=limit)

    def get_queue(self, limit: Limit = 20, offset: Offset = 0) -> Page[QueueItem]:
        """List what is being downloaded or waits to be imported, soonest first, with what holds it up.

        A release of several episodes is listed once for each, each time with its whole size.
        """
        return self._backend.queue(offset=offset, limit=limit)

    def delete_series(self, series_id: SeriesId, delete_files: DeleteFiles = False) -> Deleted:  # noqa: FBT002 -- MCP passes by name
        """Delete a series from the library, and its files only if delete_files is set.

        What is being downloaded for it is not stopped, and will not be imported.
        """
        return self._backend.delete(series_id, delete_files=delete_files)

    def get_version(self) -> Version:
        """Show Sonarr's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether Sonarr can be reached, and list what it complains about.

        It is healthy if it answers and nothing of that is an error. Takes at most half a minute.
        """
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
            tool(
                of.add_series, "Add a series", ADDS
            ),  # In the library once: a repeat is refused, and searches nothing.
            tool(of.get_episodes, "List episodes", READS),
            tool(of.search_episode, "Fetch an episode", FETCHES),  # Each time asks all indexers, and may grab again.
            tool(of.get_wanted, "List what is missing", READS),
            tool(of.get_calendar, "Show the calendar", READS),
            tool(of.get_queue, "Show the queue", READS),  # Sonarr asks its download programs by itself, not for us.
            tool(of.delete_series, "Delete a series", DELETES),  # Ids are never used again: a repeat hits nothing.
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),  # Shows what Sonarr has found; has it look at nothing.
        ),
    )
