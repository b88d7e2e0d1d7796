"""From SABnzbd's answers to ours, for `api`. Versions differ, and one strange entry must not cost the whole list.

Sizes in the queue are MiB as text with two decimals, free space GiB, those of the history bytes; times are seconds
since 1970; most numbers are texts. Source: https://sabnzbd.org/wiki/configuration/4.5/api and the program itself.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

from media_servers.answers import at
from media_servers.sabnzbd.backend import DownloadState, Fate, HistoryItem, Priority, QueueItem
from media_servers.sabnzbd.names import without_keys

KIB, MIB, GIB = 1024, 1024 * 1024, 1024 * 1024 * 1024
LONGEST_MESSAGE = 500
LONGEST_ISSUE = 300
MOST_ISSUES = 10
LAST_S: Final = 253_402_300_800  # The year 10000: no date.

Table: TypeAlias = Mapping[str, Any]

URGENCY: Final[dict[Priority, int]] = {"force": 2, "high": 1, "normal": 0, "low": -1}
_PRIORITIES: Final[dict[str, Priority]] = {
    word: name for name, urgency in URGENCY.items() for word in (name, str(urgency))
}
_STATES: Final[dict[str, DownloadState]] = {
    "paused": "paused",
    "grabbing": "grabbing",
    "fetching": "fetching",
    "propagating": "propagating",
    "checking": "checking",
}
_FATES: Final[dict[str, Fate]] = {"completed": "completed", "failed": "failed"}


def table(value: object) -> Table:
    """Return an object of JSON; empty in place of anything else."""
    return cast("Table", value) if isinstance(value, dict) else {}


def tables(value: object) -> list[Table]:
    """Return the objects of a list of JSON."""
    if not isinstance(value, list):
        return []
    return [cast("Table", entry) for entry in cast("list[object]", value) if isinstance(entry, dict)]


def texts(value: object) -> list[str]:
    """Return the texts of a list of JSON."""
    if not isinstance(value, list):
        return []
    return [entry for entry in cast("list[object]", value) if isinstance(entry, str)]


def text(fields: Table, key: str) -> str:
    """Return a field as text; empty if there is none."""
    value = fields.get(key)
    return str(value) if isinstance(value, str | int | float) else ""


def number(fields: Table, key: str) -> float:
    """Return a field as a number of 0 or more; 0 if it is none."""
    try:
        value = float(fields.get(key) or 0)
    except (TypeError, ValueError):
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def seconds(duration: str) -> int | None:
    """Read D:HH:MM:SS, H:MM:SS or MM:SS; None for nothing and for none."""
    total = 0
    for part, unit in zip(reversed(duration.split(":")), (1, 60, 3600, 86400), strict=False):
        if not part.isdecimal():
            return None
        total += int(part) * unit
    return total or None


def moment(fields: Table, key: str) -> datetime | None:
    """Return a field as a date; None if it is none."""
    epoch_s = number(fields, key)
    return at(epoch_s) if 0 < epoch_s < LAST_S else None


def queue_item(slot: Table) -> QueueItem | None:
    """Read an entry of the queue; None if it has no id."""
    nzo_id = text(slot, "nzo_id")
    if not nzo_id:
        return None
    size, remaining = number(slot, "mb") * MIB, number(slot, "mbleft") * MIB
    state = _state(slot, begun=remaining < size)
    priority = text(slot, "priority").lower()
    return QueueItem(
        nzo_id=nzo_id,
        name=without_keys(text(slot, "filename")),
        category=_category(slot, "cat"),
        status=state,
        priority="repair" if priority == "repair" else _PRIORITIES.get(priority, "normal"),
        size_bytes=int(size),
        remaining_bytes=int(remaining),
        progress=round(min(max(100 * (1 - remaining / size), 0), 100), 1) if size else 0,
        eta_s=None if state == "paused" else seconds(text(slot, "timeleft")),
        added_at=moment(slot, "time_added"),
        labels=texts(slot.get("labels")),
    )


def history_item(entry: Table, *, processing: bool = False) -> HistoryItem | None:
    """Read an entry of the history; None if it has no id. `processing`: SABnzbd is busy with some of them."""
    nzo_id = text(entry, "nzo_id")
    if not nzo_id:
        return None
    stage = text(entry, "status").lower()
    fate = _FATES.get(stage)
    if processing and fate is not None and _is_under_way(entry, fate):
        fate, stage = None, "moving"
    return HistoryItem(
        nzo_id=nzo_id,
        name=without_keys(text(entry, "name")),
        category=_category(entry, "category"),
        status=fate or "processing",
        stage=None if fate else stage or "queued",
        size_bytes=int(number(entry, "bytes")),
        completed_at=moment(entry, "completed") if fate else None,
        path=text(entry, "storage") or None if fate == "completed" else None,
        fail_message=without_keys(text(entry, "fail_message"))[:LONGEST_MESSAGE] if fate == "failed" else None,
        can_retry=fate == "failed" and bool(entry.get("retry", True)),
    )


def _is_under_way(entry: Table, fate: Fate) -> bool:
    """SABnzbd calls a download completed or failed before its files are in their place, and before it can be retried.

    Only what it is done with has a folder if completed, and a sum, or null for one, otherwise.
    """
    moving = fate == "completed" and not text(entry, "storage")
    return moving or bool(entry.get("loaded")) or entry.get("md5sum") == ""


def complaints(status: Table) -> list[str]:
    """Read from the full status what an owner should look at: news servers that fail, the latest warnings."""
    issues = [
        f"News server {text(server, 'servername')}: {_sentence(error)}"
        for server in tables(status.get("servers"))
        if (error := text(server, "servererror"))
    ]
    warnings = status.get("warnings")
    listed = cast("list[object]", warnings) if isinstance(warnings, list) else []
    told = [entry if isinstance(entry, str) else text(table(entry), "text") for entry in listed]
    return issues[:MOST_ISSUES] + [_sentence(warning) for warning in reversed(told[-MOST_ISSUES:]) if warning]


def _sentence(words: str) -> str:
    """One line, cut, without keys, with an end."""
    line = without_keys(" ".join(words.split()))
    line = f"{line[:LONGEST_ISSUE]}…" if len(line) > LONGEST_ISSUE else line
    return line if line.endswith((".", "…", "!")) else f"{line}."


def new_id(answer: object) -> str | None:
    """Find the id in an answer to retry: for what came from a URL some versions give [result, [id]]."""
    if isinstance(answer, list):
        ids = [nzo_id for entry in cast("list[object]", answer) for nzo_id in texts(entry)]
        return ids[0] if ids else None
    return answer if isinstance(answer, str) and answer else None


def _state(slot: Table, *, begun: bool) -> DownloadState:
    """SABnzbd calls all of the queue downloading that may: ours are only the first, and what has begun."""
    state = text(slot, "status").lower()
    if state == "downloading":
        return "downloading" if begun or not number(slot, "index") else "queued"
    return _STATES.get(state, "queued")


def _category(fields: Table, key: str) -> str:
    """SABnzbd's name for none is sometimes None, sometimes Default."""
    category = text(fields, key)
    return "*" if category.lower() in {"", "none", "default"} else category
