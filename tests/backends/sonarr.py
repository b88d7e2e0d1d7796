"""A stand-in for Sonarr 4: its API, version 3, with a small library. For tests of the Sonarr server."""

from collections.abc import Iterable

from typing_extensions import override

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
from tests.backends.sonarr_catalogue import Show, shows, some_show
from tests.backends.sonarr_library import Episode, EpisodeFile, Series
from tests.backends.sonarr_stock import EPISODE_BYTES, MONITORS, OLD_PROFILE, first_queue, is_monitored
from tests.backends.stub import Answer, Request

WANTED_KEYS = ("episodes.airDateUtc", "episodes.lastSearchTime", "series.sortTitle")


class SonarrStub(ServarrStub):
    """Has four series, of which one has episodes that are missing, and four entries in its queue.

    `fill` makes a library of thousands; `delay_s` is how long its list takes, and all else.
    """

    title = "Sonarr"
    version = "4.0.15.2941"
    searches = frozenset({"EpisodeSearch", "SeasonSearch", "SeriesSearch", "MissingEpisodeSearch"})
    commands_known = frozenset({"RefreshSeries", "RescanSeries", "RenameSeries", "RenameFiles"})

    def __init__(self) -> None:
        super().__init__("5ca1ab1e0ddba11c0ffee5ca1ab1e0dd", "/tv")
        self.catalogue = shows(self.now)
        self.series: dict[int, Series] = {}
        self.episodes: dict[int, Episode] = {}
        self._of: dict[int, list[Episode]] = {}
        self.routes |= {
            ("GET", "series"): lambda request, _i: self._list(Query(request)),
            ("GET", "series/#"): lambda _r, key: self._shown(self._found(key)),
            ("POST", "series"): lambda request, _i: self._add(Body.of(request)),
            ("DELETE", "series/#"): self._delete,
            ("GET", "series/lookup"): lambda request, _i: self._look_up(Query(request)),
            ("GET", "episode"): lambda request, _i: self._episodes(Query(request)),
            ("GET", "episode/#"): lambda _r, key: self._episode(key),
            ("GET", "episodefile"): lambda request, _i: self._files(Query(request)),
            ("GET", "wanted/missing"): lambda request, _i: self._wanted(Query(request)),
            ("GET", "calendar"): lambda request, _i: self._calendar(Query(request)),
            ("GET", "languageprofile"): lambda _r, _i: [OLD_PROFILE],  # Deprecated, and still there.
        }
        for show in self.catalogue[:4]:
            self.put(show, monitored=show.status != "deleted")
        for episode in [*self._of[1][2:], self._of[2][0]]:
            self._make_file(episode)
        self.queue = first_queue(self._of[2], self.now)

    def fill(self, count: int) -> None:
        """Put `count` more series of three episodes into the library; one in ten has an episode missing."""
        for number in range(count):
            series = self.put(some_show(number, self.now))
            for episode in self._of[series.id][number % 10 == 0 :]:
                self._make_file(episode)

    def put(self, show: Show, *, monitored: bool = True) -> Series:
        """Put a series into the library, with its episodes."""
        series = Series(
            show=show,
            id=len(self.series) + 1,
            path=f"{self.root_folders[0].path}/{show.title}",
            quality_profile_id=self.profiles[0].id,
            monitored=monitored,
            season_folder=True,
            added=self.now,
            seasons_monitored={season: season > 0 and monitored for season, _ in show.seasons},
        )
        while series.id in self._of:  # An id is never used again.
            series.id += 1
        self.series[series.id] = series
        self._refresh(series, "unknown")
        return series

    @override
    def looked_for(self, command: Command) -> list[tuple[int, str]]:
        asked = command.body
        under_way = {download.item for download in self.queue}
        found: list[tuple[int, str]] = []
        for episode in self.episodes.values():
            is_due = episode.monitored and episode.air_at is not None and episode.air_at <= self.now
            is_asked = episode.id in asked.get("episodeIds", ()) or (
                is_due
                and asked.get("seriesId") == episode.series_id
                and asked.get("seasonNumber", episode.season) == episode.season
            )
            if is_asked and episode.file is None and episode.id not in under_way:
                title = self.series[episode.series_id].show.title.replace(" ", ".")
                found.append((episode.id, f"{title}.S{episode.season:02}E{episode.number:02}.1080p.WEB-GROUP"))
        return found

    @override
    def has_arrived(self, item: int, download: Download) -> None:
        self._make_file(self.episodes[item], download.size)

    @override
    def shown(self, download: Download, query: Query) -> bool:
        return download.item is not None or query.flag("includeUnknownSeriesItems")

    @override
    def queued(self, download: Download, query: Query) -> Document:
        if download.item is None:
            return {"episodeHasFile": False}
        episode = self.episodes[download.item]
        return {
            "seriesId": episode.series_id,
            "episodeId": episode.id,
            "seasonNumber": episode.season,
            "series": self._bare(episode.series_id) if query.flag("includeSeries") else None,
            "episode": episode.document() if query.flag("includeEpisode") else None,
            "episodeHasFile": episode.file is not None,
        }

    def _found(self, key: int) -> Series:
        if key not in self.series:
            raise RefusedError(problem(404))
        return self.series[key]

    def _shown(self, series: Series) -> Document:
        return series.document(self._of[series.id], self.now)

    def _bare(self, key: int) -> Document:
        """Return a series as it stands inside an episode: without numbers."""
        return {**self.series[key].document([], self.now), "statistics": None, "rootFolderPath": None}

    def _list(self, query: Query) -> list[Document]:
        tvdb_id = query.number("tvdbId")
        return [self._shown(one) for one in self.series.values() if tvdb_id in {None, one.show.tvdb_id}]

    def _look_up(self, query: Query) -> list[Document]:
        term = (query.text("term") or "").lower().strip()
        if not term:
            text = "Search for '' failed. Invalid response received from SkyHook."
            raise RefusedError(message(503, text, "NzbDrone.Core.MetadataSource.SkyHook.SkyHookException"))
        if term.startswith(("tvdb:", "tvdbid:")):
            wanted = term.partition(":")[2].strip()
            matches = [show for show in self.catalogue if str(show.tvdb_id) == wanted]
        else:
            matches = [show for show in self.catalogue if all(word in show.title.lower() for word in term.split())]
        there = {one.show.tvdb_id: one for one in self.series.values()}
        new = {
            show.tvdb_id: Series(show=show, seasons_monitored=dict.fromkeys(dict(show.seasons), True))
            for show in matches
        }
        return [there.get(show.tvdb_id, new[show.tvdb_id]).looked_up(self.now) for show in matches]

    def _add(self, body: Body) -> Created:
        tvdb_id, title = body.number("tvdbId"), body.text("title")
        options = body.part("addOptions")
        monitor = options.one_of("monitor", MONITORS, "unknown") if options else "unknown"
        failures = self.refused_paths(body)
        if title is None:
            failures.append(empty("Title"))
        if tvdb_id <= 0:
            failures.append(failure("TvdbId", "'Tvdb Id' must be greater than '0'.", tvdb_id, "GreaterThanValidator"))
        if any(one.show.tvdb_id == tvdb_id for one in self.series.values()):
            failures.append(failure("TvdbId", "This series has already been added", tvdb_id, "SeriesExistsValidator"))
        show = next((one for one in self.catalogue if one.tvdb_id == tvdb_id), None)
        path = body.text("path")
        if show is None and not failures:
            text = f"A series with this ID was not found. Path: {path or ''}"
            failures.append(failure("TvdbId", text, tvdb_id))
        if failures or show is None:
            raise RefusedError(invalid(failures))
        series = self.put(show, monitored=body.flag("monitored") and monitor != "none")
        series.path = path or f"{(body.text('rootFolderPath') or '').rstrip('/')}/{show.title}"
        series.quality_profile_id = body.number("qualityProfileId")
        series.season_folder, series.tags = body.flag("seasonFolder"), body.numbers("tags")
        wished = {one["seasonNumber"]: bool(one.get("monitored")) for one in body.entries("seasons")}
        series.seasons_monitored = wished or {season: season > 0 for season, _ in show.seasons}
        # The answer goes out before the episodes are fetched from the catalogue.
        answer = Created(document=series.document([], self.now), path=f"series/{series.id}")
        self._refresh(series, monitor)
        if options and options.flag("searchForMissingEpisodes"):
            self.starts("MissingEpisodeSearch", {"seriesId": series.id, "monitored": True})
        return answer

    def _refresh(self, series: Series, monitor: str) -> None:
        """Fetch the episodes of a series anew."""
        for episode in self._of.get(series.id, ()):
            del self.episodes[episode.id]
        self._of[series.id] = []
        for airing in series.show.airings():
            episode = Episode(
                id=self.new_id(),
                series_id=series.id,
                tvdb_id=series.show.tvdb_id * 100 + airing.season * 10 + airing.number,
                season=airing.season,
                number=airing.number,
                title=airing.title,
                air_at=airing.air_at,
                overview=airing.overview,
                runtime=series.show.runtime,
                monitored=is_monitored(airing, monitor, series.seasons_monitored, self.now),
            )
            self.episodes[episode.id] = episode
            self._of[series.id].append(episode)

    def _delete(self, request: Request, key: int) -> Answer | None:
        query = Query(request)
        if key <= 0:
            return bad_request(f"{key} is not a valid ID")
        if key not in self.series:  # Unlike a movie that is not there.
            return message(500, "Expected query to return 1 rows but returned 0", "System.ApplicationException")
        series = self.series.pop(key)
        gone = {episode.id for episode in self._of[key]}
        for download in self.queue:  # The download goes on; nobody knows for what.
            download.item = None if download.item in gone else download.item
        for episode in gone:
            del self.episodes[episode]
        self._of[key] = []
        if query.flag("deleteFiles") and series.path:
            self.folders_deleted.append(series.path)
        if query.flag("addImportListExclusion"):
            self.exclusions.append(series.show.tvdb_id)
        return None

    def _episodes(self, query: Query) -> list[Document]:
        key, season, wanted = query.number("seriesId"), query.number("seasonNumber"), query.numbers("episodeIds")
        if key is None and not wanted:
            raise RefusedError(bad_request("seriesId or episodeIds must be provided"))
        episodes = self._of.get(key, []) if key is not None else [self.episodes[one] for one in wanted]
        return [self._told_of(one, query) for one in episodes if key is None or season in {None, one.season}]

    def _episode(self, key: int) -> Document:
        if key not in self.episodes:
            raise RefusedError(problem(404))
        episode = self.episodes[key]
        file = episode.file and episode.file.document()
        return {**episode.document(), "episodeFile": file, "series": self._bare(episode.series_id), "images": []}

    def _told_of(self, episode: Episode, query: Query) -> Document:
        document = episode.document()
        if query.flag("includeSeries"):
            document["series"] = self._bare(episode.series_id)
        if query.flag("includeEpisodeFile") and episode.file:
            document["episodeFile"] = episode.file.document()
        return document

    def _files(self, query: Query) -> list[Document]:
        key, wanted = query.number("seriesId"), query.numbers("episodeFileIds")
        if key is None and not wanted:
            raise RefusedError(bad_request("seriesId or episodeFileIds must be provided"))
        files = [episode.file for episode in self.episodes.values() if episode.file]
        return [file.document() for file in files if file.id in wanted or file.series_id == key]

    def _wanted(self, query: Query) -> Document:
        paging = Paging.of(query, WANTED_KEYS, key=WANTED_KEYS[0])
        monitored = query.flag("monitored", default=True)
        due = [one for one in self._aired() if one.file is None and self._is_followed(one) == monitored]
        is_by_title = paging.key == "series.sortTitle"
        ordered = paging.sort(due, lambda one: self._sort_title(one) if is_by_title else str(one.air_at))
        return paging.envelope([self._told_of(one, query) for one in paging.cut(ordered)], len(due))

    def _aired(self) -> Iterable[Episode]:
        return [one for one in self.episodes.values() if one.air_at and one.air_at + one.length <= self.now]

    def _is_followed(self, episode: Episode) -> bool:
        return episode.monitored and self.series[episode.series_id].monitored

    def _sort_title(self, episode: Episode) -> str:
        return self.series[episode.series_id].show.title.lower()

    def _calendar(self, query: Query) -> list[Document]:
        start, end = between_dates(query, self.now)
        is_any = query.flag("unmonitored")
        airing = [one for one in self.episodes.values() if one.air_at and start <= one.air_at <= end]
        shown = [one for one in airing if is_any or self._is_followed(one)]
        return [self._told_of(one, query) for one in sorted(shown, key=lambda one: str(one.air_at))]

    def _make_file(self, episode: Episode, size: int = EPISODE_BYTES) -> None:
        path = (
            f"{self.series[episode.series_id].path}/Season {episode.season:02}/S{episode.season}E{episode.number}.mkv"
        )
        episode.file = EpisodeFile(
            id=self.new_id(),
            series_id=episode.series_id,
            season=episode.season,
            path=path,
            size=size,
            added=self.now,
        )
