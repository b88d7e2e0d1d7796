"""What Radarr writes about movies, as far as we read it, and our answers made of it."""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import Field

from media_servers.answers import shortened
from media_servers.radarr.backend import Candidate, Movie, MovieState, QueueItem
from media_servers.servarr_resources import Moment, Queued, Resource, Whole

OVERVIEW = 200


class StatisticsResource(Resource):
    """What there is of a movie on disk."""

    size_on_disk: Whole = 0


class MovieResource(Resource):
    """A movie of the catalogue; without an id if it is not in the library."""

    id: int = 0
    tmdb_id: Whole = 0
    title: str
    sort_title: str = ""
    original_title: str = ""
    year: Whole = 0
    runtime: Whole = 0
    monitored: bool | None = None
    has_file: bool | None = None
    is_available: bool | None = None
    status: str = ""
    in_cinemas: Moment = None
    digital_release: Moment = None
    physical_release: Moment = None
    size_on_disk: Whole = 0
    statistics: StatisticsResource | None = None
    path: str = ""
    added: Moment = None
    overview: str = ""

    @property
    def names(self) -> str:
        """What a filter looks at. The title for sorting has no accents; the original one is in its own language."""
        return f"{self.title} {self.sort_title} {self.original_title}"

    @property
    def dates(self) -> list[datetime]:
        """Return the dates of its releases that are known."""
        return [at for at in (self.in_cinemas, self.digital_release, self.physical_release) if at is not None]

    def first_release(self, first: date, last: date) -> datetime | None:
        """Return when it is first released from `first` to `last`: to cinemas, in digital form or on disc."""
        return min((at for at in self.dates if first <= at.date() <= last), default=None)

    def answer(self) -> Movie:
        """Describe it, without regard to the queue."""
        is_there = self._size() > 0 if self.has_file is None else self.has_file
        is_out = self.status.lower() in {"", "released"} if self.is_available is None else self.is_available
        out: MovieState = "missing" if is_out else "announced"
        return Movie(
            movie_id=self.id,
            tmdb_id=self.tmdb_id or None,
            title=self.title,
            year=self.year or None,
            runtime_minutes=self.runtime,
            monitored=self.monitored,
            state="downloaded" if is_there else out,
            in_cinemas_at=self.in_cinemas,
            digital_at=self.digital_release,
            physical_at=self.physical_release,
            size_bytes=self._size() or (None if is_there else 0),
            path=self.path,
            added_at=self.added,
        )

    def candidate(self) -> Candidate:
        """Describe it as something to add."""
        return Candidate(
            tmdb_id=self.tmdb_id or None,
            title=self.title,
            year=self.year or None,
            runtime_minutes=self.runtime,
            in_cinemas_at=self.in_cinemas,
            digital_at=self.digital_release,
            physical_at=self.physical_release,
            overview=shortened(self.overview, OVERVIEW),
            movie_id=self.id or None,
        )

    def _size(self) -> int:
        return self.statistics.size_on_disk if self.statistics else self.size_on_disk


class HeldMovie(MovieResource):
    """A movie of the library."""

    id: int = Field()


class MovieNamed(Resource):
    """The movie that stands in a queue entry."""

    title: str = ""


class QueuedMovie(Queued):
    """An entry of the queue; without a movie if Radarr does not know what it is."""

    movie_id: int | None = None
    movie: MovieNamed | None = None

    def answer(self, titles: Mapping[int, str]) -> QueueItem:
        """Describe it. `titles`: of movies, for what does not bring its own."""
        title = self.movie.title if self.movie else titles.get(self.movie_id or 0)
        return QueueItem(**self.fetching(), movie_id=self.movie_id or None, title=title)
