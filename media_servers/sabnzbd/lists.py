"""SABnzbd's two lists, the queue and the history, in pages that SABnzbd cuts. For `api`."""

from media_servers.answers import Page
from media_servers.arguments import matches
from media_servers.errors import UnclearError, UnknownIdError
from media_servers.sabnzbd.backend import Fate, HistoryItem, Queue, QueueItem
from media_servers.sabnzbd.calls import Calls, part
from media_servers.sabnzbd.reading import (
    KIB,
    MIB,
    Table,
    history_item,
    number,
    queue_item,
    table,
    tables,
)

CHUNK = 500  # Entries of the history at a time, where all of it has to be gone through. A guess: about 1 MB.


class Lists:
    """Reads them anew each time. For any thread; raises BackendError."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def head(self, **fields: str | int) -> Table:
        """Return SABnzbd's own answer about the queue: the state of the whole, and `slots`."""
        return table(part(self._calls.ask("queue", **fields), "queue"))

    def queue(self, term: str | None, offset: int, limit: int) -> Queue:
        """Return a page of what has all words of `term`."""
        words = (term or "").split()
        if len(words) > 1:
            # SABnzbd would look for them with the blank between: it finds one, and we the rest.
            head = self.head(search=max(words, key=len))
            found = [item for item in _queue_items(head) if matches(term or "", item.name)]
            return Queue.cut(found, offset, limit, **_pace(head))
        search: dict[str, str | int] = {"search": words[0]} if words else {}
        head = self.head(start=offset, limit=limit, **search)
        place = _place(int(number(head, "noofslots")), offset, limit)
        return Queue.model_validate({"items": _queue_items(head), **place, **_pace(head)})

    def history(self, status: Fate | None, offset: int, limit: int) -> Page[HistoryItem]:
        """Return a page of what has come in, the latest first."""
        if status is None or self._filters_history():
            wanted: dict[str, str | int] = {} if status is None else {"status": status.title()}
            head = self._past(start=offset, limit=limit, **wanted)
            place = _place(int(number(head, "noofslots")), offset, limit)
            return Page[HistoryItem].model_validate({"items": _history_items(head), **place})
        found: list[HistoryItem] = []
        start, total = 0, 1
        while start < total:
            head = self._past(start=start, limit=CHUNK)
            found += [item for item in _history_items(head) if item.status == status]
            start, total = start + CHUNK, int(number(head, "noofslots"))
        return Page[HistoryItem].cut(found, offset, limit)

    def slot(self, nzo_id: str) -> QueueItem | None:
        """Return the entry of the queue with just this id."""
        return next((item for item in _queue_items(self.head(nzo_ids=nzo_id)) if item.nzo_id == nzo_id), None)

    def queued(self, nzo_id: str) -> QueueItem:
        """Return the entry of the queue with this id. Raises UnknownIdError."""
        item = self.slot(nzo_id)
        if item is None:
            raise UnknownIdError(f"No download in the queue has the id {nzo_id!r}: get_queue lists the ids.")
        return item

    def entry(self, nzo_id: str) -> HistoryItem | None:
        """Return the entry of the history with just this id."""
        return next((item for item in _history_items(self._past(nzo_ids=nzo_id)) if item.nzo_id == nzo_id), None)

    def newest_called(self, name: str) -> str:
        """Return the id of what was queued last under this name."""
        found = [item.nzo_id for item in _queue_items(self.head()) if item.name == name]
        if not found:
            raise UnclearError(
                f"SABnzbd has queued {name!r:.200} again and does not say under which id: get_queue does."
            )
        return found[-1]

    def _past(self, **fields: str | int) -> Table:
        return table(part(self._calls.ask("history", **fields), "history"))

    def _filters_history(self) -> bool:
        """Tell whether this SABnzbd heeds `status`: versions before 4.2 or so list everything all the same."""
        return not number(self._past(start=0, limit=1, status="None such"), "noofslots")


def _queue_items(head: Table) -> list[QueueItem]:
    return [item for slot in tables(head.get("slots")) if (item := queue_item(slot)) is not None]


def _history_items(head: Table) -> list[HistoryItem]:
    return [item for entry in tables(head.get("slots")) if (item := history_item(entry)) is not None]


def _pace(head: Table) -> dict[str, object]:
    """Return what a page of the queue says about the whole."""
    return {
        "paused": bool(head.get("paused")),
        "speed_bytes_per_s": int(number(head, "kbpersec") * KIB),
        "remaining_bytes": int(number(head, "mbleft") * MIB),
    }


def _place(total: int, offset: int, limit: int) -> dict[str, object]:
    """Return where a page that SABnzbd has cut stands in the whole."""
    end = offset + limit
    return {"total": total, "offset": offset, "next_offset": end if end < total else None}
