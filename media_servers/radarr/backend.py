"""What the Radarr tools need of a Radarr, simulated or real, and the answers it gives."""

from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from pydantic import Field

from media_servers.answers import Answer, Bytes, Command, Fetching, Health, Page, Version

MovieState: TypeAlias = Literal["announced", "missing", "downloading", "downloaded"]


class Movie(Answer):
    """A movie of the library."""

    movie_id: int
    tmdb_id: int
    title: str
    year: int
    runtime_minutes: int = Field(ge=0)
    monitored: bool
    state: MovieState
    release_at: datetime = Field(description="When it can be had in digital form.")
    size_bytes: Bytes
    path: str
    added_at: datetime


class Candidate(Answer):
    """A movie that could be added; `movie_id` if it is in the library already."""

    tmdb_id: int
    title: str
    year: int
    runtime_minutes: int = Field(ge=0)
    release_at: datetime
    movie_id: int | None


class QueueItem(Fetching):
    """A movie on its way."""

    movie_id: int
    title: str


class Deleted(Answer):
    """A movie that is not in the library any more."""

    movie_id: int
    title: str
    files_deleted: bool


class RadarrBackend(Protocol):
    """A Radarr. Methods may block, are called from several threads, and raise BackendError to refuse."""

    def movies(self, *, term: str | None, offset: int, limit: int) -> Page[Movie]:
        """Return the library, or of it what matches `term`, by title."""
        ...

    def one_movie(self, movie_id: int) -> Movie:
        """Return one movie of the library."""
        ...

    def lookup(self, term: str, *, offset: int, limit: int) -> Page[Candidate]:
        """Search all movies there are."""
        ...

    def add(self, tmdb_id: int, *, monitored: bool, search_now: bool) -> Movie:
        """Put a movie into the library."""
        ...

    def search_movie(self, movie_id: int) -> Command:
        """Begin to look for a release of one movie."""
        ...

    def wanted(self, *, offset: int, limit: int) -> Page[Movie]:
        """Return the monitored movies that can be had and have no file, latest first."""
        ...

    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Movie]:
        """Return the monitored movies released from `start` to `end` (`arguments.period` has the rules)."""
        ...

    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        """Return the movies on their way, in the order of download."""
        ...

    def delete(self, movie_id: int, *, delete_files: bool) -> Deleted:
        """Take a movie out of the library and out of the queue."""
        ...

    def version(self) -> Version:
        """Return the application's version."""
        ...

    def health(self) -> Health:
        """Reachability and warnings: an answer, never an exception."""
        ...
