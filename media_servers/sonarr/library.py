"""What the simulated Sonarr keeps in memory: series, episodes, and when those air."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from media_servers.answers import at
from media_servers.simulation import DAY_S, HOUR_S, MB, Transfer
from media_servers.sonarr.backend import Candidate, Episode, EpisodeState, Series
from media_servers.titles import SHOWS, Show, release_name

FIRST_TVDB_ID = 700001
BYTES_A_MINUTE = 25 * MB
WEEK_S = 7 * DAY_S
YEAR_S = 52 * WEEK_S


@dataclass(slots=True, kw_only=True, eq=False)
class HeldSeries:
    """A series of the library. `number`: its place in `SHOWS`."""

    series_id: int
    number: int
    monitored: bool
    added_at: float
    episodes: list["HeldEpisode"] = field(default_factory=list["HeldEpisode"])

    @property
    def show(self) -> Show:
        """Title and the like."""
        return SHOWS[self.number]

    def answer(self, now: float) -> Series:
        """Describe it as of `now`."""
        show = self.show
        coming = [episode.air_at for episode in self.episodes if episode.air_at > now]
        return Series(
            series_id=self.series_id,
            tvdb_id=FIRST_TVDB_ID + self.number,
            title=show.title,
            year=at(self.episodes[0].air_at).year,
            status="continuing" if coming else "ended",
            monitored=self.monitored,
            seasons=show.seasons,
            episodes=len(self.episodes),
            downloaded=sum(1 for episode in self.episodes if episode.size_bytes),
            size_bytes=sum(episode.size_bytes for episode in self.episodes),
            next_airing=at(min(coming)) if coming else None,
            path=f"/tv/{show.title}",
            added_at=at(self.added_at),
            overview=show.overview,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class HeldEpisode:
    """An episode of a series of the library. `size_bytes` is 0 without a file; `grab`: on its way."""

    episode_id: int
    series: HeldSeries
    season: int
    episode: int
    air_at: float
    size_bytes: int = 0
    grab: "Grab | None" = None

    @property
    def release(self) -> str:
        """The name of the release to be had."""
        return release_name(self.series.show.title, f"S{self.season:02d}E{self.episode:02d}.1080p")

    def missing(self, now: float) -> bool:
        """Tell whether it has aired and has no file."""
        return self.air_at <= now and not self.size_bytes

    def answer(self, now: float) -> Episode:
        """Describe it as of `now`."""
        aired: EpisodeState = "downloaded" if self.size_bytes else "downloading" if self.grab else "missing"
        return Episode(
            episode_id=self.episode_id,
            series_id=self.series.series_id,
            series_title=self.series.show.title,
            season=self.season,
            episode=self.episode,
            title=f"Part {self.episode}",
            air_at=at(self.air_at),
            monitored=self.series.monitored,
            state=aired if self.air_at <= now else "unaired",
            size_bytes=self.size_bytes,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Grab(Transfer):
    """The release of an episode, on its way."""

    queue_id: int
    episode: HeldEpisode


def air_times(number: int, start: float) -> Iterator[tuple[int, int, float]]:
    """Yield season, episode and air time of a show, in order; `start` is when the simulation began.

    Of a weekly show's last season half has aired by `start`; each season began a year after the one before.
    Shows have a weekday each, so that the calendar is never empty for long.
    """
    show = SHOWS[number]
    for season in range(1, show.seasons + 1):
        if show.weekly:
            half = start - start % DAY_S - (show.episodes // 2) * WEEK_S
            premiere = half + number * DAY_S - (show.seasons - season) * YEAR_S
        else:
            premiere = datetime(show.year + season - 1, 3, 1 + number, tzinfo=UTC).timestamp()
        for episode in range(1, show.episodes + 1):
            yield season, episode, premiere + (episode - 1) * WEEK_S + 20 * HOUR_S


def candidate(number: int, start: float, series_id: int | None) -> Candidate:
    """Describe a show that may be in the library, as `series_id`, or not."""
    show, times = SHOWS[number], list(air_times(number, start))
    return Candidate(
        tvdb_id=FIRST_TVDB_ID + number,
        title=show.title,
        year=at(times[0][2]).year,
        status="continuing" if show.weekly else "ended",
        seasons=show.seasons,
        overview=show.overview,
        series_id=series_id,
    )
