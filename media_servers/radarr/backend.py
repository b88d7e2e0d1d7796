"""What the Radarr tools need of a Radarr, simulated or real, and the answers it gives."""

from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from pydantic import Field

from media_servers.answers import Answer, Bytes, Command, Fetching, Health, Page, Version

MovieState: TypeAlias = Literal["announced", "missing", "downloading", "downloaded", "no_file"]


class Movie(Answer):
    """A movie of the library."""

    movie_id: int
    tmdb_id: int | None
    title: str
    year: int | None
    runtime_minutes: int = Field(ge=0, description="0 if not known.")
    monitored: bool | None = Field(description="It is fetched when it can be had.")
    state: MovieState = Field(
        description="announced: not out yet, by the minimum availability set for it. downloading: in the queue, "
        "whatever holds it up there. no_file: out, and either missing or downloading, for the queue could not be read."
    )
    in_cinemas_at: datetime | None
    digital_at: datetime | None = Field(description="Out in digital form; null if nobody knows yet.")
    physical_at: datetime | None = Field(description="Out on disc; null if nobody knows yet.")
    size_bytes: Bytes | None
    path: str
    added_at: datetime | None


class AddedMovie(Movie):
    """A movie that was just added."""

    quality_profile: str | None = Field(description="The quality profile it got; null: what Radarr chose.")
    root_folder: str | None = Field(description="The root folder it got; null: what Radarr chose.")


class Candidate(Answer):
    """A movie that could be added; `movie_id` if it is in the library already."""

    tmdb_id: int | None = Field(description="Null: it cannot be added.")
    title: str
    year: int | None
    runtime_minutes: int = Field(ge=0, description="0 if not known.")
    in_cinemas_at: datetime | None
    digital_at: datetime | None
    physical_at: datetime | None
    overview: str = Field(description="Cut to 200 characters.")
    movie_id: int | None


class QueueItem(Fetching):
    """A movie on its way. The fields below are null for what is no movie of the library."""

    movie_id: int | None
    title: str | None


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

    def add(
        self,
        tmdb_id: int,
        *,
        monitored: bool,
        search_now: bool,
        quality_profile: str | int | None = None,
        root_folder: str | int | None = None,
    ) -> AddedMovie:
        """Put a movie into the library."""
        ...

    def search_movie(self, movie_id: int) -> Command:
        """Begin to look for a release of one movie."""
        ...

    def wanted(self, *, offset: int, limit: int) -> Page[Movie]:
        """Return the monitored movies without a file, latest release first; some may not be out yet."""
        ...

    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Movie]:
        """Return the monitored movies released from `start` to `end` (`arguments.period` has the rules)."""
        ...

    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        """Return the movies on their way, in the order of download."""
        ...

    def delete(self, movie_id: int, *, delete_files: bool) -> Deleted:
        """Take a movie out of the library."""
        ...

    def version(self) -> Version:
        """Return the application's version."""
        ...

    def health(self) -> Health:
        """Reachability and warnings: an answer, never an exception."""
        ...
