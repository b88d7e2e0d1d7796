"""What Sonarr writes about series and episodes, as far as we read it, and our answers made of it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import cast, get_args

from pydantic import Field

from media_servers.answers import shortened
from media_servers.servarr_resources import Moment, Queued, Resource, Whole
from media_servers.sonarr.backend import Candidate, Episode, EpisodeState, QueueItem, Series, SeriesStatus

LISTED_OVERVIEW = 200
SHOWN_OVERVIEW = 2000


class SeasonResource(Resource):
    """A season; 0 are the specials."""

    season_number: int


class StatisticsResource(Resource):
    """Counts of a series. `episode_count` leaves out what is not monitored or has not aired."""

    season_count: Whole | None = None
    episode_file_count: Whole | None = None
    episode_count: Whole | None = None
    total_episode_count: Whole | None = None
    size_on_disk: Whole | None = None


class SeriesResource(Resource):
    """A series of the catalogue; without an id if it is not in the library."""

    id: int = 0
    tvdb_id: Whole = 0
    title: str
    sort_title: str = ""
    year: Whole = 0
    status: str = ""
    monitored: bool | None = None
    seasons: list[SeasonResource] | None = None
    statistics: StatisticsResource | None = None
    next_airing: Moment = None
    path: str = ""
    added: Moment = None
    overview: str = ""

    @property
    def names(self) -> str:
        """What a filter looks at. The title for sorting has no accents."""
        return f"{self.title} {self.sort_title}"

    def numbers(self) -> list[int]:
        """Return the numbers of its seasons, specials included."""
        return sorted(season.season_number for season in self.seasons or [])

    def answer(self, overview: int = LISTED_OVERVIEW) -> Series:
        """Describe it; statistics are missing until Sonarr has fetched the episodes of what was added."""
        statistics = self.statistics or StatisticsResource()
        return Series(
            series_id=self.id,
            tvdb_id=self.tvdb_id or None,
            title=self.title,
            year=self.year or None,
            status=self._status(),
            monitored=self.monitored,
            seasons=self._seasons(),
            episodes=statistics.total_episode_count or statistics.episode_count,
            downloaded=statistics.episode_file_count,
            size_bytes=statistics.size_on_disk,
            next_airing=self.next_airing,
            path=self.path,
            added_at=self.added,
            overview=shortened(self.overview, overview),
        )

    def candidate(self) -> Candidate:
        """Describe it as something to add."""
        return Candidate(
            tvdb_id=self.tvdb_id or None,
            title=self.title,
            year=self.year or None,
            status=self._status(),
            seasons=self._seasons(),
            overview=shortened(self.overview, LISTED_OVERVIEW),
            series_id=self.id or None,
        )

    def _seasons(self) -> int | None:
        if self.seasons is None:
            return None if self.statistics is None else self.statistics.season_count
        return sum(1 for number in self.numbers() if number > 0)

    def _status(self) -> SeriesStatus:
        status = self.status.lower()
        return cast("SeriesStatus", status) if status in get_args(SeriesStatus) else "unknown"


class HeldSeries(SeriesResource):
    """A series of the library."""

    id: int = Field()


class SeriesNamed(Resource):
    """The series that stands in an episode or a queue entry, as far as it matters there."""

    id: int | None = None
    title: str = ""
    monitored: bool | None = True


class FileResource(Resource):
    """The file of one or more episodes."""

    id: int = 0
    size: Whole | None = None


class EpisodeResource(Resource):
    """An episode. `series` and `episode_file` stand in it where they were asked for."""

    id: int
    series_id: int | None = None
    season_number: int
    episode_number: int
    title: str = ""
    air_date_utc: Moment = None
    air_date: Moment = None  # Where it airs.
    has_file: bool | None = None
    monitored: bool | None = None
    series: SeriesNamed | None = None
    episode_file_id: int = 0
    episode_file: FileResource | None = None

    @property
    def air_at(self) -> datetime | None:
        """When it airs, or at least on which day."""
        return self.air_date_utc or self.air_date

    @property
    def is_there(self) -> bool:
        """Whether it has a file."""
        return bool(self.episode_file or self.episode_file_id) if self.has_file is None else self.has_file

    def answer(
        self, series: SeriesNamed, queued: AbstractSet[str] | None, size_bytes: int | None, now: datetime
    ) -> Episode:
        """Describe it. `queued`: ids, as text, of the episodes in the queue, if known; `size_bytes`: of its file."""
        return Episode(
            episode_id=self.id,
            series_id=self.series_id or series.id,
            series_title=series.title,
            season=self.season_number,
            episode=self.episode_number,
            title=self.title,
            air_at=self.air_at,
            monitored=self.monitored and series.monitored,
            state=self._state(queued, now),
            size_bytes=size_bytes if self.is_there else 0,
        )

    def _state(self, queued: AbstractSet[str] | None, now: datetime) -> EpisodeState:
        if self.is_there:
            return "downloaded"
        if queued is not None and str(self.id) in queued:
            return "downloading"
        if self.air_at is None or self.air_at > now:
            return "unaired"
        return "no_file" if queued is None else "missing"


class EpisodeNumbered(Resource):
    """The episode that stands in a queue entry."""

    season_number: int | None = None
    episode_number: int | None = None


class QueuedEpisode(Queued):
    """An entry of the queue, for one episode; for none if Sonarr does not know what it is."""

    series_id: int | None = None
    episode_id: int | None = None
    season_number: int | None = None
    series: SeriesNamed | None = None
    episode: EpisodeNumbered | None = None

    def answer(self, names: Mapping[int, SeriesNamed]) -> QueueItem:
        """Describe it. `names`: of series, for what does not bring its own."""
        series = self.series or names.get(self.series_id or 0)
        episode = self.episode or EpisodeNumbered()
        season = self.season_number if episode.season_number is None else episode.season_number
        return QueueItem(
            **self.fetching(),
            series_id=self.series_id or None,
            episode_id=self.episode_id or None,
            series_title=series.title if series else None,
            season=season if self.series_id else None,
            episode=episode.episode_number,
        )
