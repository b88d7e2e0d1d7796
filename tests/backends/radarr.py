"""A stand-in for Radarr 5: its API, version 3, with a small library. For tests of the Radarr server."""

from typing_extensions import override

from tests.backends.radarr_catalogue import Film, Movie, MovieFile, films, some_film
from tests.backends.radarr_stock import AVAILABILITIES, MONITORS, WANTED_KEYS, first_queue, wanted_order
from tests.backends.servarr import Command, Created, ServarrStub
from tests.backends.servarr_answers import (
    Document,
    RefusedError,
    bad_request,
    empty,
    failure,
    invalid,
    message,
    problem,
)
from tests.backends.servarr_queue import Download
from tests.backends.servarr_requests import Body, Paging, Query, between_dates
from tests.backends.stub import Answer, Request

MOVIE_BYTES = 8_765_432_109


class RadarrStub(ServarrStub):
    """Has five movies, of which four have no file, and four entries in its queue.

    `fill` makes a library of thousands; `delay_s` is how long its list takes, and all else.
    """

    title = "Radarr"
    version = "5.26.2.10099"
    searches = frozenset({"MoviesSearch"})
    commands_known = frozenset({"RefreshMovie", "RescanMovie", "RenameMovie", "MissingMoviesSearch"})

    def __init__(self) -> None:
        super().__init__("0ddba11c0ffee5ca1ab1e0dd5ca1ab1e", "/movies")
        self.catalogue = list(films(self.now))
        self.movies: dict[int, Movie] = {}
        self._next_movie = 1  # An id is never used again.
        self.routes |= {
            ("GET", "movie"): lambda request, _i: self._list(Query(request)),
            ("GET", "movie/#"): lambda _r, key: self._found(key).document(self.now),
            ("POST", "movie"): lambda request, _i: self._add(Body.of(request)),
            ("DELETE", "movie/#"): self._delete,
            ("GET", "movie/lookup"): lambda request, _i: self._look_up(Query(request)),
            ("GET", "movie/lookup/tmdb"): lambda request, _i: self._look_up_one(Query(request)),
            ("GET", "moviefile"): lambda request, _i: self._files(Query(request)),
            ("GET", "wanted/missing"): lambda request, _i: self._wanted(Query(request)),
            ("GET", "calendar"): lambda request, _i: self._calendar(Query(request)),
        }
        for film in self.catalogue[:5]:
            self.put(film, monitored=film.status != "deleted")
        self._make_file(self.movies[1])
        self.queue = first_queue(self.movies, self.now)

    def fill(self, count: int) -> None:
        """Put `count` more movies into the library; one in ten is missing."""
        for number in range(count):
            movie = self.put(some_film(number, self.now))
            if number % 10:
                self._make_file(movie)

    def put(self, film: Film, *, monitored: bool = True) -> Movie:
        """Put a movie into the library."""
        movie = Movie(
            film=film,
            id=self._next_movie,
            path=f"{self.root_folders[0].path}/{film.title} ({film.year})",
            quality_profile_id=self.profiles[0].id,
            monitored=monitored,
            added=self.now,
        )
        self._next_movie += 1
        self.movies[movie.id] = movie
        return movie

    @override
    def looked_for(self, command: Command) -> list[tuple[int, str]]:
        under_way = {download.item for download in self.queue}
        asked = [self.movies[key] for key in command.body.get("movieIds", ()) if key in self.movies]
        missing = [movie for movie in asked if movie.file is None and movie.id not in under_way]
        return [(one.id, f"{one.film.title.replace(' ', '.')}.{one.film.year}.1080p.WEB-GROUP") for one in missing]

    @override
    def has_arrived(self, item: int, download: Download) -> None:
        self._make_file(self.movies[item], download.size)

    @override
    def shown(self, download: Download, query: Query) -> bool:
        return download.item is not None or query.flag("includeUnknownMovieItems")

    @override
    def queued(self, download: Download, query: Query) -> Document:
        if download.item is None:
            return {}
        movie = self.movies[download.item]
        return {"movieId": movie.id, "movie": movie.document(self.now) if query.flag("includeMovie") else None}

    def _found(self, key: int) -> Movie:
        if key not in self.movies:
            raise RefusedError(problem(404))
        return self.movies[key]

    def _list(self, query: Query) -> list[Document]:
        tmdb_id = query.number("tmdbId")
        return [one.document(self.now) for one in self.movies.values() if tmdb_id in {None, one.film.tmdb_id}]

    def _look_up(self, query: Query) -> list[Document]:
        term = (query.text("term") or "").lower().strip()
        if not term:
            text = "Search for '' failed. Invalid response received from TMDb."
            raise RefusedError(message(503, text, "NzbDrone.Core.MetadataSource.SkyHook.SkyHookException"))
        if term.startswith(("tmdb:", "tmdbid:")):
            wanted = term.partition(":")[2].strip()
            matches = [film for film in self.catalogue if str(film.tmdb_id) == wanted]
        else:
            matches = [film for film in self.catalogue if all(word in film.title.lower() for word in term.split())]
        there = {one.film.tmdb_id: one for one in self.movies.values()}
        return [there.get(film.tmdb_id, Movie(film=film)).looked_up(self.now) for film in matches]

    def _look_up_one(self, query: Query) -> Document:
        tmdb_id = query.number("tmdbId") or 0
        for film in self.catalogue:
            if film.tmdb_id == tmdb_id:
                return Movie(film=film).looked_up(self.now)
        text = f"Movie with TmdbId {tmdb_id} was not found, it may have been removed from TMDb."
        raise RefusedError(message(500, text, "NzbDrone.Core.Exceptions.MovieNotFoundException"))

    def _add(self, body: Body) -> Created:
        tmdb_id = body.number("tmdbId")
        minimum = body.one_of("minimumAvailability", AVAILABILITIES, "tba")
        options = body.part("addOptions")
        if options:
            options.one_of("monitor", MONITORS, "movieOnly")
        failures = self.refused_paths(body)
        if tmdb_id <= 0:
            if body.text("title") is None:
                failures.append(empty("Title"))
            failures.append(empty("TmdbId", tmdb_id))
        if any(one.film.tmdb_id == tmdb_id for one in self.movies.values()):
            failures.append(failure("TmdbId", "This movie has already been added", tmdb_id, "MovieExistsValidator"))
        film = next((one for one in self.catalogue if one.tmdb_id == tmdb_id), None)
        path = body.text("path")
        if film is None and not failures:
            text = f"A movie with this ID was not found. Path: {path or ''}"
            failures.append(failure("TmdbId", text, tmdb_id))
        if failures or film is None:
            raise RefusedError(invalid(failures))
        movie = self.put(film, monitored=body.flag("monitored", default=True))
        movie.path = path or f"{(body.text('rootFolderPath') or '').rstrip('/')}/{film.title} ({film.year})"
        movie.quality_profile_id, movie.minimum_availability = body.number("qualityProfileId"), minimum
        movie.tags = tuple(body.numbers("tags"))
        if options and options.flag("searchForMovie"):
            self.starts("MoviesSearch", {"movieIds": [movie.id]})
        return Created(document=movie.document(self.now), path=f"movie/{movie.id}")

    def _delete(self, request: Request, key: int) -> Answer | None:
        query = Query(request)
        if key <= 0:
            return bad_request(f"{key} is not a valid ID")
        if key not in self.movies:
            return message(404, f"Movie with ID {key} does not exist", "NzbDrone.Core.Datastore.ModelNotFoundException")
        movie = self.movies.pop(key)
        for download in self.queue:  # The download goes on; nobody knows for what.
            download.item = None if download.item == key else download.item
        if query.flag("deleteFiles") and movie.path:
            self.folders_deleted.append(movie.path)
        if query.flag("addImportExclusion"):
            self.exclusions.append(movie.film.tmdb_id)
        return None

    def _files(self, query: Query) -> list[Document]:
        keys, wanted = query.numbers("movieId"), query.numbers("movieFileIds")
        if not keys and not wanted:
            raise RefusedError(bad_request("movieId or movieFileIds must be provided"))
        files = [movie.file for movie in self.movies.values() if movie.file]
        return [file.document() for file in files if file.id in wanted or file.movie_id in keys]

    def _wanted(self, query: Query) -> Document:
        """Return what has no file, whether it can be had yet or not."""
        paging = Paging.of(query, WANTED_KEYS, key=WANTED_KEYS[0])
        monitored = query.flag("monitored", default=True)
        missing = [one for one in self.movies.values() if one.file is None and one.monitored == monitored]
        ordered = paging.sort(missing, lambda one: wanted_order(one, paging.key))
        return paging.envelope([one.document(self.now) for one in paging.cut(ordered)], len(missing))

    def _calendar(self, query: Query) -> list[Document]:
        start, end = between_dates(query, self.now)
        is_any = query.flag("unmonitored")
        coming = [one for one in self.movies.values() if any(start <= date <= end for date in one.film.releases())]
        shown = [one for one in coming if is_any or one.monitored]
        return [one.document(self.now) for one in sorted(shown, key=lambda one: str(one.film.in_cinemas or ""))]

    def _make_file(self, movie: Movie, size: int = MOVIE_BYTES) -> None:
        path = f"{movie.path}/{movie.film.title} ({movie.film.year}) WEBDL-1080p.mkv"
        movie.file = MovieFile(id=self.new_id(), movie_id=movie.id, path=path, size=size, added=self.now)
