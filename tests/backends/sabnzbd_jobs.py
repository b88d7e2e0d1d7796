"""Downloads of the stub of SABnzbd, in SABnzbd's own words and units: many numbers are texts, sizes in MiB."""

import time
from dataclasses import dataclass, field
from typing import Any

MIB = 1024 * 1024
FORCE, HIGH, NORMAL, LOW = 2, 1, 0, -1
_LEVELS = {FORCE: "Force", HIGH: "High", NORMAL: "Normal", LOW: "Low"}  # Any other number shows as Normal.
_UNITS = ("", "K", "M", "G", "T", "P")


def now() -> int:
    """Return seconds since 1970."""
    return int(time.time())


def units(size: float, postfix: str = "") -> str:
    """Write a size as SABnzbd does: "0 B", "650 K", "1.0 MB"; plain "0" without a postfix."""
    step = 0
    while size >= 1024 and step < len(_UNITS) - 1:
        size, step = size / 1024, step + 1
    unit = _UNITS[step] + postfix
    return f"{size:.{int(step > 1)}f}{' ' if unit else ''}{unit}"


def time_left(size: float, bytes_per_s: float) -> str:
    """Write how long `size` takes: H:MM:SS, with days before it as D:HH:MM:SS."""
    if size <= 0 or bytes_per_s <= 0:
        return "0:00:00"
    minutes, seconds = divmod(int(size / bytes_per_s), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}:{hours:02}:{minutes:02}:{seconds:02}" if days else f"{hours}:{minutes:02}:{seconds:02}"


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A download, in the queue first and then in the history.

    `grabbing`: its NZB is still being fetched. `processing`: shown in the history, and not done yet.
    """

    nzo_id: str
    name: str
    category: str = "*"
    priority: int = NORMAL
    size_bytes: int = 100 * MIB
    remaining_bytes: int = 100 * MIB
    status: str = "Queued"
    url: str | None = None
    grabbing: bool = False
    added: int = field(default_factory=now)
    completed: int = 0
    storage: str = ""
    fail_message: str = ""
    processing: bool = False
    retriable: bool = False
    archived: bool = False

    def queue_slot(self, index: int, *, paused: bool, bytes_before: int, bytes_per_s: float) -> dict[str, Any]:
        """Return its entry of the queue. `paused`: the whole queue is."""
        if self.priority == FORCE:
            self.status = "Downloading"  # So does SABnzbd: looking at the queue lets a forced download go on.
        waits = paused or self.status not in {"Downloading", "Queued"}
        size, left = self.size_bytes / MIB, self.remaining_bytes / MIB
        return {
            "index": index,
            "nzo_id": self.nzo_id,
            "unpackopts": "0" if self.grabbing else "3",
            "priority": _LEVELS.get(self.priority, "Normal"),
            "script": "None",
            "filename": f"Trying to fetch NZB from {self.url}" if self.grabbing else self.name,
            "labels": [],
            "password": "",
            "cat": self.category,
            "mbleft": f"{left:.2f}",
            "mb": f"{size:.2f}",
            "size": units(self.size_bytes, "B"),
            "sizeleft": units(self.remaining_bytes, "B"),
            "percentage": str(int((size - left) / size * 100)) if size != left else "0",
            "mbmissing": "0.00",
            "direct_unpack": None,
            "status": "Downloading" if not paused and self.status == "Queued" else self.status,
            "timeleft": time_left(0 if waits else bytes_before + self.remaining_bytes, bytes_per_s),
            "avg_age": "-" if self.grabbing else "1103d",
            "time_added": self.added,
        }

    def history_slot(self) -> dict[str, Any]:
        """Return its entry of the history."""
        failed = self.status == "Failed"
        log = [self.url or f"{self.name}.nzb"]
        incomplete = "" if self.grabbing else f"/downloads/incomplete/{self.name}"
        return {
            "completed": now() if self.processing else self.completed,
            "name": self.url if self.grabbing else self.name,
            "nzb_name": self.url if self.grabbing else f"{self.name}.nzb",
            "category": self.category,
            "pp": "" if self.grabbing else "D",
            "script": "None",
            "report": "future" if self.grabbing else "",
            "url": self.url,
            "status": self.status,
            "nzo_id": self.nzo_id,
            "storage": self.storage,
            "path": incomplete,
            "script_line": "",
            "download_time": 0,
            "postproc_time": 0,
            "stage_log": [{"name": "Source", "actions": log}, {"name": "Download", "actions": [self.fail_message]}],
            "downloaded": 0 if failed else self.size_bytes,
            "completeness": None,
            "fail_message": self.fail_message,
            "url_info": "",
            "bytes": 0 if failed else self.size_bytes,
            "meta": None,
            "series": "" if self.processing else None,
            "md5sum": "" if self.processing else None if self.grabbing else "99827f25eced700d445fd66af48af4ae",
            "password": None,
            "duplicate_key": None,
            "archive": self.archived,
            "time_added": self.added,
            "size": units(0 if failed else self.size_bytes, "B"),
            "action_line": f"Moving: {self.name}" if self.processing else "",
            "loaded": self.processing,
            "retry": self.retriable,
        }
