"""A real Radarr, over its HTTP API v3 (Radarr 5; also 3 and 4). Paths and fields: its OpenAPI document."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, cast

from typing_extensions import override

from media_servers.answers import Command, Health, Page, Version
from media_servers.application import Access
from media_servers.arguments import matches, period
from media_servers.errors import BackendError, FailedError, RefusedError, UnknownIdError
from media_servers.kept import Kept
from media_servers.radarr.backend import AddedMovie, Candidate, Deleted, Movie, MovieState, QueueItem, RadarrBackend
from media_servers.radarr.resources import HeldMovie, MovieResource, QueuedMovie
from media_servers.servarr import Clock, NotOfferedError, Servarr, is_same
from media_servers.servarr_choices import choose
from media_servers.servarr_resources import readable

_QUEUE = {
    "includeUnknownMovieItems": "true",
    "includeMovie": "true",
    "sortKey": "timeleft",
    "sortDirection": "ascending",
}
_NEVER = datetime.max.replace(tzinfo=UTC)
_WANTED = {"monitored": "true", "sortKey": "movieMetadata.digitalRelease", "sortDirection": "descending"}


class RadarrApi(RadarrBackend):
    """Asks Radarr anew for each answer, but for the later pages of its library and of a search.

    "downloading" needs the queue: one request more when a movie on the page has no file. It is kept in Radarr's
    memory, and without it an agent would look for what is on its way already.
    """

    def __init__(self, access: Access, clock: Clock = time.time) -> None:
        self._radarr = Servarr(access, clock)
        self._library: Kept[tuple[list[tuple[str, Movie]], int]] = Kept(clock, in_turn=True)
        self._found: Kept[tuple[list[Candidate], int]] = Kept(clock)
        self._offered: list[object] = []

    @override
    def movies(self, *, term: str | None, offset: int, limit: int) -> Page[Movie]:
        named, unreadable = self._library.get(offset, "library", self._fetch_library)
        whole = [movie for names, movie in named if term is None or matches(term, names)]
        shown = self._with_queue(whole[offset : offset + limit])
        return Page[Movie].part(shown, len(whole), offset, limit, unreadable=unreadable)

    @override
    def one_movie(self, movie_id: int) -> Movie:
        return self._with_queue([self._held(movie_id).answer()])[0]

    @override
    def lookup(self, term: str, *, offset: int, limit: int) -> Page[Candidate]:
        candidates, unreadable = self._found.get(offset, term, lambda: self._fetch_candidates(term))
        return Page[Candidate].cut(candidates, offset, limit, unreadable=unreadable)

    @override
    def add(
        self,
        tmdb_id: int,
        *,
        monitored: bool,
        search_now: bool,
        quality_profile: str | int | None = None,
        root_folder: str | int | None = None,
    ) -> AddedMovie:
        if search_now and not monitored:
            raise RefusedError("Radarr's search_now leaves out what is not monitored: set monitored as well.")
        self._refuse_held(tmdb_id)
        choice = choose(self._radarr, quality_profile, root_folder)
        # Radarr wants back what it found, and fills in the rest itself. Before a release there are only fakes.
        wanted = self._in_catalogue(tmdb_id) | {
            "tmdbId": tmdb_id,
            "monitored": monitored,
            "minimumAvailability": "released",
            "addOptions": {"monitor": "movieOnly" if monitored else "none", "searchForMovie": search_now},
        }
        wanted |= choice.fields()
        wanted.pop("path", None)  # Radarr makes it from the root folder.
        try:
            document = self._radarr.post("/movie", wanted, look_with="get_movies")
        except RefusedError:
            self._refuse_held(tmdb_id)  # Somebody else was faster.
            raise
        added = self._radarr.made(HeldMovie, document, wanted, "get_movies").answer()
        return AddedMovie(**added.model_dump(), quality_profile=choice.quality_profile, root_folder=choice.root_folder)

    @override
    def search_movie(self, movie_id: int) -> Command:
        self._held(movie_id)  # Radarr takes on a search for any id and fails at it later, where nobody looks.
        return self._radarr.command("MoviesSearch", movieIds=[movie_id])

    @override
    def wanted(self, *, offset: int, limit: int) -> Page[Movie]:
        rows, total = self._radarr.paged("/wanted/missing", _WANTED, offset, limit)
        read, unreadable = readable(HeldMovie, rows)
        shown = self._with_queue([movie.answer() for movie in read])
        return Page[Movie].part(shown, total, offset, limit, unreadable=unreadable)

    @override
    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Movie]:
        first, last = period(start, end, self._radarr.now().date())
        params = {"start": f"{first}T00:00:00Z", "end": f"{last}T23:59:59Z", "unmonitored": "false"}
        read, unreadable = readable(HeldMovie, self._radarr.listed("/calendar", params))
        # One without any date stays, as the last: Radarr says that it is released then.
        dated = [(movie.first_release(first, last), movie) for movie in read]
        released = [(at or _NEVER, movie.title, movie) for at, movie in dated if at is not None or not movie.dates]
        released.sort(key=lambda one: one[:2])
        shown = self._with_queue([movie.answer() for _, _, movie in released[offset : offset + limit]])
        return Page[Movie].part(shown, len(released), offset, limit, unreadable=unreadable)

    @override
    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        rows, total = self._radarr.paged("/queue", _QUEUE, offset, limit)
        read, unreadable = readable(QueuedMovie, rows)
        titles = self._titles() if any(item.movie_id and not item.movie for item in read) else {}
        items = [item.answer(titles) for item in read]
        return Page[QueueItem].part(items, total, offset, limit, unreadable=unreadable)

    @override
    def delete(self, movie_id: int, *, delete_files: bool) -> Deleted:
        movie = self._held(movie_id)
        params = {"deleteFiles": "true" if delete_files else "false", "addImportExclusion": "false"}
        if not self._radarr.delete(f"/movie/{movie_id}", params, look_with="get_movie_by_id"):
            raise _unknown(movie_id)
        return Deleted(movie_id=movie_id, title=movie.title, files_deleted=delete_files)

    @override
    def version(self) -> Version:
        return self._radarr.version()

    @override
    def health(self) -> Health:
        return self._radarr.health()

    def _fetch_library(self) -> tuple[list[tuple[str, Movie]], int]:
        # The covers' dates on disk cost Radarr most of the time.
        read, unreadable = readable(HeldMovie, self._radarr.listed("/movie", {"excludeLocalCovers": "true"}))
        read.sort(key=lambda movie: movie.title.casefold())
        return [(movie.names, movie.answer()) for movie in read], unreadable

    def _fetch_candidates(self, term: str) -> tuple[list[Candidate], int]:
        self._offered = self._look_up(term)
        read, unreadable = readable(MovieResource, self._offered)
        return [movie.candidate() for movie in read], unreadable

    def _look_up(self, term: str) -> list[object]:
        path = "/movie/lookup"
        return self._radarr.rows(self._radarr.catalogue(path, {"term": term}), path)

    def _in_catalogue(self, tmdb_id: int) -> dict[str, Any]:
        rows: list[object] = []
        try:
            rows = [self._radarr.catalogue("/movie/lookup/tmdb", {"tmdbId": tmdb_id})]
        except FailedError as error:
            if "not found" not in error.what:  # It says so with HTTP 500.
                raise
        except (RefusedError, NotOfferedError):  # There is another way.
            with suppress(RefusedError, NotOfferedError):
                rows = self._look_up(f"tmdb:{tmdb_id}")
        for row in [*rows, *self._offered]:  # Those offered last, for what only searches for words.
            if is_same(row, "tmdbId", tmdb_id):
                return {name: content for name, content in cast("dict[str, Any]", row).items() if name != "id"}
        raise UnknownIdError(f"No movie has the TMDB id {tmdb_id}: search_movies finds the ids.")

    def _refuse_held(self, tmdb_id: int) -> None:
        for held in readable(HeldMovie, self._radarr.listed("/movie", {"tmdbId": tmdb_id}))[0]:
            if held.tmdb_id == tmdb_id:
                raise RefusedError(f"{held.title} is in the library already: its movie_id is {held.id}.")

    def _held(self, movie_id: int) -> HeldMovie:
        document = self._radarr.find("/movie", movie_id)
        if document is None:
            raise _unknown(movie_id)
        return self._radarr.one(HeldMovie, document, f"/movie/{movie_id}")

    def _titles(self) -> dict[int, str]:
        """Return what movies are called, for a Radarr that does not put them into what is theirs."""
        with suppress(BackendError):  # Titles are not worth an error.
            named, _ = self._library.get(1, "library", self._fetch_library)
            return {movie.movie_id: movie.title for _, movie in named}
        return {}

    def _with_queue(self, movies: Sequence[Movie]) -> list[Movie]:
        if all(movie.state == "downloaded" for movie in movies):
            return list(movies)
        queued = self._radarr.downloading("movieId")
        return [movie.model_copy(update={"state": _state(movie, queued)}) for movie in movies]


def _state(movie: Movie, queued: frozenset[str] | None) -> MovieState:
    if movie.state == "downloaded":
        return movie.state
    if queued is None:
        return "no_file" if movie.state == "missing" else movie.state
    return "downloading" if str(movie.movie_id) in queued else movie.state


def _unknown(movie_id: int) -> UnknownIdError:
    return UnknownIdError(f"No movie has the id {movie_id}: get_movies lists the ids.")
