"""What a Sonarr in tests has at first, and the rules by which it follows episodes. For the stub."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from tests.backends.servarr_answers import Document
from tests.backends.servarr_queue import ENGLISH, Download
from tests.backends.sonarr_catalogue import Airing
from tests.backends.sonarr_library import Episode

EPISODE_BYTES = 1_234_567_890
OLD_PROFILE: Document = {
    "name": "Deprecated",
    "upgradeAllowed": True,
    "cutoff": ENGLISH,
    "languages": [{"language": ENGLISH, "allowed": True}],
    "id": 1,
}


def _is_after(airing: Airing, moment: datetime) -> bool:
    return airing.air_at is None or airing.air_at >= moment


# By what the adding one chose: which regular episodes are followed, given the number of the last season and the time.
_FOLLOWED: Mapping[str, Callable[[Airing, int, datetime], bool]] = {
    "all": lambda _airing, _last, _now: True,
    "missing": lambda _airing, _last, _now: True,
    "future": lambda airing, _last, now: _is_after(airing, now),
    "recent": lambda airing, _last, now: _is_after(airing, now - timedelta(days=90)),
    "firstSeason": lambda airing, _last, _now: airing.season == 1,
    "lastSeason": lambda airing, last, _now: airing.season == last,
    "latestSeason": lambda airing, last, _now: airing.season == last,
    "pilot": lambda airing, _last, _now: (airing.season, airing.number) == (1, 1),
    "existing": lambda _airing, _last, _now: False,
    "none": lambda _airing, _last, _now: False,
}
MONITORS = (*_FOLLOWED, "unknown", "skip", "monitorSpecials", "unmonitorSpecials")


def is_monitored(airing: Airing, monitor: str, seasons: Mapping[int, bool], now: datetime) -> bool:
    """Say whether an episode of a new series is followed. `monitor`: of MONITORS; those without a rule go by season."""
    followed = _FOLLOWED.get(monitor)
    if followed is None:
        return seasons.get(airing.season, False)
    return airing.season > 0 and followed(airing, max(seasons, default=0), now)


def first_queue(episodes: Sequence[Episode], now: datetime) -> list[Download]:
    """Return four downloads: one going on, one that waits for a person, one held back, and one of no known series."""
    second, third, fourth = episodes[1:4]
    return [
        Download(
            id=1512345601,
            title="Grossenwahn.und.Sohne.S01E04.1080p.WEB.H264-GROUP",
            item=fourth.id,
            size=1_500_000_000,
            left=375_000_000,
            seconds_left=754,
            download_id="SABnzbd_nzo_a1b2c3d4",
            added=now,
            output_path="/downloads/incomplete/Grossenwahn.S01E04",
        ),
        _waits_for_a_person(third, now),
        Download(
            id=1512345603,
            title="Grossenwahn.und.Sohne.S01E02.720p.WEB.H264-GROUP",
            item=second.id,
            size=900_000_000,
            left=900_000_000,
            seconds_left=7200,
            status="delay",
            tracked_status=None,
            tracked_state=None,
            client=None,
        ),
        _of_no_known_series(now),
    ]


def _waits_for_a_person(episode: Episode, now: datetime) -> Download:
    stuck = "One or more episodes expected in this release were not imported or missing from the release"
    return Download(
        id=1512345602,
        title="Grossenwahn.und.Sohne.S01E03.1080p.WEB.H264-GROUP",
        item=episode.id,
        size=1_400_000_000,
        left=0,
        seconds_left=0,
        status="completed",
        tracked_status="warning",
        tracked_state="importPending",
        messages=(("Grossenwahn.und.Sohne.S01E03", (stuck,)),),
        download_id="SABnzbd_nzo_e5f6a7b8",
        added=now,
        output_path="/downloads/complete/Grossenwahn.S01E03",
    )


def _of_no_known_series(now: datetime) -> Download:
    return Download(
        id=1512345604,
        title="[Sub] Something ワンダー - 07 (1080p)",
        item=None,
        size=2_000_000_000,
        left=1_999_000_000,
        seconds_left=876_000,
        status="paused",
        download_id="0F1E2D3C4B5A69788796A5B4C3D2E1F001122334",
        protocol="torrent",
        client="qBittorrent",
        added=now,
    )
