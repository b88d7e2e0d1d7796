"""A stand-in for SABnzbd 5 over its HTTP API; tests/integration/media holds it against the real one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from tests.backends.sabnzbd_jobs import FORCE, LOW, MIB, NORMAL, Job, now
from tests.backends.sabnzbd_settings import SabnzbdSettings
from tests.backends.sabnzbd_status import full_status, header, history, queue
from tests.backends.stub import Answer, Request, Stub

VERSION = "5.1.3"
MISSING = "Download failed - Not on your server(s) - https://sabnzbd.org/not-complete"
_NZB_LEVEL = {"addurl", "addfile", "addlocalfile"}  # What the NZB key may do.
_WORDS = {
    "item": "item does not exist",
    "mode": "not implemented",
    "file": "no file given",
    "path": "file does not exist",
    "value": "expects one parameter",
    "two": "expects two parameters",
    "int": "expects integer value",
    "config": "Config item does not exist",
}
Params = dict[str, str]


class SabnzbdStub(Stub):
    """Begins with two downloads in its queue, one that completed and one that failed; `empty`: with none.

    * Nothing moves by itself: `finish`, `fail`, `progress`, `process` and `grab` do it. With `grabs` False, what is
      added by URL stays "Grabbing".
    * NZB files added by path must exist on this machine, as for the real one.
    """

    def __init__(self, *, empty: bool = False) -> None:
        super().__init__()
        self.secret, self.nzb_key = "c4na4yk3y0fsabnzbd00000000000001", "c4na4yk3y0fsabnzbd00000000000002"
        self.paused, self.pause_minutes, self.bytes_per_s, self.grabs = False, 0, 0.0, True
        self.jobs: list[Job] = []  # The queue, in its order.
        self.ended: list[Job] = []  # The history, latest first.
        self.warnings: list[dict[str, Any]] = []
        self.settings = SabnzbdSettings(self.secret, self.nzb_key)
        self._made = 0
        self._modes: dict[str, Callable[[Params], Any]] = {
            "queue": self._queue,
            "history": self._history,
            "addurl": self._add_url,
            "addlocalfile": self._add_path,
            "addfile": self._add_file,
            "config": lambda params: self._pause_all(paused=True, minutes=int(params.get("value") or 0)),
            "pause": lambda _: self._pause_all(paused=True),
            "resume": lambda _: self._pause_all(paused=False),
            "retry": self._retry,
            "switch": self._switch,
            "get_config": lambda params: {
                "config": self.settings.read(params.get("section", ""), params.get("keyword", ""))
            },
            "set_config": self._set_config,
            "version": lambda _: {"version": VERSION},
            "auth": self._auth,
            "status": self._status,
            "fullstatus": self._status,
            "warnings": self._warnings,
            "server_stats": lambda _: {"total": 0, "month": 0, "week": 0, "day": 0, "servers": {}},
            "get_cats": lambda _: {"categories": self.settings.categories},
        }
        if not empty:
            self._stock()

    # Moving its world.

    def job(self, nzo_id: str) -> Job:
        """Return a download, wherever it is."""
        return next(job for job in (*self.jobs, *self.ended) if job.nzo_id == nzo_id)

    def progress(self, nzo_id: str, remaining_bytes: int, bytes_per_s: float = 0.0) -> None:
        """Download a part."""
        self.job(nzo_id).remaining_bytes, self.bytes_per_s = remaining_bytes, bytes_per_s

    def grab(self, nzo_id: str) -> None:
        """Have fetched the NZB."""
        job = self.job(nzo_id)
        job.grabbing, job.status = False, "Queued"
        job.size_bytes = job.remaining_bytes = 100 * MIB

    def process(self, nzo_id: str, status: str = "Extracting") -> None:
        """Have downloaded all; it is being unpacked, and is shown in the history already."""
        self._end(nzo_id, status).processing = True

    def finish(self, nzo_id: str) -> None:
        """Complete it."""
        job = self._end(nzo_id, "Completed")
        job.storage, job.remaining_bytes = f"/downloads/complete/{job.name}", 0

    def fail(self, nzo_id: str, message: str = MISSING) -> None:
        """Let it fail for good; what is still being grabbed, because its address does not serve it."""
        job = self._end(nzo_id, "Failed")
        job.fail_message = "URL Fetching failed; File not on server" if job.grabbing else message
        job.storage = "" if job.grabbing else f"/downloads/incomplete/{job.name}"
        job.retriable = True

    def warn(self, text: str, kind: str = "WARNING") -> None:
        """Let it complain."""
        self.warnings.append({"type": kind, "text": text, "time": now(), "origin": "stub.py1"})

    def _end(self, nzo_id: str, status: str) -> Job:
        job = self.job(nzo_id)
        if job in self.jobs:
            self.jobs.remove(job)
            self.ended.insert(0, job)
        job.status, job.completed, job.processing = status, now(), False
        return job

    def _stock(self) -> None:
        for name, category in (("Nosferatu.1922.1080p", "movies"), ("The.General.1926.720p", "movies")):
            self._queue_up(Job(nzo_id=self._new_id(), name=name, category=category))
        self.finish(self.jobs[0].nzo_id)
        self.fail(self.jobs[0].nzo_id)
        for name, category in (("Metropolis.1927.1080p", "movies"), ("Dragnet.S01E01.480p", "tv")):
            self._queue_up(Job(nzo_id=self._new_id(), name=name, category=category))

    # Answering.

    @override
    def answer(self, request: Request) -> Answer:
        if request.path not in {"/api", "/api/"}:
            return Answer(status=404, body=b"<html>not here</html>", media_type="text/html")
        params = dict(request.query)
        if "urlencoded" in request.headers.get("content-type", ""):
            params |= request.form
        elif request.body:
            params["nzbfile"] = request.body.decode("latin-1")
        mode, key = params.get("mode", ""), params.get("apikey", "")
        allowed = key == self.secret or mode in {"version", "auth"} or (mode in _NZB_LEVEL and key == self.nzb_key)
        if not allowed:
            self.warn("API Key incorrect, Use the api key from Config->General in your 3rd party program:")
            words = b"API Key Incorrect" if key else b"API Key Required"
            return Answer(status=403, body=words, media_type="text/html;charset=utf-8")
        document = self._modes[mode](params) if mode in self._modes else _refused("mode")
        body = Answer.of(document).body
        return Answer(body=body, media_type="application/json;charset=UTF-8")

    def _queue(self, params: Params) -> Any:
        ids, second = _words(params.get("value", "")), params.get("value2", "")
        match params.get("name", ""):
            case "pause" | "resume" as name:
                # It echoes what it was given, known or not.
                for job in self._of(ids):
                    job.status = "Paused" if name == "pause" else "Queued"
                return {"status": bool(ids), "nzo_ids": ids or False}
            case "delete":
                removed = [job.nzo_id for job in (self.jobs if ids == ["all"] else self._of(ids))]
                self.jobs = [job for job in self.jobs if job.nzo_id not in removed]
                return {"status": bool(removed), "nzo_ids": removed} if ids else _refused("value")
            case "priority":
                if not ids or not second:
                    return _refused("two")
                if not second.lstrip("-").isdecimal():
                    return _refused("int")
                return {"position": self._prioritise(ids[-1], int(second))}
            case _:
                return {
                    "queue": queue(self._header(), self.jobs, params, paused=self.paused, bytes_per_s=self.bytes_per_s)
                }

    def _prioritise(self, nzo_id: str, priority: int) -> int:
        for job in self._of([nzo_id]):
            if job.priority != priority:
                job.priority = priority
                job.status = "Queued" if job.status == "Paused" else job.status  # So does SABnzbd.
                self._queue_up(job)
            return self.jobs.index(job)
        return -1

    def _history(self, params: Params) -> Any:
        if params.get("name") != "delete":
            return {"history": history(self.ended, params, VERSION)}
        value = params.get("value", "")
        for job in list(self.ended):
            if job.nzo_id in _words(value) or value.lower() in {"all", job.status.lower()}:
                if params.get("archive") == "0" or job.processing:
                    self.ended.remove(job)
                else:
                    job.archived = True
        return {"status": True} if value else _refused("value")  # Whether there was such a one or not.

    def _add_url(self, params: Params) -> Any:
        url = params.get("name", "")
        if not url.lower().startswith("http"):
            return {"status": False, "nzo_ids": []} if url else _refused("value")
        name = unquote(urlsplit(url).path).rsplit("/", 1)[-1].removesuffix(".nzb")
        job = self._made_of(params, name)
        job.url = url
        if not self.grabs:
            job.status, job.grabbing, job.size_bytes, job.remaining_bytes = "Grabbing", True, 0, 0
        return {"status": True, "nzo_ids": [job.nzo_id]}

    def _add_path(self, params: Params) -> Any:
        name = params.get("name", "")
        if not name or not Path(name).exists():
            return _refused("path" if name else "value")
        if not name.endswith((".nzb", ".gz", ".bz2", ".zip", ".rar", ".7z")):
            return _refused("file")
        return self._add_text(params, Path(name).stem, Path(name).read_text(encoding="latin-1"))

    def _add_file(self, params: Params) -> Any:
        found = re.search(r'filename="([^"]+)"', params.get("nzbfile", ""))
        return self._add_text(params, Path(found[1]).stem, params["nzbfile"]) if found else _refused("value")

    def _add_text(self, params: Params, name: str, text: str) -> Any:
        if "<nzb" not in text:
            self.warn(f"Invalid NZB file {name}.nzb, skipping (error: syntax error: line 1, column 0)")
            return {"status": False, "nzo_ids": []}
        job = self._made_of(params, name)
        job.size_bytes = job.remaining_bytes = sum(map(int, re.findall(r'<segment bytes="(\d+)"', text)))
        return {"status": True, "nzo_ids": [job.nzo_id]}

    def _made_of(self, params: Params, name: str) -> Job:
        priority = int(params.get("priority") or -100)
        status = "Paused" if priority == -2 else "Queued"
        category = params.get("cat", "")
        known = category if category in self.settings.categories else "*"  # Without a word.
        job = Job(nzo_id=self._new_id(), name=params.get("nzbname") or name, category=known)
        job.priority, job.status = priority if LOW <= priority <= FORCE else NORMAL, status
        self._queue_up(job)
        return job

    def _queue_up(self, job: Job) -> None:
        """Put it behind those of its priority; a forced one before all."""
        self.jobs = [other for other in self.jobs if other is not job]
        place = 0 if job.priority == FORCE else sum(1 for other in self.jobs if other.priority >= job.priority)
        self.jobs.insert(place, job)

    def _retry(self, params: Params) -> Any:
        for job in self.ended:
            if job.nzo_id == params.get("value") and job.retriable:
                self.ended.remove(job)
                again = Job(nzo_id=self._new_id(), name=job.name, category=job.category, url=job.url)
                again.size_bytes = again.remaining_bytes = job.size_bytes
                self._queue_up(again)
                # One that failed for its address comes back in a list with a word.
                return {"status": True, "nzo_id": ["OK", [again.nzo_id]] if job.grabbing else again.nzo_id}
        return _refused("item")

    def _switch(self, params: Params) -> Any:
        first, second = params.get("value", ""), params.get("value2", "")
        if not first or not second:
            return _refused("two")
        moved, place = self._of([first]), self._of([second])
        if not moved or not place or moved == place:
            return {"result": {"position": -1, "priority": 0}}
        position = self.jobs.index(place[0])
        moved[0].priority = place[0].priority
        self.jobs.remove(moved[0])
        self.jobs.insert(position, moved[0])
        return {"result": {"position": position, "priority": moved[0].priority}}

    def _set_config(self, params: Params) -> Any:
        holds = self.settings.write(params)
        return _refused("config") if holds is None else {"config": holds}

    def _auth(self, params: Params) -> Any:
        known = {"": "apikey", self.secret: "apikey", self.nzb_key: "nzbkey"}
        return {"auth": known.get(params.get("key", ""), "badkey")}

    def _status(self, params: Params) -> Any:
        return {"status": full_status(self._header(), self.warnings, self.secret, params)}

    def _warnings(self, params: Params) -> Any:
        shown = list(self.warnings)
        if params.get("name") == "clear":
            self.warnings.clear()
        return {"warnings": shown}

    def _pause_all(self, *, paused: bool, minutes: int = 0) -> Any:
        self.paused, self.pause_minutes = paused, minutes
        return {"status": True}

    def _header(self) -> dict[str, Any]:
        return header(VERSION, paused=self.paused, minutes=self.pause_minutes, warnings=len(self.warnings))

    def _of(self, ids: list[str]) -> list[Job]:
        return [job for job in self.jobs if job.nzo_id in ids]

    def _new_id(self) -> str:
        self._made += 1
        return f"{self._made:08x}-5ab0-4000-8000-000000000000"


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _refused(word: str) -> Any:
    return {"status": False, "error": _WORDS[word]}
