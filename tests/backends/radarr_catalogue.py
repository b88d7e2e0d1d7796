"""All movies there are, for a Radarr in tests: released and not, with dates and without, in many alphabets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.backends.servarr_answers import NEVER, Document, iso
from tests.backends.servarr_queue import ENGLISH, quality

LONG = "A clockmaker wakes in a city where every bell has stopped, and only the river still knows what day it is. " * 60


@dataclass(frozen=True, kw_only=True)
class Film:
    """A movie, as the catalogue knows it. `status`: tba, announced, inCinemas, released or deleted."""

    tmdb_id: int
    title: str
    year: int = 0
    status: str = "released"
    overview: str | None = None
    runtime: int = 0
    in_cinemas: datetime | None = None
    physical: datetime | None = None
    digital: datetime | None = None
    studio: str | None = None
    genres: tuple[str, ...] = ()

    def releases(self) -> list[datetime]:
        """Return the dates that are known."""
        return [date for date in (self.in_cinemas, self.physical, self.digital) if date]

    def is_available(self, minimum: str, now: datetime) -> bool:
        """Say whether it can be had by the rule a user chose: announced, inCinemas or released."""
        if minimum in {"tba", "announced"}:
            return True
        if minimum == "inCinemas":
            return self.in_cinemas is not None and self.in_cinemas <= now
        sold = [date for date in (self.physical, self.digital) if date]
        if sold:
            return min(sold) <= now
        return self.in_cinemas is not None and self.in_cinemas + timedelta(days=90) <= now


@dataclass(kw_only=True)
class MovieFile:
    """The file of a movie."""

    id: int
    movie_id: int
    path: str
    size: int
    added: datetime

    def document(self) -> Document:
        """Return what the API says of it."""
        return {
            "movieId": self.movie_id,
            "relativePath": self.path.rpartition("/")[2],
            "path": self.path,
            "size": self.size,
            "dateAdded": iso(self.added),
            "releaseGroup": "GROUP",
            "edition": "",
            "languages": [ENGLISH],
            "quality": quality("Radarr"),
            "customFormats": [],
            "customFormatScore": 0,
            "indexerFlags": 0,
            "mediaInfo": {"audioChannels": 5.1, "audioCodec": "EAC3", "resolution": "1920x800", "runTime": "1:52:03"},
            "qualityCutoffNotMet": False,
            "id": self.id,
        }


@dataclass(kw_only=True)
class Movie:
    """A movie of the library; one of the catalogue only has the id 0."""

    film: Film
    id: int = 0
    path: str | None = None
    quality_profile_id: int = 0
    monitored: bool = True
    minimum_availability: str = "released"
    added: datetime | None = None
    tags: tuple[int, ...] = ()
    file: MovieFile | None = None

    def document(self, now: datetime) -> Document:
        """Return what the API says of it."""
        film, file = self.film, self.file
        return {
            "title": film.title,
            "originalTitle": film.title,
            "originalLanguage": ENGLISH,
            "alternateTitles": [],
            "secondaryYearSourceId": 0,
            "sortTitle": film.title.lower().removeprefix("the "),
            "sizeOnDisk": file.size if file else 0,
            "status": film.status,
            "overview": film.overview,
            "inCinemas": iso(film.in_cinemas),
            "physicalRelease": iso(film.physical),
            "digitalRelease": iso(film.digital),
            "releaseDate": iso(min(film.releases(), default=None)),
            "images": self._images(),
            "website": "",
            "year": film.year,
            "youTubeTrailerId": "",
            "studio": film.studio,
            "path": self.path,
            "qualityProfileId": self.quality_profile_id,
            "hasFile": file is not None,
            "movieFileId": file.id if file else 0,
            "monitored": self.monitored,
            "minimumAvailability": self.minimum_availability,
            "isAvailable": film.is_available(self.minimum_availability, now),
            "folderName": self.path or "",
            "runtime": film.runtime,
            "cleanTitle": "".join(filter(str.isalnum, film.title.lower())),
            "tmdbId": film.tmdb_id,
            "titleSlug": str(film.tmdb_id),
            "rootFolderPath": self.path and self.path[: self.path.rindex("/") + 1],
            "genres": list(film.genres),
            "keywords": [],
            "tags": list(self.tags),
            "added": iso(self.added) or NEVER,
            "ratings": {"tmdb": {"votes": 1200, "value": 7.21, "type": "user"}} if film.studio else {},
            "movieFile": file and file.document(),
            "popularity": 12.5,
            "statistics": {
                "movieFileCount": int(file is not None),
                "sizeOnDisk": file.size if file else 0,
                "releaseGroups": ["GROUP"] if file else [],
            },
            "id": self.id,
        }

    def looked_up(self, now: datetime) -> Document:
        """Return what `movie/lookup` says of it."""
        document = self.document(now)
        if not self.id:
            del document["id"]
        remote = next((image["remoteUrl"] for image in document["images"]), None)
        return {
            **document,
            "remotePoster": remote,
            "folder": f"{self.film.title} ({self.film.year})",
            "rootFolderPath": None,
            "statistics": None,
        }

    def _images(self) -> list[Document]:
        if not self.film.studio:
            return []
        here, remote = f"/MediaCover/{self.id}", f"https://image.example/{self.film.tmdb_id}"
        return [
            {"coverType": kind, "url": f"{here}/{kind}.jpg?lastWrite=1", "remoteUrl": f"{remote}/{kind}.jpg"}
            for kind in ("poster", "fanart")
        ]


def films(now: datetime) -> Iterable[Film]:
    """Return the catalogue, as it is at `now`. The first five are in the library at first."""
    day = timedelta(days=1)
    noon = now.replace(hour=0, minute=0, second=0)
    return [
        Film(
            tmdb_id=700101,
            title="The Clockmaker's River",
            year=2012,
            overview=LONG,
            runtime=118,
            in_cinemas=noon - 4900 * day,
            physical=noon - 4700 * day,
            digital=noon - 4720 * day,
            studio="Northlight",
            genres=("Drama",),
        ),
        Film(
            tmdb_id=700102,
            title="Größer als wir: Ω",
            year=2020,
            overview="Zwei Riesen.",
            runtime=95,
            in_cinemas=noon - 2000 * day,
            studio="Northlight",
        ),
        Film(
            tmdb_id=700103,
            title="Next Tuesday",
            year=now.year,
            status="inCinemas",
            runtime=101,
            in_cinemas=noon - 30 * day,
            digital=noon + 6 * day,
            studio="Northlight",
        ),
        Film(tmdb_id=700104, title="無題の映画", status="tba"),
        Film(tmdb_id=700105, title="Nobody Remembers This", year=1931, status="deleted"),
        Film(
            tmdb_id=700201,
            title="Harbour Lights",
            year=2018,
            overview="A ferry, a fog, a mistake.",
            runtime=99,
            in_cinemas=noon - 2800 * day,
            digital=noon - 2700 * day,
            studio="Tidewater",
        ),
        Film(tmdb_id=700202, title="Harbour Lights II", year=now.year + 1, status="announced", overview=LONG),
        Film(tmdb_id=700203, title="Harbour"),
    ]


def some_film(number: int, now: datetime) -> Film:
    """Make one of thousands of movies."""
    return Film(
        tmdb_id=1_000_000 + number,
        title=f"Movie No. {number:05}",
        year=1950 + number % 70,
        overview=LONG[:600],
        runtime=90,
        in_cinemas=now - timedelta(days=3000 + number % 1000),
        digital=now - timedelta(days=2900 + number % 1000),
        studio="Northlight",
    )
