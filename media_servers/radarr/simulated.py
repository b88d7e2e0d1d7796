"""A Radarr that exists in memory only: restorations come out by the clock, are fetched, and arrive in the library."""

from dataclasses import dataclass
from datetime import date
from itertools import count

from typing_extensions import override

from media_servers.answers import Command, Health, Page, Version, at
from media_servers.arguments import matches, period
from media_servers.errors import RefusedError, UnknownIdError
from media_servers.radarr.backend import AddedMovie, Candidate, Deleted, Movie, MovieState, QueueItem, RadarrBackend
from media_servers.simulation import DAY_S, HOUR_S, MB, MINUTE_S, Clock, Line, Simulation, Transfer, chance, chosen
from media_servers.titles import FILMS, Film, release_name

FIRST_TMDB_ID = 900001
BYTES_A_MINUTE = 60 * MB
HELD_AT_FIRST = 30  # The other films can be found and added.
COMING_DAYS = (2, 5, 12, 33)  # From the start of the simulation, for the last films of the library.
MISSING_ONE_IN = 6
FETCHED_AT_FIRST = 2
PROFILES = ("Any", "HD-1080p")
ROOTS = ("/movies",)


@dataclass(slots=True, kw_only=True, eq=False)
class _Held:
    """A movie of the library. `size_bytes` is 0 without a file; `grab`: on its way."""

    movie_id: int
    number: int  # In FILMS.
    monitored: bool
    added_at: float
    release_at: float
    size_bytes: int = 0
    grab: "_Grab | None" = None

    @property
    def film(self) -> Film:
        return FILMS[self.number]

    def missing(self, now: float) -> bool:
        return self.release_at <= now and not self.size_bytes

    def answer(self, now: float) -> Movie:
        out: MovieState = "downloaded" if self.size_bytes else "downloading" if self.grab else "missing"
        return Movie(
            movie_id=self.movie_id,
            tmdb_id=FIRST_TMDB_ID + self.number,
            title=self.film.title,
            year=self.film.year,
            runtime_minutes=self.film.minutes,
            monitored=self.monitored,
            state=out if self.release_at <= now else "announced",
            in_cinemas_at=None,
            digital_at=at(self.release_at),
            physical_at=None,
            size_bytes=self.size_bytes,
            path=f"/movies/{self.film.title} ({self.film.year})",
            added_at=at(self.added_at),
        )


@dataclass(slots=True, kw_only=True, eq=False)
class _Grab(Transfer):
    queue_id: int
    movie: _Held


