"""A real SABnzbd, 3.7 or later, behind the tools.

SABnzbd says yes to many an order about an id that it does not know, and takes "all" for an id: so an id is looked up
before anything is done to it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from typing_extensions import override

from media_servers.answers import Health, Page, Version
from media_servers.application import Access
from media_servers.errors import (
    BackendError,
    BadAnswerError,
    RefusedError,
    SecretRefusedError,
    UnknownIdError,
    UnreachableError,
)
from media_servers.http_errors import unclear
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
    QueueState,
    Retried,
    SabnzbdBackend,
    Section,
    Settings,
    Status,
    Value,
)
from media_servers.sabnzbd.calls import Calls, part, shape
from media_servers.sabnzbd.configuration import Configuration
from media_servers.sabnzbd.lists import Lists
from media_servers.sabnzbd.names import name_of
from media_servers.sabnzbd.reading import (
    GIB,
    KIB,
    MIB,
    URGENCY,
    complaints,
    new_id,
    number,
    seconds,
    table,
    text,
    texts,
)

HEALTH_S = 10.0
_TO_ADD = URGENCY | {"default": -100, "paused": -2}


class SabnzbdApi(SabnzbdBackend):
    """Asks SABnzbd anew each time; nothing is kept. For any thread."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._calls = Calls(access)
        self._lists = Lists(self._calls)
        self._configuration = Configuration(self._calls)

    @override
    def queue(self, *, term: str | None, offset: int, limit: int) -> Queue:
        return self._lists.queue(term, offset, limit)

    @override
    def history(self, *, status: Fate | None, offset: int, limit: int) -> Page[HistoryItem]:
        return self._lists.history(status, offset, limit)

    @override
    def status(self) -> Status:
        head = self._lists.head(limit=1)
        busy = text(head, "status").lower() == "downloading"
        return Status(
            state="paused" if head.get("paused") else "downloading" if busy else "idle",
            speed_bytes_per_s=int(number(head, "kbpersec") * KIB),
            resumes_in_s=seconds(text(head, "pause_int")),
            queued=int(number(head, "noofslots")),  # Its noofslots_total is without what is paused.
            remaining_bytes=int(number(head, "mbleft") * MIB),
            disk_free_bytes=int(number(head, "diskspace2") * GIB),
            incomplete_free_bytes=int(number(head, "diskspace1") * GIB),
            warnings=int(number(head, "have_warnings")),
        )

    @override
    def version(self) -> Version:
        answer = self._calls.ask("version")
        part(answer, "version")
        return Version(application="SABnzbd", version=text(answer, "version") or "unknown")

    @override
    def health(self) -> Health:
        try:
            # Without skip_dashboard SABnzbd asks machines on the internet for its own address.
            limit_s = min(HEALTH_S, self._access.timeout_s)
            status = table(part(self._calls.ask("fullstatus", limit_s, skip_dashboard=1), "status"))
            if not status:  # A plain no, say.
                raise shape("status")
            issues, healthy = complaints(status), True
        except BackendError as error:
            issues, healthy = [str(error)], False
        shown = [self._access.without_secret(issue) for issue in issues]
        return Health(healthy=healthy, issues=shown, checked_at=datetime.now(UTC).replace(microsecond=0))

    @override
    def add(self, source: str, *, name: str | None, category: str, priority: PriorityToAdd) -> Added:
        is_url = "://" in source
        fields: dict[str, str | int] = {"name": source, "priority": _TO_ADD[priority]}
        if category != "*":
            fields["cat"] = self._category(category)
        if name is not None:
            fields["nzbname"] = name
        answer = self._calls.tell("addurl" if is_url else "addlocalfile", look_with="get_queue", **fields)
        nzo_ids = texts(answer.get("nzo_ids"))
        if not self._calls.agrees(answer, "get_queue") or not nzo_ids:
            raise RefusedError(
                "SABnzbd did not take it: the NZB is empty or broken, or a check for duplicates or a script of its "
                "owner refuses it; get_history may show it, and health_check why."
            )
        return Added(nzo_id=nzo_ids[0], name=name or name_of(source), grabbing=is_url, further_nzo_ids=nzo_ids[1:])

    @override
    def pause_queue(self, *, paused: bool, minutes: int | None = None) -> QueueState:
        if paused and minutes is not None:
            self._calls.order("config", look_with="get_status", name="set_pause", value=minutes)
        else:
            self._calls.order("pause" if paused else "resume", look_with="get_status")
        with self._afterwards("get_status"):
            head = self._lists.head(limit=1)
        return QueueState(paused=bool(head.get("paused")), resumes_in_s=seconds(text(head, "pause_int")))

    @override
    def pause_download(self, nzo_id: str, *, paused: bool) -> DownloadPaused:
        self._lists.queued(nzo_id)
        self._calls.order("queue", look_with="get_queue", name="pause" if paused else "resume", value=nzo_id)
        with self._afterwards("get_queue"):
            now = self._lists.slot(nzo_id)
        if now is None:
            raise RefusedError(f"{nzo_id} has just left the queue: get_history shows what became of it.")
        if paused and now.status != "paused":
            raise RefusedError(
                f"SABnzbd does not pause {nzo_id} while its priority is {now.priority}: give it another with "
                "set_priority first."
            )
        return DownloadPaused(nzo_id=nzo_id, paused=now.status == "paused")

    @override
    def delete(self, nzo_id: str, *, delete_files: bool) -> Deleted:
        fields: dict[str, str | int] = {"name": "delete", "value": nzo_id, "del_files": int(delete_files)}
        queued = self._lists.slot(nzo_id)
        if queued is not None:
            answer = self._calls.tell("queue", look_with="get_queue", **fields)
            if self._calls.agrees(answer, "get_queue"):
                return Deleted(nzo_id=nzo_id, name=queued.name, deleted_from="queue", files_deleted=delete_files)
        ended = self._lists.entry(nzo_id)  # Perhaps since a moment ago.
        if ended is None:
            raise UnknownIdError(f"The id {nzo_id!r} is unknown: get_history lists what has ended, get_queue the rest.")
        self._calls.order("history", look_with="get_history", **fields)
        return Deleted(
            nzo_id=nzo_id,
            name=ended.name,
            deleted_from="history",
            files_deleted=delete_files and ended.status != "completed",
        )

    @override
    def retry(self, nzo_id: str) -> Retried:
        entry = self._lists.entry(nzo_id)
        if entry is None:
            raise UnknownIdError(f"No download in the history has the id {nzo_id!r}: get_history lists the ids.")
        if entry.status != "failed":
            fate = "completed" if entry.status == "completed" else "is still being processed"
            raise RefusedError(f"{nzo_id} {fate}: only a failed download can be retried.")
        if not entry.can_retry:
            raise RefusedError(f"SABnzbd has kept nothing of {nzo_id} to try again: add its NZB anew with add_nzb.")
        answer = self._calls.order("retry", look_with="get_queue", value=nzo_id)
        again = new_id(answer.get("nzo_id"))
        if again is None:
            with self._afterwards("get_queue"):
                again = self._lists.newest_called(entry.name)
        return Retried(nzo_id=again, name=entry.name, retried_nzo_id=nzo_id)

    @override
    def prioritise(self, nzo_id: str, priority: Priority) -> Prioritised:
        self._lists.queued(nzo_id)
        answer = self._calls.tell(
            "queue", look_with="get_queue", name="priority", value=nzo_id, value2=URGENCY[priority]
        )
        position = answer.get("position")
        if not isinstance(position, int):
            raise unclear(self._access, "get_queue", "did not say where the download stands now")
        if position < 0:
            raise RefusedError(f"{nzo_id} has just left the queue: get_history shows what became of it.")
        return Prioritised(nzo_id=nzo_id, priority=priority, position=position)

    @override
    def settings(self, section: Section, *, offset: int, limit: int) -> Settings:
        return Settings.cut(self._configuration.settings(section), offset, limit, section=section)

    @override
    def change(self, section: Section, keyword: str, value: Value) -> Changed:
        return self._configuration.change(section, keyword, value)

    def _category(self, wanted: str) -> str:
        """Return the category as SABnzbd writes it: what it does not know it would take for the default, in silence."""
        known = texts(part(self._calls.ask("get_cats"), "categories"))
        for category in known:
            if category.lower() == wanted.lower():
                return category
        raise RefusedError(f"There is no category {wanted!r:.80}: use one of {', '.join(known[:50])}.")

    @contextmanager
    def _afterwards(self, look_with: str) -> Generator[None]:
        """Around a look at what an order has done: without it nobody knows, and that is what must be said."""
        try:
            yield
        except (UnreachableError, BadAnswerError, SecretRefusedError) as error:
            raise unclear(self._access, look_with, "took the order, and then could not be asked about it") from error
