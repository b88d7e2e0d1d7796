"""A real Sonarr, over its HTTP API v3 (Sonarr 4; also 3). Paths and fields: its OpenAPI document."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, cast

from typing_extensions import override

from media_servers.answers import Command, Health, Page, Version
from media_servers.application import Access
from media_servers.arguments import matches, period
from media_servers.errors import BackendError, RefusedError, UnknownIdError
from media_servers.kept import Kept
from media_servers.servarr import Clock, NotOfferedError, Servarr, is_same
from media_servers.servarr_choices import choose
from media_servers.servarr_resources import readable
from media_servers.sonarr.backend import AddedSeries, Candidate, Deleted, Episode, QueueItem, Series, SonarrBackend
from media_servers.sonarr.resources import (
    SHOWN_OVERVIEW,
    EpisodeResource,
    FileResource,
    HeldSeries,
    QueuedEpisode,
    SeriesNamed,
    SeriesResource,
)

_QUEUE = {
    "includeUnknownSeriesItems": "true",
    "includeSeries": "true",
    "includeEpisode": "true",
    "sortKey": "timeleft",
    "sortDirection": "ascending",
}
_NOTHING: frozenset[str] = frozenset()
_NEVER = datetime.max.replace(tzinfo=UTC)


class SonarrApi(SonarrBackend):
    """Asks Sonarr anew for each answer, but for the later pages of its library and of a search.

    "downloading" needs the queue: one request more when an episode on the page has no file. It is kept in Sonarr's
    memory, and without it an agent would look for what is on its way already.
    """

    def __init__(self, access: Access, clock: Clock = time.time) -> None:
        self._sonarr = Servarr(access, clock)
        self._library: Kept[tuple[list[tuple[str, Series]], int]] = Kept(clock, in_turn=True)
        self._found: Kept[tuple[list[Candidate], int]] = Kept(clock)
        self._offered: list[object] = []

    @override
    def series(self, *, term: str | None, offset: int, limit: int) -> Page[Series]:
        named, unreadable = self._library.get(offset, "library", self._fetch_library)
        shown = (series for names, series in named if term is None or matches(term, names))
        return Page[Series].cut(shown, offset, limit, unreadable=unreadable)

    @override
    def one_series(self, series_id: int) -> Series:
        return self._held(series_id).answer(SHOWN_OVERVIEW)

    @override
    def lookup(self, term: str, *, offset: int, limit: int) -> Page[Candidate]:
        candidates, unreadable = self._found.get(offset, term, lambda: self._fetch_candidates(term))
        return Page[Candidate].cut(candidates, offset, limit, unreadable=unreadable)

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
        if search_now and not monitored:
            raise RefusedError("Sonarr's search_now leaves out what is not monitored: set monitored as well.")
        self._refuse_held(tvdb_id)
        choice = choose(self._sonarr, quality_profile, root_folder)
        # Sonarr wants back what it found, and fills in the rest itself. The language profile is for Sonarr 3.
        wanted = self._in_catalogue(tvdb_id) | {
            "tvdbId": tvdb_id,
            "languageProfileId": 1,
            "monitored": monitored,
            "seasonFolder": True,
            "addOptions": {"monitor": "all" if monitored else "none", "searchForMissingEpisodes": search_now},
        }
        wanted |= choice.fields()
        try:
            document = self._sonarr.post("/series", wanted, look_with="get_series")
        except RefusedError:
            self._refuse_held(tvdb_id)  # Somebody else was faster.
            raise
        added = self._sonarr.made(HeldSeries, document, wanted, "get_series").answer()
        return AddedSeries(**added.model_dump(), quality_profile=choice.quality_profile, root_folder=choice.root_folder)

    @override
    def episodes(self, series_id: int, *, season: int | None, offset: int, limit: int) -> Page[Episode]:
        series = self._held(series_id)
        # Older ones ignore includeEpisodeFile and seasonNumber.
        rows = self._sonarr.listed("/episode", {"seriesId": series_id, "includeEpisodeFile": "true"})
        whole, unreadable = readable(EpisodeResource, rows)
        whole = [episode for episode in whole if episode.series_id in {None, series_id}]
        numbers = sorted({*series.numbers(), *(episode.season_number for episode in whole)})
        if season is not None and season not in numbers:
            there_are = ", ".join(str(number) for number in numbers) or "none yet"
            raise UnknownIdError(f"{series.title} has no season {season}: choose one of {there_are}.")
        whole = [episode for episode in whole if season in (None, episode.season_number)]
        whole.sort(key=lambda episode: (episode.season_number, episode.episode_number))
        shown = whole[offset : offset + limit]
        named = SeriesNamed(id=series.id, title=series.title, monitored=series.monitored)
        sizes = self._file_sizes(series_id, shown)
        answers = self._answers(shown, named, sizes)
        return Page[Episode].part(answers, len(whole), offset, limit, unreadable=unreadable)

    @override
    def search_episode(self, episode_id: int) -> Command:
        # Sonarr takes on a search for any id and fails at it later, where nobody looks.
        with suppress(RefusedError, NotOfferedError):  # It shows none alone, nor all: then it cannot be known.
            if self._sonarr.find("/episode", episode_id) is None:
                raise UnknownIdError(f"No episode has the id {episode_id}: get_episodes lists the ids.")
        return self._sonarr.command("EpisodeSearch", episodeIds=[episode_id])

    @override
    def wanted(self, *, offset: int, limit: int) -> Page[Episode]:
        # Without a sortKey it sorts by air date; what the key is called differs between versions.
        params = {"includeSeries": "true", "monitored": "true", "sortDirection": "descending"}
        rows, total = self._sonarr.paged("/wanted/missing", params, offset, limit)
        shown, unreadable = readable(EpisodeResource, rows)
        return Page[Episode].part(self._answers(shown), total, offset, limit, unreadable=unreadable)

    @override
    def calendar(self, start: date | None, end: date | None, *, offset: int, limit: int) -> Page[Episode]:
        first, last = period(start, end, self._sonarr.now().date())
        params = {
            "start": f"{first}T00:00:00Z",
            "end": f"{last}T23:59:59Z",
            "unmonitored": "false",
            "includeSeries": "true",
            "includeEpisodeFile": "true",
        }
        whole, unreadable = readable(EpisodeResource, self._sonarr.listed("/calendar", params))
        # One without a date stays, as the last: Sonarr says that it airs then.
        airing = [one for one in whole if one.air_at is None or first <= one.air_at.date() <= last]
        airing.sort(key=lambda one: (one.air_at or _NEVER, one.season_number, one.episode_number))
        answers = self._answers(airing[offset : offset + limit])
        return Page[Episode].part(answers, len(airing), offset, limit, unreadable=unreadable)

    @override
    def queue(self, *, offset: int, limit: int) -> Page[QueueItem]:
        rows, total = self._sonarr.paged("/queue", _QUEUE, offset, limit)
        shown, unreadable = readable(QueuedEpisode, rows)
        names = self._names([item.series_id for item in shown if not item.series])
        items = [item.answer(names) for item in shown]
        return Page[QueueItem].part(items, total, offset, limit, unreadable=unreadable)

    @override
    def delete(self, series_id: int, *, delete_files: bool) -> Deleted:
        series = self._held(series_id)
        params = {"deleteFiles": "true" if delete_files else "false", "addImportListExclusion": "false"}
        if not self._sonarr.delete(f"/series/{series_id}", params, look_with="get_series_by_id"):
            raise _unknown(series_id)
        return Deleted(series_id=series_id, title=series.title, files_deleted=delete_files)

    @override
    def version(self) -> Version:
        return self._sonarr.version()

    @override
    def health(self) -> Health:
        return self._sonarr.health()

    def _fetch_library(self) -> tuple[list[tuple[str, Series]], int]:
        read, unreadable = readable(HeldSeries, self._sonarr.listed("/series"))
        read.sort(key=lambda series: series.title.casefold())
        return [(series.names, series.answer()) for series in read], unreadable

    def _fetch_candidates(self, term: str) -> tuple[list[Candidate], int]:
        self._offered = self._look_up(term)
        read, unreadable = readable(SeriesResource, self._offered)
        return [series.candidate() for series in read], unreadable

    def _look_up(self, term: str) -> list[object]:
        path = "/series/lookup"
        return self._sonarr.rows(self._sonarr.catalogue(path, {"term": term}), path)

    def _in_catalogue(self, tvdb_id: int) -> dict[str, Any]:
        rows: list[object] = []
        with suppress(RefusedError, NotOfferedError):
            rows = self._look_up(f"tvdb:{tvdb_id}")
        for row in [*rows, *self._offered]:  # Those offered last, for what only searches for words.
            if is_same(row, "tvdbId", tvdb_id):
                return {name: content for name, content in cast("dict[str, Any]", row).items() if name != "id"}
        raise UnknownIdError(f"No series has the TVDB id {tvdb_id}: search_series finds the ids.")

    def _refuse_held(self, tvdb_id: int) -> None:
        for held in readable(HeldSeries, self._sonarr.listed("/series", {"tvdbId": tvdb_id}))[0]:
            if held.tvdb_id == tvdb_id:
                raise RefusedError(f"{held.title} is in the library already: its series_id is {held.id}.")

    def _held(self, series_id: int) -> HeldSeries:
        document = self._sonarr.find("/series", series_id)
        if document is None:
            raise _unknown(series_id)
        return self._sonarr.one(HeldSeries, document, f"/series/{series_id}")

    def _file_sizes(self, series_id: int, shown: Sequence[EpisodeResource]) -> dict[int, int | None]:
        """Return sizes by file id, for a Sonarr that does not put the files into the episodes."""
        if all(episode.episode_file is not None or not episode.is_there for episode in shown):
            return {}
        rows: list[object] = []
        with suppress(BackendError):  # Sizes are not worth an error.
            rows = self._sonarr.listed("/episodefile", {"seriesId": series_id})
        return {file.id: file.size for file in readable(FileResource, rows)[0]}

    def _names(self, series_ids: Sequence[int | None]) -> dict[int, SeriesNamed]:
        """Return what series are called, for a Sonarr that does not put them into what is theirs."""
        if not any(series_ids):
            return {}
        with suppress(BackendError):  # Nor are names.
            named, _ = self._library.get(1, "library", self._fetch_library)
            return {
                one.series_id: SeriesNamed(id=one.series_id, title=one.title, monitored=one.monitored)
                for _, one in named
            }
        return {}

    def _answers(
        self,
        shown: Sequence[EpisodeResource],
        series: SeriesNamed | None = None,
        sizes: Mapping[int, int | None] = MappingProxyType({}),
    ) -> list[Episode]:
        """Describe episodes: of `series`, or each of its own."""
        fileless = any(not episode.is_there for episode in shown)
        queued = self._sonarr.downloading("episodeId") if fileless else _NOTHING
        names = {} if series else self._names([episode.series_id for episode in shown if not episode.series])
        now = self._sonarr.now()
        return [
            episode.answer(
                series or episode.series or names.get(episode.series_id or 0) or SeriesNamed(),
                queued,
                episode.episode_file.size if episode.episode_file else sizes.get(episode.episode_file_id),
                now,
            )
            for episode in shown
        ]


def _unknown(series_id: int) -> UnknownIdError:
    return UnknownIdError(f"No series has the id {series_id}: get_series lists the ids.")
