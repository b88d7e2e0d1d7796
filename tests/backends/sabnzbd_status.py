"""The larger answers of the stub of SABnzbd: queue, history, status."""

from collections.abc import Sequence
from typing import Any

from tests.backends.sabnzbd_jobs import MIB, Job, time_left, units

Params = dict[str, str]
_FREE_GIB, _SIZE_GIB = "73.68", "251.97"
_HISTORY_LIMIT = 10  # Of one answer, where none is asked for.


def header(version: str, *, paused: bool, warnings: int, minutes: int = 0) -> dict[str, Any]:
    """Return what queue and status begin with."""
    return {
        "version": version,
        "paused": paused,
        "pause_int": f"{minutes}:00" if minutes else "0",
        "paused_all": False,
        "diskspace1": _FREE_GIB,
        "diskspace2": _FREE_GIB,
        "diskspace1_norm": "73.7 G",
        "diskspace2_norm": "73.7 G",
        "diskspacetotal1": _SIZE_GIB,
        "diskspacetotal2": _SIZE_GIB,
        "speedlimit": "0",
        "speedlimit_abs": "0",
        "have_warnings": str(warnings),
        "finishaction": None,
        "quota": "0 B",
        "have_quota": False,
        "left_quota": "0 B",
        "cache_art": "0",
        "cache_size": "0 B",
    }


def queue(
    head: dict[str, Any], jobs: Sequence[Job], params: Params, *, paused: bool, bytes_per_s: float
) -> dict[str, Any]:
    """Return a page of the queue. What is paused by itself counts neither in its sizes nor in `noofslots_total`."""
    start, limit = _number(params, "start"), _number(params, "limit")
    ids, term = params.get("nzo_ids", ""), params.get("search", "").lower()
    shown = [job for job in jobs if term in job.name.lower() and (not ids or job.nzo_id in ids.split(","))]
    statuses, categories = params.get("status", ""), params.get("cat", "") or params.get("category", "")
    # These two narrow what is shown, and not how many there are said to be.
    counted = len(shown)
    shown = [job for job in shown if not statuses or job.status in statuses.split(",")]
    shown = [job for job in shown if not categories or job.category in categories.split(",")]
    going = [job for job in jobs if job.status != "Paused"]
    left, size = sum(job.remaining_bytes for job in going), sum(job.size_bytes for job in going)
    before = 0
    slots: list[dict[str, Any]] = []
    for index, job in enumerate(shown):
        if index >= start and (not limit or index < start + limit):
            slots.append(job.queue_slot(index, paused=paused, bytes_before=before, bytes_per_s=bytes_per_s))
        before += job.remaining_bytes
    return head | {
        "kbpersec": f"{bytes_per_s / 1024:.2f}",
        "speed": units(bytes_per_s),
        "mbleft": f"{left / MIB:.2f}",
        "mb": f"{size / MIB:.2f}",
        "sizeleft": units(left, "B"),
        "size": units(size, "B"),
        "noofslots_total": len(going),
        "noofslots": counted,
        "start": start,
        "limit": limit,
        "finish": start + limit,
        "status": "Paused" if paused else "Downloading" if bytes_per_s else "Idle",
        "timeleft": time_left(left, bytes_per_s),
        "slots": slots,
    }


def history(ended: Sequence[Job], params: Params, version: str) -> dict[str, Any]:
    """Return a page of the history, what is being processed first. What is archived is shown on its own only."""
    start, limit = _number(params, "start"), _number(params, "limit") or _HISTORY_LIMIT
    statuses = "Failed" if params.get("failed_only") == "1" else params.get("status", "")
    ids, term = params.get("nzo_ids", ""), params.get("search", "").lower()
    shown = [
        job
        for job in sorted(ended, key=lambda job: not job.processing)
        if job.archived == (params.get("archive") == "1")
        and (not statuses or job.status in statuses.split(","))
        and (not ids or job.nzo_id in ids.split(","))
        and term in job.name.lower()
    ]
    return {
        "total_size": "0",
        "month_size": "0",
        "week_size": "0",
        "day_size": "0",
        "slots": [job.history_slot() for job in shown[start : start + limit]],
        "ppslots": sum(1 for job in shown if job.processing),
        "noofslots": len(shown),
        "last_history_update": 1,
        "version": version,
    }


def full_status(
    head: dict[str, Any], warnings: Sequence[dict[str, Any]], api_key: str, params: Params
) -> dict[str, Any]:
    """Return the status, key and all. Without `skip_dashboard` the real one asks the outside for its addresses."""
    outside = {"active_socks5_proxy": None, "localipv4": None, "publicipv4": None, "ipv6": None, "dnslookup": "OK"}
    return {
        "uptime": "3h",
        "color_scheme": "Auto",
        "confighelpuri": "https://sabnzbd.org/wiki/configuration/5.1/",
        "pid": 4711,
        "active_lang": "en",
        "rtl": False,
        "my_lcldata": "/config",
        "my_home": "/config",
        "webdir": "/app/interfaces/Glitter/templates",
        "url_base": "",
        "windows": False,
        "macos": False,
        "power_options": False,
        "pp_pause_event": False,
        "apikey": api_key,
        "new_release": None,
        "new_rel_url": None,
        "cache_buster": "5.1.3-stub",
        **head,
        "logfile": "",
        "weblogfile": None,
        "loglevel": "1",
        "folders": [],
        "configfn": "/config/sabnzbd.ini",
        "warnings": list(warnings),
        "delayed_assembler": 0,
        "loadavg": "0.38 | 0.50 | 0.82 | V=1246M R=88M",
        "pystone": 0,
        "downloaddir": "/downloads/incomplete",
        "downloaddirspeed": 0,
        "completedir": "/downloads/complete",
        "completedirspeed": 0,
        "internetbandwidth": 0,
        **({} if params.get("skip_dashboard") == "1" else outside),
        "servers": [],
    }


def _number(params: Params, name: str) -> int:
    text = params.get(name, "")
    return int(text) if text.isdecimal() else 0
