"""What the Sonarr tools need of a Sonarr, simulated or real, and the answers it gives."""

from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from pydantic import Field

from media_servers.answers import Answer, Bytes, Command, Fetching, Health, Page, Version

EpisodeState: TypeAlias = Literal["unaired", "missing", "downloading", "downloaded", "no_file"]
SeriesStatus: TypeAlias = Literal["continuing", "ended", "upcoming", "deleted", "unknown"]


class Series(Answer):
    """A series of the library."""

    series_id: int
    tvdb_id: int | None
    title: str
    year: int | None
    status: SeriesStatus = Field(description="deleted: gone from the catalogue, TheTVDB.")
    monitored: bool | None
    seasons: int | None = Field(description="Specials not counted.")
    episodes: int | None = Field(
        ge=0,
        description="Known episodes, unaired ones included; null, as the next two, as long as they are not counted.",
    )
    downloaded: int | None = Field(ge=0, description="Episodes with a file.")
    size_bytes: Bytes | None
    next_airing: datetime | None
    path: str
    added_at: datetime | None
    overview: str = Field(description="Cut to 200 characters in lists.")


class AddedSeries(Series):
    """A series that was just added. Its episodes follow within a minute."""

    quality_profile: str | None = Field(description="The quality profile it got; null: what Sonarr chose.")
    root_folder: str | None = Field(description="The root folder it got; null: what Sonarr chose.")


class Candidate(Answer):
    """A series that could be added; `series_id` if it is in the library already."""

    tvdb_id: int | None = Field(description="Null: it cannot be added.")
    title: str
    year: int | None
    status: SeriesStatus
    seasons: int | None
    overview: str = Field(description="Cut to 200 characters.")
    series_id: int | None


class Episode(Answer):
    """An episode of a series of the library."""

    episode_id: int
    series_id: int | None
    series_title: str
    season: int
    episode: int
    title: str
    air_at: datetime | None = Field(description="Null if nobody knows yet.")
    monitored: bool | None = Field(description="The episode and its series are: it is fetched when it can be had.")
    state: EpisodeState = Field(
        description="downloading: in the queue, whatever holds it up there. no_file: aired, and either missing or "
        "downloading, for the queue could not be read."
    )
    size_bytes: Bytes | None


class QueueItem(Fetching):
    """An episode on its way. The fields below are null for what belongs to no series of the library."""

    series_id: int | None
    episode_id: int | None
    series_title: str | None
    season: int | None
    episode: int | None


class Deleted(Answer):
    """A series that is not in the library any more."""

    series_id: int
    title: str
    files_deleted: bool


class SonarrBackend(Protocol):
    """A Sonarr. Methods may block, are called from several threads, and raise BackendError to refuse."""

    def series(self, *, term: str | None, offset: int, limit: int) -> Page[Series]:
        """Return the library, or of it what matches `term`, by title."""
        ...

    def one_series(self, series_id: int) -> Series:
        """Return one series of the library."""
        ...

    def lookup(self, term: str, *, offset: int, limit: int) -> Page[Candidate]:
        """Search all series there are."""
        ...

    def add(
        self,
        tvdb_id: int,
        *,
        monitored: bool,
        search_now: bool,
        quality_profile: str | int | None = None,
        root_folder: str | int | None = None,
    ) -> AddedSeries:
        """Put a series into the library."""
        ...

    def episodes(self, series_id: int, *, season: int | None, offset: int, limit: int) -> Page[Episode]:
        """Return the episodes of a series, or of one season of it, in order."""
        ...

    def search_episode(self, episode_id: int) -> Command:
        """Begin to look for a release of one episode."""
        ...

    def wanted(self, *, offset: int, limit: int) -> Page[Episode]:
        """Return the monitored episodes that have aired and have no file, latest first."""
        ...

    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Episode]:
        """Return the monitored episodes that air from `start` to `end` (`arguments.period` has the rules)."""
        ...

    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        """Return the episodes on their way, in the order of download."""
        ...

    def delete(self, series_id: int, *, delete_files: bool) -> Deleted:
        """Take a series out of the library."""
        ...

    def version(self) -> Version:
        """Return the application's version."""
        ...

    def health(self) -> Health:
        """Reachability and warnings: an answer, never an exception."""
        ...
