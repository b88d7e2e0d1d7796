"""A Sonarr's series and episodes, and how its API writes them. For the stub."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.backends.servarr_answers import NEVER, Document, iso
from tests.backends.servarr_queue import ENGLISH, quality
from tests.backends.sonarr_catalogue import Show


@dataclass(kw_only=True)
class EpisodeFile:
    """A file of one episode."""

    id: int
    series_id: int
    season: int
    path: str
    size: int
    added: datetime

    def document(self) -> Document:
        """Return what the API says of it."""
        return {
            "seriesId": self.series_id,
            "seasonNumber": self.season,
            "relativePath": "/".join(self.path.split("/")[-2:]),
            "path": self.path,
            "size": self.size,
            "dateAdded": iso(self.added),
            "releaseGroup": "GROUP",
            "languages": [ENGLISH],
            "quality": quality("Sonarr"),
            "customFormats": [],
            "customFormatScore": 0,
            "indexerFlags": 0,
            "releaseType": "singleEpisode",
            "mediaInfo": {"audioChannels": 5.1, "audioCodec": "EAC3", "resolution": "1920x1080", "runTime": "48:12"},
            "qualityCutoffNotMet": False,
            "id": self.id,
        }


@dataclass(kw_only=True)
class Episode:
    """An episode of a series of the library. Season 0 is for specials."""

    id: int
    series_id: int
    tvdb_id: int
    season: int
    number: int
    title: str
    air_at: datetime | None
    overview: str | None
    runtime: int
    monitored: bool
    file: EpisodeFile | None = None

    @property
    def length(self) -> timedelta:
        """How long after its date it is over: before, it is not missing."""
        return timedelta(minutes=self.runtime)

    def document(self) -> Document:
        """Return what the API says of it, without series and file."""
        return {
            "seriesId": self.series_id,
            "tvdbId": self.tvdb_id,
            "episodeFileId": self.file.id if self.file else 0,
            "seasonNumber": self.season,
            "episodeNumber": self.number,
            "title": self.title,
            "airDate": self.air_at and self.air_at.strftime("%Y-%m-%d"),
            "airDateUtc": iso(self.air_at),
            "runtime": self.runtime,
            "overview": self.overview,
            "hasFile": self.file is not None,
            "monitored": self.monitored,
            "unverifiedSceneNumbering": False,
            "id": self.id,
        }


@dataclass(kw_only=True)
class Series:
    """A series of the library; one of the catalogue only has the id 0."""

    show: Show
    id: int = 0
    path: str | None = None
    quality_profile_id: int = 0
    monitored: bool = True
    season_folder: bool = False
    added: datetime | None = None
    tags: list[int] = field(default_factory=list[int])
    seasons_monitored: dict[int, bool] = field(default_factory=dict[int, bool])

    def document(self, episodes: Iterable[Episode], now: datetime) -> Document:
        """Return what the API says of it."""
        listed = list(episodes)
        show = self.show
        document: Document = {
            "title": show.title,
            "alternateTitles": [],
            "sortTitle": show.title.lower().removeprefix("the "),
            "status": show.status,
            "ended": show.status == "ended",
            "overview": show.overview,
            "network": show.network,
            "airTime": "21:00" if show.network else None,
            "images": self._images(),
            "originalLanguage": ENGLISH,
            "seasons": [self._season(number, listed, now) for number in self.seasons_monitored],
            "year": show.year,
            "path": self.path,
            "qualityProfileId": self.quality_profile_id,
            "seasonFolder": self.season_folder,
            "monitored": self.monitored,
            "useSceneNumbering": False,
            "runtime": show.runtime,
            "tvdbId": show.tvdb_id,
            "tvRageId": 0,
            "tvMazeId": 0,
            "tmdbId": 0,
            "firstAired": iso(show.premiere),
            "seriesType": "standard",
            "cleanTitle": "".join(filter(str.isalnum, show.title.lower())),
            "titleSlug": show.title.lower().replace(" ", "-"),
            "rootFolderPath": self.path and self.path[: self.path.rindex("/") + 1],
            "genres": list(show.genres),
            "tags": self.tags,
            "added": iso(self.added) or NEVER,
            "ratings": {"votes": 0, "value": 0} if show.premiere is None else {"votes": 1234, "value": 8.1},
            "statistics": self._statistics(listed, now, seasons=self.seasons_monitored),
            "languageProfileId": 1,
            "id": self.id,
        }
        return {**document, **_airings(listed, now)}

    def looked_up(self, now: datetime) -> Document:
        """Return what `series/lookup` says of it: no numbers of episodes, and a folder."""
        document = self.document([], now)
        document["seasons"] = [{"seasonNumber": one, "monitored": one > 0} for one in self.seasons_monitored]
        document["folder"] = self.show.title
        document["rootFolderPath"] = None
        if not self.id:
            del document["id"]
        document["remotePoster"] = next((image["remoteUrl"] for image in document["images"]), None)
        return document

    def _images(self) -> list[Document]:
        if not self.show.network:
            return []
        remote = f"https://artworks.example/{self.show.tvdb_id}"
        here = f"/MediaCover/{self.id}"
        return [
            {"coverType": kind, "url": f"{here}/{kind}.jpg?lastWrite=1", "remoteUrl": f"{remote}/{kind}.jpg"}
            for kind in ("poster", "fanart")
        ]

    def _season(self, number: int, episodes: list[Episode], now: datetime) -> Document:
        of_it = [episode for episode in episodes if episode.season == number]
        statistics = None if not of_it else {**self._statistics(of_it, now), **_airings(of_it, now)}
        return {"seasonNumber": number, "monitored": self.seasons_monitored[number], "statistics": statistics}

    @staticmethod
    def _statistics(episodes: list[Episode], now: datetime, seasons: Iterable[int] | None = None) -> Document:
        files = [episode.file for episode in episodes if episode.file]
        due = [one for one in episodes if one.file or (one.monitored and one.air_at and one.air_at <= now)]
        return {
            "seasonCount": None if seasons is None else sum(number > 0 for number in seasons),
            "episodeFileCount": len(files),
            "episodeCount": len(due),  # Those that have aired and are monitored, or have a file.
            "totalEpisodeCount": len(episodes),
            "sizeOnDisk": sum(file.size for file in files),
            "releaseGroups": ["GROUP"] if files else [],
            "percentOfEpisodes": 100 * len(files) / len(due) if due else 0.0,
        }


def _airings(episodes: list[Episode], now: datetime) -> dict[str, Any]:
    dates = [episode.air_at for episode in episodes if episode.monitored and episode.air_at]
    return {
        "nextAiring": iso(min((date for date in dates if date >= now), default=None)),
        "previousAiring": iso(max((date for date in dates if date < now), default=None)),
    }