class SimulatedRadarr(Simulation, RadarrBackend):
    """Begins with a library in which one movie in six, chosen by `seed`, is missing; a few are on their way.

    The last four are restorations still to come. A monitored movie is fetched when it comes out. A search
    finds what is out, unless it is there or on its way.
    """

    def __init__(self, clock: Clock, *, seed: int = 1) -> None:
        super().__init__(clock)
        self._start = self._now = clock()
        self._movies: dict[int, _Held] = {}
        self._ids, self._queue_ids, self._command_ids = count(1), count(1), count(1)
        self._line: Line[_Grab] = Line(self._start - MINUTE_S)
        luck = chance(seed)
        for number in range(HELD_AT_FIRST):
            held = self._hold(number, monitored=True, now=self._start - (100 - number) * DAY_S)
            if held.release_at <= self._start and luck.randrange(MISSING_ONE_IN):
                held.size_bytes = held.film.minutes * BYTES_A_MINUTE
        for held in [held for held in self._movies.values() if held.missing(self._start)][:FETCHED_AT_FIRST]:
            self._fetch(held, self._start - MINUTE_S)
        self.advance(self._start)

    @override
    def advance(self, now: float) -> None:
        released = [held for held in self._movies.values() if self._now < held.release_at <= now]
        for held in sorted(released, key=lambda held: held.release_at):
            self._arrive(held.release_at)
            if held.monitored:
                self._fetch(held, held.release_at)
        self._arrive(now)
        self._now = max(self._now, now)

    @override
    def movies(self, *, term: str | None, offset: int, limit: int) -> Page[Movie]:
        with self.present() as now:
            shown = [held for held in self._movies.values() if term is None or matches(term, held.film.title)]
            shown.sort(key=lambda held: held.film.title)
            return Page[Movie].cut((held.answer(now) for held in shown), offset, limit)

    @override
    def one_movie(self, movie_id: int) -> Movie:
        with self.present() as now:
            return self._held(movie_id).answer(now)

    @override
    def lookup(self, term: str, *, offset: int, limit: int) -> Page[Candidate]:
        with self.present():
            ids = {held.number: held.movie_id for held in self._movies.values()}
            found = [number for number, film in enumerate(FILMS) if matches(term, film.title)]
            return Page[Candidate].cut((self._candidate(number, ids.get(number)) for number in found), offset, limit)

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
        with self.present() as now:
            number = tmdb_id - FIRST_TMDB_ID
            if number not in range(len(FILMS)):
                raise UnknownIdError(f"No movie has the TMDB id {tmdb_id}: search_movies finds the ids.")
            for held in self._movies.values():
                if held.number == number:
                    raise RefusedError(f"{held.film.title} is in the library already: its movie_id is {held.movie_id}.")
            profile = chosen("quality profile", quality_profile, PROFILES)
            root = chosen("root folder", root_folder, ROOTS)
            added = self._hold(number, monitored=monitored, now=now)
            if search_now and added.missing(now):
                self._fetch(added, now)
            return AddedMovie(**added.answer(now).model_dump(), quality_profile=profile, root_folder=root)

    @override
    def search_movie(self, movie_id: int) -> Command:
        with self.present() as now:
            held = self._held(movie_id)
            if held.missing(now):
                self._fetch(held, now)
            return Command(command_id=next(self._command_ids), name="MoviesSearch", status="queued")

    @override
    def wanted(self, *, offset: int, limit: int) -> Page[Movie]:
        with self.present() as now:
            shown = [held for held in self._movies.values() if held.monitored and held.missing(now)]
            shown.sort(key=lambda held: -held.release_at)
            return Page[Movie].cut((held.answer(now) for held in shown), offset, limit)

    @override
    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Movie]:
        with self.present() as now:
            first, last = period(start, end, at(now).date())
            monitored = [held for held in self._movies.values() if held.monitored]
            shown = [held for held in monitored if first <= at(held.release_at).date() <= last]
            shown.sort(key=lambda held: held.release_at)
            return Page[Movie].cut((held.answer(now) for held in shown), offset, limit)

    @override
    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        with self.present() as now:
            return Page[QueueItem].cut((self._item(grab, now) for grab in self._line.waiting), offset, limit)

    @override
    def delete(self, movie_id: int, *, delete_files: bool) -> Deleted:
        with self.present():
            held = self._held(movie_id)
            del self._movies[movie_id]
            self._line.waiting[:] = [grab for grab in self._line.waiting if grab.movie is not held]
            return Deleted(movie_id=movie_id, title=held.film.title, files_deleted=delete_files)

    @override
    def version(self) -> Version:
        return Version(application="Radarr", version="5.26.2 (simulated)")

    @override
    def health(self) -> Health:
        with self.present() as now:
            return Health(healthy=True, issues=[], checked_at=at(now))

    def _release_at(self, number: int) -> float:
        coming = number - (HELD_AT_FIRST - len(COMING_DAYS))
        midnight = self._start - self._start % DAY_S
        if 0 <= coming < len(COMING_DAYS):
            return midnight + COMING_DAYS[coming] * DAY_S + 8 * HOUR_S
        return midnight - (number + 1) * 37 * DAY_S

    def _hold(self, number: int, *, monitored: bool, now: float) -> _Held:
        movie_id, release_at = next(self._ids), self._release_at(number)
        held = _Held(movie_id=movie_id, number=number, monitored=monitored, added_at=now, release_at=release_at)
        self._movies[movie_id] = held
        return held

    def _held(self, movie_id: int) -> _Held:
        if movie_id not in self._movies:
            raise UnknownIdError(f"No movie has the id {movie_id}: get_movies lists the ids.")
        return self._movies[movie_id]

    def _candidate(self, number: int, movie_id: int | None) -> Candidate:
        film = FILMS[number]
        return Candidate(
            tmdb_id=FIRST_TMDB_ID + number,
            title=film.title,
            year=film.year,
            runtime_minutes=film.minutes,
            in_cinemas_at=None,
            digital_at=at(self._release_at(number)),
            physical_at=None,
            overview=f"A film of {film.year}, restored.",
            movie_id=movie_id,
        )

    def _fetch(self, held: _Held, now: float) -> None:
        if held.grab is None:
            size_bytes = held.film.minutes * BYTES_A_MINUTE
            held.grab = _Grab(queue_id=next(self._queue_ids), movie=held, size_bytes=size_bytes, added_at=now)
            self._line.add(held.grab)

    def _arrive(self, now: float) -> None:
        for _, grab in self._line.advance(now):
            grab.movie.size_bytes, grab.movie.grab = grab.size_bytes, None

    def _item(self, grab: _Grab, now: float) -> QueueItem:
        film, eta_s = grab.movie.film, self._line.eta_s(grab)
        return QueueItem(
            queue_id=grab.queue_id,
            release=release_name(film.title, f"{film.year}.1080p.Restored"),
            status="downloading" if grab is self._line.active() else "queued",
            size_bytes=grab.size_bytes,
            remaining_bytes=grab.remaining_bytes,
            progress=grab.progress,
            complete_at=None if eta_s is None else at(now + eta_s),
            movie_id=grab.movie.movie_id,
            title=film.title,
        )
