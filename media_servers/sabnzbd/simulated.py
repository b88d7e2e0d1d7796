"""A SABnzbd that exists in memory only: downloads at a steady rate, some fail, settings take effect."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

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
    PriorityToAdd,
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
from media_servers.sabnzbd.names import name_of
from media_servers.sabnzbd.reading import URGENCY
from media_servers.simulation import GB, KEEP, MB, MINUTE_S, RATE_BYTES_S, Clock, Line, Simulation, Transfer, chance
from media_servers.titles import FILMS, SHOWS, release_name

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
        self._settings: dict[Section, dict[str, bool | int | str]] = {
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
        self._resumes_at: float | None = None
        earlier = self._start - 40 * MINUTE_S
        self._line: Line[_Download] = Line(earlier)
        for name, category in _first_downloads():
            self._queue_up(name, category, "normal", earlier)
        self._line.waiting[3].fails = True  # One to retry, whatever the seed.
        self.advance(self._start)

    @override
    def advance(self, now: float) -> None:
        complete: list[tuple[float, _Download]] = []
        if self._resumes_at is not None and self._resumes_at <= now:
            complete += self._line.advance(self._resumes_at)
            self._line.paused, self._resumes_at = False, None
        for second, download in complete + self._line.advance(now):
            path = f"{self._settings['misc']['complete_dir']}/{self._settings['categories'][download.category]}"
            self._history.append(
                HistoryItem(
                    nzo_id=download.nzo_id,
                    name=download.name,
                    category=download.category,
                    status="failed" if download.fails else "completed",
                    size_bytes=download.size_bytes,
                    completed_at=at(second),
                    stage=None,
                    path=None if download.fails else f"{path.rstrip('/')}/{download.name}",
                    fail_message=FAILURE if download.fails else None,
                    can_retry=download.fails,
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
            free = max(DISK_BYTES - kept, 0)
            busy = self._line.active() is not None
            return Status(
                state="downloading" if busy else "paused" if self._line.paused else "idle",
                speed_bytes_per_s=self._speed(),
                queued=len(self._line.waiting),
                remaining_bytes=self._remaining(),
                resumes_in_s=self._resumes_in_s(now),
                disk_free_bytes=free,
                incomplete_free_bytes=free,
                warnings=0,
            )

    @override
    def version(self) -> Version:
        return Version(application="SABnzbd", version="5.0.0 (simulated)")

    @override
    def health(self) -> Health:
        with self.present() as now:
            return Health(healthy=True, issues=[], checked_at=at(now))

    @override
    def add(self, source: str, *, name: str | None, category: str, priority: PriorityToAdd) -> Added:
        with self.present() as now:
            if category not in self._settings["categories"]:
                known = ", ".join(self._settings["categories"])
                raise RefusedError(f"There is no category {category!r}: use one of {known}.")
            if len(self._line.waiting) >= MOST_QUEUED:
                raise RefusedError(f"The queue holds {MOST_QUEUED} downloads, its limit: delete some first.")
            match priority:
                case "default" | "paused":
                    download = self._queue_up(name or name_of(source), category, "normal", now)
                case _:
                    download = self._queue_up(name or name_of(source), category, priority, now)
            download.paused = priority == "paused"
            return Added(nzo_id=download.nzo_id, name=download.name, grabbing=False, further_nzo_ids=[])

    @override
    def pause_queue(self, *, paused: bool, minutes: int | None = None) -> QueueState:
        with self.present() as now:
            self._line.paused = paused
            self._resumes_at = now + minutes * MINUTE_S if paused and minutes is not None else None
            return QueueState(paused=paused, resumes_in_s=self._resumes_in_s(now))

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
            gone = delete_files and entry.status == "failed"
            return Deleted(nzo_id=nzo_id, name=entry.name, deleted_from="history", files_deleted=gone)

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
    def settings(self, section: Section, *, offset: int, limit: int) -> Settings:
        with self.present():
            values = self._settings[section].items()
            listed = [Setting(keyword=keyword, value=value, changeable=True) for keyword, value in values]
            return Settings.cut(listed, offset, limit, section=section)

    @override
    def change(self, section: Section, keyword: str, value: Value) -> Changed:
        with self.present():
            known = self._settings[section]
            if keyword not in known:
                raise UnknownIdError(f"{section} has no setting {keyword!r}: get_config lists those there are.")
            previous = known[keyword]
            if not isinstance(value, bool | int | str) or type(value) is not type(previous):
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
            labels=[],
        )

    def _resumes_in_s(self, now: float) -> int | None:
        return None if self._resumes_at is None else math.ceil(self._resumes_at - now)

    def _speed(self) -> int:
        return int(self._line.rate_bytes_s) if self._line.active() else 0

    def _remaining(self) -> int:
        return sum(download.remaining_bytes for download in self._line.waiting)


def _first_downloads() -> Iterable[tuple[str, str]]:
    for number, show in enumerate(SHOWS):
        film = FILMS[3 * number]
        yield release_name(film.title, f"{film.year}.1080p.Restored"), "movies"
        yield release_name(show.title, f"S{show.seasons:02d}E{number + 1:02d}.1080p"), "tv"
