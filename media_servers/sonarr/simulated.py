"""A Sonarr that exists in memory only: episodes air by the clock, are fetched, and arrive in the library."""

from datetime import date
from itertools import count

from typing_extensions import override

from media_servers.answers import Command, Health, Page, Version, at
from media_servers.arguments import matches, period
from media_servers.errors import RefusedError, UnknownIdError
from media_servers.simulation import DAY_S, MINUTE_S, Clock, Line, Simulation, chance, chosen
from media_servers.sonarr.backend import AddedSeries, Candidate, Deleted, Episode, QueueItem, Series, SonarrBackend
from media_servers.sonarr.library import (
    BYTES_A_MINUTE,
    FIRST_TVDB_ID,
    Grab,
    HeldEpisode,
    HeldSeries,
    air_times,
    candidate,
)
from media_servers.titles import SHOWS

HELD_AT_FIRST = 7  # The other shows can be found and added.
MISSING_ONE_IN = 10
FETCHED_AT_FIRST = 3
PROFILES = ("Any", "HD-1080p")
ROOTS = ("/tv",)


class SimulatedSonarr(Simulation, SonarrBackend):
    """Begins with a library in which one episode in ten, chosen by `seed`, is missing; a few are on their way.

    A monitored episode is fetched when it airs. A search finds what has aired, unless it is there or on its way.
    """

    def __init__(self, clock: Clock, *, seed: int = 1) -> None:
        super().__init__(clock)
        self._start = self._now = clock()
        self._series: dict[int, HeldSeries] = {}
        self._ids, self._episode_ids, self._queue_ids, self._command_ids = count(1), count(1), count(1), count(1)
        self._line: Line[Grab] = Line(self._start - MINUTE_S)
        luck = chance(seed)
        for number in range(HELD_AT_FIRST):
            held = self._hold(number, monitored=True, now=self._start - 90 * DAY_S)
            for episode in held.episodes:
                if episode.air_at <= self._start and luck.randrange(MISSING_ONE_IN):
                    episode.size_bytes = held.show.minutes * BYTES_A_MINUTE
        for episode in [episode for episode in self._episodes() if episode.missing(self._start)][:FETCHED_AT_FIRST]:
            self._fetch(episode, self._start - MINUTE_S)
        self.advance(self._start)

    @override
    def advance(self, now: float) -> None:
        airing = [episode for episode in self._episodes() if self._now < episode.air_at <= now]
        for episode in sorted(airing, key=lambda episode: episode.air_at):
            self._arrive(episode.air_at)
            if episode.series.monitored:
                self._fetch(episode, episode.air_at)
        self._arrive(now)
        self._now = max(self._now, now)

    @override
    def series(self, *, term: str | None, offset: int, limit: int) -> Page[Series]:
        with self.present() as now:
            shown = [held for held in self._series.values() if term is None or matches(term, held.show.title)]
            shown.sort(key=lambda held: held.show.title)
            return Page[Series].cut((held.answer(now) for held in shown), offset, limit)

    @override
    def one_series(self, series_id: int) -> Series:
        with self.present() as now:
            return self._held(series_id).answer(now)

    @override
    def lookup(self, term: str, *, offset: int, limit: int) -> Page[Candidate]:
        with self.present():
            ids = {held.number: held.series_id for held in self._series.values()}
            found = [number for number, show in enumerate(SHOWS) if matches(term, show.title)]
            shown = (candidate(number, self._start, ids.get(number)) for number in found)
            return Page[Candidate].cut(shown, offset, limit)

    @override
    def add(
        self,
        tvdb_id: int,
        *,
        monitored: bool,
        search_now: bool,
        quality_profile: str | int | None = None,
        root_folder: str | int | None = None,
    ) -> AddedSeries:
        with self.present() as now:
            number = tvdb_id - FIRST_TVDB_ID
            if number not in range(len(SHOWS)):
                raise UnknownIdError(f"No series has the TVDB id {tvdb_id}: search_series finds the ids.")
            for held in self._series.values():
                if held.number == number:
                    raise RefusedError(
                        f"{held.show.title} is in the library already: its series_id is {held.series_id}."
                    )
            profile = chosen("quality profile", quality_profile, PROFILES)
            root = chosen("root folder", root_folder, ROOTS)
            added = self._hold(number, monitored=monitored, now=now)
            for episode in added.episodes:
                if search_now and episode.missing(now):
                    self._fetch(episode, now)
            return AddedSeries(**added.answer(now).model_dump(), quality_profile=profile, root_folder=root)

    @override
    def episodes(self, series_id: int, *, season: int | None, offset: int, limit: int) -> Page[Episode]:
        with self.present() as now:
            held = self._held(series_id)
            if season is not None and season not in range(1, held.show.seasons + 1):
                raise UnknownIdError(f"{held.show.title} has no season {season}: it has 1 to {held.show.seasons}.")
            shown = [episode for episode in held.episodes if season in (None, episode.season)]
            return Page[Episode].cut((episode.answer(now) for episode in shown), offset, limit)

    @override
    def search_episode(self, episode_id: int) -> Command:
        with self.present() as now:
            for episode in self._episodes():
                if episode.episode_id == episode_id:
                    if episode.missing(now):
                        self._fetch(episode, now)
                    return Command(command_id=next(self._command_ids), name="EpisodeSearch", status="queued")
            raise UnknownIdError(f"No episode has the id {episode_id}: get_episodes lists the ids.")

    @override
    def wanted(self, *, offset: int, limit: int) -> Page[Episode]:
        with self.present() as now:
            shown = [episode for episode in self._episodes() if episode.series.monitored and episode.missing(now)]
            shown.sort(key=lambda episode: -episode.air_at)
            return Page[Episode].cut((episode.answer(now) for episode in shown), offset, limit)

    @override
    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Episode]:
        with self.present() as now:
            first, last = period(start, end, at(now).date())
            monitored = [episode for episode in self._episodes() if episode.series.monitored]
            shown = [episode for episode in monitored if first <= at(episode.air_at).date() <= last]
            shown.sort(key=lambda episode: episode.air_at)
            return Page[Episode].cut((episode.answer(now) for episode in shown), offset, limit)

    @override
    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        with self.present() as now:
            return Page[QueueItem].cut((self._item(grab, now) for grab in self._line.waiting), offset, limit)

    @override
    def delete(self, series_id: int, *, delete_files: bool) -> Deleted:
        with self.present():
            held = self._held(series_id)
            del self._series[series_id]
            self._line.waiting[:] = [grab for grab in self._line.waiting if grab.episode.series is not held]
            return Deleted(series_id=series_id, title=held.show.title, files_deleted=delete_files)

    @override
    def version(self) -> Version:
        return Version(application="Sonarr", version="4.0.15 (simulated)")

    @override
    def health(self) -> Health:
        with self.present() as now:
            return Health(healthy=True, issues=[], checked_at=at(now))

    def _hold(self, number: int, *, monitored: bool, now: float) -> HeldSeries:
        held = HeldSeries(series_id=next(self._ids), number=number, monitored=monitored, added_at=now)
        for season, episode, air_at in air_times(number, self._start):
            episode_id = next(self._episode_ids)
            held.episodes.append(
                HeldEpisode(episode_id=episode_id, series=held, season=season, episode=episode, air_at=air_at)
            )
        self._series[held.series_id] = held
        return held

    def _held(self, series_id: int) -> HeldSeries:
        if series_id not in self._series:
            raise UnknownIdError(f"No series has the id {series_id}: get_series lists the ids.")
        return self._series[series_id]

    def _episodes(self) -> list[HeldEpisode]:
        return [episode for held in self._series.values() for episode in held.episodes]

    def _fetch(self, episode: HeldEpisode, now: float) -> None:
        if episode.grab is None:
            size_bytes = episode.series.show.minutes * BYTES_A_MINUTE
            episode.grab = Grab(queue_id=next(self._queue_ids), episode=episode, size_bytes=size_bytes, added_at=now)
            self._line.add(episode.grab)

    def _arrive(self, now: float) -> None:
        for _, grab in self._line.advance(now):
            grab.episode.size_bytes, grab.episode.grab = grab.size_bytes, None

    def _item(self, grab: Grab, now: float) -> QueueItem:
        episode, eta_s = grab.episode, self._line.eta_s(grab)
        return QueueItem(
            queue_id=grab.queue_id,
            release=episode.release,
            status="downloading" if grab is self._line.active() else "queued",
            size_bytes=grab.size_bytes,
            remaining_bytes=grab.remaining_bytes,
            progress=grab.progress,
            complete_at=None if eta_s is None else at(now + eta_s),
            series_id=episode.series.series_id,
            episode_id=episode.episode_id,
            series_title=episode.series.show.title,
            season=episode.season,
            episode=episode.episode,
        )
