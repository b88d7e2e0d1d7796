"""A SABnzbd that exists in memory only: downloads at a steady rate, some fail, settings take effect."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from media_servers.answers import Health, Page, Version, at
from media_servers.arguments import matches
from media_servers.errors import RefusedError, UnknownIdError
from media_servers.sabnzbd.backend import (
    Added,
    Changed,
    Deleted,
    DownloadPaused,
    Fate,
    HistoryItem,
    Prioritised,
    Priority,
    Queue,
    QueueItem,
    QueueState,
    Retried,
    SabnzbdBackend,
    Section,
    Setting,
    Settings,
    Status,
    Value,
)
from media_servers.simulation import GB, KEEP, MB, MINUTE_S, RATE_BYTES_S, Clock, Line, Simulation, Transfer, chance
from media_servers.titles import FILMS, SHOWS, release_name

URGENCY: Final[dict[Priority, int]] = {"force": 2, "high": 1, "normal": 0, "low": -1}  # SABnzbd's own numbers.
MOST_QUEUED = 5000
FAILS_ONE_IN = 8
DISK_BYTES = 4000 * GB
FAILURE = "Aborted, cannot be completed: too many articles are missing"


@dataclass(slots=True, kw_only=True, eq=False)
class _Download(Transfer):
    nzo_id: str
    name: str
    category: str
    priority: Priority
    fails: bool

    def __post_init__(self) -> None:
        self.prioritise(self.priority)

    def prioritise(self, priority: Priority) -> None:
        self.priority, self.urgency, self.forced = priority, URGENCY[priority], priority == "force"


class SimulatedSabnzbd(Simulation, SabnzbdBackend):
    """Begins as if it had been at work for 40 minutes: a history with a failure in it, and a queue.

    The same `seed` gives the same ids, sizes and failures. What was retried does not fail again.
    """

    def __init__(self, clock: Clock, *, seed: int = 1) -> None:
        super().__init__(clock)
        self._start = clock()
        self._chance, self._seed, self._made = chance(seed), seed, 0
        self._settings: dict[Section, dict[str, Value]] = {
            "misc": {
                "bandwidth_max_bytes_per_s": RATE_BYTES_S,
                "bandwidth_perc": 100,
                "download_dir": "/downloads/incomplete",
                "complete_dir": "/downloads/complete",
                "enable_unrar": True,
            },
            "categories": {"*": "", "movies": "movies", "tv": "tv", "audio": "audio"},
        }
        self._history: list[HistoryItem] = []  # Latest last.
        earlier = self._start - 40 * MINUTE_S
        self._line: Line[_Download] = Line(earlier)
        for name, category in _first_downloads():
            self._queue_up(name, category, "normal", earlier)
        self._line.waiting[3].fails = True  # One to retry, whatever the seed.
        self.advance(self._start)

    @override
    def advance(self, now: float) -> None:
        for second, download in self._line.advance(now):
            path = f"{self._settings['misc']['complete_dir']}/{self._settings['categories'][download.category]}"
            self._history.append(
                HistoryItem(
                    nzo_id=download.nzo_id,
                    name=download.name,
                    category=download.category,
                    status="failed" if download.fails else "completed",
                    size_bytes=download.size_bytes,
                    completed_at=at(second),
                    path=None if download.fails else f"{path.rstrip('/')}/{download.name}",
                    fail_message=FAILURE if download.fails else None,
                )
            )
        del self._history[:-KEEP]

    @override
    def queue(self, *, term: str | None, offset: int, limit: int) -> Queue:
        with self.present():
            shown = [item for item in self._line.waiting if term is None or matches(term, item.name)]
            return Queue.cut(
                [self._item(download) for download in shown],
                offset,
                limit,
                paused=self._line.paused,
                speed_bytes_per_s=self._speed(),
                remaining_bytes=self._remaining(),
            )

    @override
    def history(self, *, status: Fate | None, offset: int, limit: int) -> Page[HistoryItem]:
        with self.present():
            shown = [entry for entry in reversed(self._history) if status in (None, entry.status)]
            return Page[HistoryItem].cut(shown, offset, limit)

    @override
    def status(self) -> Status:
        with self.present() as now:
            kept = sum(entry.size_bytes for entry in self._history if entry.status == "completed")
            busy = self._line.active() is not None
            return Status(
                state="downloading" if busy else "paused" if self._line.paused else "idle",
                speed_bytes_per_s=self._speed(),
                queued=len(self._line.waiting),
                remaining_bytes=self._remaining(),
                disk_free_bytes=max(DISK_BYTES - kept, 0),
                uptime_s=int(max(now - self._start, 0)),
            )

    @override
    def version(self) -> Version:
        return Version(application="SABnzbd", version="5.0.0 (simulated)")

    @override
    def health(self) -> Health:
        with self.present() as now:
            return Health(healthy=True, issues=[], checked_at=at(now))

    @override
    def add(self, source: str, *, name: str | None, category: str, priority: Priority) -> Added:
        with self.present() as now:
            if category not in self._settings["categories"]:
                known = ", ".join(self._settings["categories"])
                raise RefusedError(f"There is no category {category!r}: use one of {known}.")
            if len(self._line.waiting) >= MOST_QUEUED:
                raise RefusedError(f"The queue holds {MOST_QUEUED} downloads, its limit: delete some first.")
            download = self._queue_up(name or _name_of(source), category, priority, now)
            return Added(nzo_id=download.nzo_id, name=download.name)

    @override
    def pause_queue(self, *, paused: bool) -> QueueState:
        with self.present():
            self._line.paused = paused
            return QueueState(paused=paused)

    @override
    def pause_download(self, nzo_id: str, *, paused: bool) -> DownloadPaused:
        with self.present():
            self._queued(nzo_id).paused = paused
            return DownloadPaused(nzo_id=nzo_id, paused=paused)

    @override
    def delete(self, nzo_id: str, *, delete_files: bool) -> Deleted:
        with self.present():
            for download in self._line.waiting:
                if download.nzo_id == nzo_id:
                    self._line.waiting.remove(download)
                    return Deleted(nzo_id=nzo_id, name=download.name, deleted_from="queue", files_deleted=delete_files)
            entry = self._ended(nzo_id)
            self._history.remove(entry)
            return Deleted(nzo_id=nzo_id, name=entry.name, deleted_from="history", files_deleted=delete_files)

    @override
    def retry(self, nzo_id: str) -> Retried:
        with self.present() as now:
            entry = self._ended(nzo_id)
            if entry.status != "failed":
                raise RefusedError(f"{nzo_id} completed: only a failed download can be retried.")
            self._history.remove(entry)
            again = self._queue_up(entry.name, entry.category, "normal", now)
            again.size_bytes, again.fails = entry.size_bytes, False
            return Retried(nzo_id=again.nzo_id, name=again.name, retried_nzo_id=nzo_id)

    @override
    def prioritise(self, nzo_id: str, priority: Priority) -> Prioritised:
        with self.present():
            download = self._queued(nzo_id)
            download.prioritise(priority)
            self._line.sort()
            return Prioritised(nzo_id=nzo_id, priority=priority, position=self._line.waiting.index(download))

    @override
    def settings(self, section: Section) -> Settings:
        with self.present():
            listed = [Setting(keyword=keyword, value=value) for keyword, value in self._settings[section].items()]
            return Settings(section=section, settings=listed)

    @override
    def change(self, section: Section, keyword: str, value: Value) -> Changed:
        with self.present():
            known = self._settings[section]
            if keyword not in known:
                raise UnknownIdError(f"{section} has no setting {keyword!r}: get_config lists those there are.")
            previous = known[keyword]
            if type(value) is not type(previous):
                kind = {bool: "true or false", int: "a whole number", str: "a text"}[type(previous)]
                raise RefusedError(f"{keyword} cannot be {value!r}: give {kind}, such as {previous!r}.")
            if keyword == "bandwidth_perc" and not 1 <= int(value) <= 100:
                raise RefusedError(f"bandwidth_perc cannot be {value}: give 1 to 100 percent.")
            if keyword == "bandwidth_max_bytes_per_s" and not int(value) >= 1:
                raise RefusedError(f"bandwidth_max_bytes_per_s cannot be {value}: give 1 or more.")
            known[keyword] = value
            misc = self._settings["misc"]
            self._line.rate_bytes_s = int(misc["bandwidth_max_bytes_per_s"]) * int(misc["bandwidth_perc"]) / 100
            return Changed(section=section, keyword=keyword, value=value, previous=previous)

    def _queue_up(self, name: str, category: str, priority: Priority, now: float) -> _Download:
        self._made += 1
        download = _Download(
            nzo_id=f"SABnzbd_nzo_{self._seed:04x}{self._made:06x}",
            name=name,
            category=category,
            priority=priority,
            size_bytes=self._chance.randrange(300 * MB, 6 * GB),
            added_at=now,
            fails=self._chance.randrange(FAILS_ONE_IN) == 0,
        )
        self._line.add(download)
        return download

    def _queued(self, nzo_id: str) -> _Download:
        for download in self._line.waiting:
            if download.nzo_id == nzo_id:
                return download
        raise UnknownIdError(f"No download in the queue has the id {nzo_id!r:.80}: get_queue lists the ids.")

    def _ended(self, nzo_id: str) -> HistoryItem:
        for entry in self._history:
            if entry.nzo_id == nzo_id:
                return entry
        where = "is still in the queue" if any(d.nzo_id == nzo_id for d in self._line.waiting) else "is unknown"
        raise UnknownIdError(f"The id {nzo_id!r:.80} {where}: get_history lists what has ended, get_queue the rest.")

    def _item(self, download: _Download) -> QueueItem:
        eta_s = self._line.eta_s(download)
        return QueueItem(
            nzo_id=download.nzo_id,
            name=download.name,
            category=download.category,
            status="paused" if eta_s is None else "downloading" if download is self._line.active() else "queued",
            priority=download.priority,
            size_bytes=download.size_bytes,
            remaining_bytes=download.remaining_bytes,
            progress=download.progress,
            eta_s=eta_s,
            added_at=at(download.added_at),
        )

    def _speed(self) -> int:
        return int(self._line.rate_bytes_s) if self._line.active() else 0

    def _remaining(self) -> int:
        return sum(download.remaining_bytes for download in self._line.waiting)


def _first_downloads() -> Iterable[tuple[str, str]]:
    for number, show in enumerate(SHOWS):
        film = FILMS[3 * number]
        yield release_name(film.title, f"{film.year}.1080p.Restored"), "movies"
        yield release_name(show.title, f"S{show.seasons:02d}E{number + 1:02d}.1080p"), "tv"


def _name_of(source: str) -> str:
    """Return the name of the NZB in a URL or path."""
    path = unquote(urlsplit(source).path) if "://" in source else source
    return PurePosixPath(path).name.removesuffix(".nzb")[:200] or "download"
