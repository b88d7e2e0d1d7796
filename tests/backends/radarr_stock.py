"""What a Radarr in tests has at first, and how it orders what is missing. For the stub."""

from collections.abc import Mapping
from datetime import datetime

from tests.backends.radarr_catalogue import Movie
from tests.backends.servarr_queue import Download

AVAILABILITIES = ("tba", "announced", "inCinemas", "released", "deleted")
MONITORS = ("movieOnly", "movieAndCollection", "none")
WANTED_KEYS = (
    "movieMetadata.sortTitle",
    "movieMetadata.year",
    "movieMetadata.inCinemas",
    "movieMetadata.digitalRelease",
    "movieMetadata.physicalRelease",
)


def wanted_order(movie: Movie, key: str) -> str:
    """Return what a movie is sorted by; those without a date come first."""
    film = movie.film
    dates = {"inCinemas": film.in_cinemas, "digitalRelease": film.digital, "physicalRelease": film.physical}
    name = key.partition(".")[2]
    if name in dates:
        return str(dates[name] or "")
    return f"{film.year:05}" if name == "year" else film.title.lower()


def first_queue(movies: Mapping[int, Movie], now: datetime) -> list[Download]:
    """Return four downloads: one going on, one that failed, one held back, and one of no known movie."""
    return [
        Download(
            id=1812345601,
            title="Groesser.als.wir.2020.1080p.WEB.H264-GROUP",
            item=movies[2].id,
            size=6_000_000_000,
            left=4_500_000_000,
            seconds_left=4805,
            download_id="SABnzbd_nzo_0a1b2c3d",
            added=now,
            output_path="/downloads/incomplete/Groesser.als.wir",
        ),
        Download(
            id=1812345602,
            title="Groesser.als.wir.2020.2160p.WEB.H265-GROUP",
            item=movies[2].id,
            size=16_000_000_000,
            left=15_000_000_000,
            status="failed",
            tracked_status="warning",
            tracked_state="failedPending",
            messages=(("Groesser.als.wir.2020.2160p", ("Unpacking failed, write error or disk is full?",)),),
            error="Unpacking failed, write error or disk is full?",
            download_id="SABnzbd_nzo_4e5f6a7b",
            added=now,
        ),
        Download(
            id=1812345603,
            title="Next.Tuesday.720p.CAM-GROUP",
            item=movies[3].id,
            size=700_000_000,
            left=700_000_000,
            seconds_left=7200,
            status="delay",
            tracked_status=None,
            tracked_state=None,
            client=None,
        ),
        Download(
            id=1812345604,
            title="Something ワンダー 2011 1080p",
            item=None,
            size=2_000_000_000,
            left=0,
            seconds_left=0,
            status="completed",
            tracked_status="warning",
            tracked_state="importBlocked",
            messages=(("Something 2011", ("Unknown Movie", "Manual Import required")),),
            download_id="0F1E2D3C4B5A69788796A5B4C3D2E1F001122334",
            protocol="torrent",
            client="qBittorrent",
            added=now,
        ),
    ]
