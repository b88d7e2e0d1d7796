"""SABnzbd's two lists, the queue and the history, in pages that SABnzbd cuts. For `api`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, cast

from media_servers.answers import Page
from media_servers.arguments import matches
from media_servers.errors import UnclearError, UnknownIdError
from media_servers.sabnzbd.backend import Fate, HistoryItem, Queue, QueueItem
from media_servers.sabnzbd.calls import Calls, part, shape
from media_servers.sabnzbd.reading import KIB, MIB, Table, history_item, number, queue_item, table

T = TypeVar("T")
I = TypeVar("I", QueueItem, HistoryItem)  # noqa: E741 -- an item

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
            items, unreadable = _queue_items(head)
            found = [item for item in items if matches(term or "", item.name)]
            return Queue.cut(found, offset, limit, unreadable=unreadable, **_pace(head))
        search: dict[str, str | int] = {"search": words[0]} if words else {}
        head = self.head(start=offset, limit=limit, **search)
        items, unreadable = _queue_items(head)
        return Queue.part(items, _total(head), offset, limit, unreadable=unreadable, **_pace(head))

    def history(self, status: Fate | None, offset: int, limit: int) -> Page[HistoryItem]:
        """Return a page of what has come in, the latest first."""
        if status is None or self._filters_history():
            wanted: dict[str, str | int] = {} if status is None else {"status": status.title()}
            head = self._past(start=offset, limit=limit, **wanted)
            items, unreadable = _history_items(head)
            return Page[HistoryItem].part(items, _total(head), offset, limit, unreadable=unreadable)
        found: list[HistoryItem] = []
        start, total, unreadable = 0, 1, 0
        while start < total:
            head = self._past(start=start, limit=CHUNK)
            items, skipped = _history_items(head)
            found += [item for item in items if item.status == status]
            start, total, unreadable = start + CHUNK, _total(head), unreadable + skipped
        return Page[HistoryItem].cut(found, offset, limit, unreadable=unreadable)

    def slot(self, nzo_id: str) -> QueueItem | None:
        """Return the entry of the queue with just this id."""
        return _with_id(_queue_items(self.head(nzo_ids=nzo_id))[0], nzo_id)

    def queued(self, nzo_id: str) -> QueueItem:
        """Return the entry of the queue with this id. Raises UnknownIdError."""
        item = self.slot(nzo_id)
        if item is None:
            # For a moment SABnzbd has it in neither list: between the fetched NZB and the job that it makes of it.
            raise UnknownIdError(
                f"No download in the queue has the id {nzo_id!r}: get_queue lists the ids; one that was just added is "
                "there once SABnzbd has read its NZB."
            )
        return item

    def entry(self, nzo_id: str) -> HistoryItem | None:
        """Return the entry of the history with just this id."""
        return _with_id(_history_items(self._past(nzo_ids=nzo_id))[0], nzo_id)

    def newest_called(self, name: str) -> str:
        """Return the id of what was queued last under this name."""
        found = [item.nzo_id for item in _queue_items(self.head())[0] if item.name == name]
        if not found:
            raise UnclearError(
                f"SABnzbd has queued {name!r:.200} again and does not say under which id: get_queue does."
            )
        return found[-1]

    def _past(self, **fields: str | int) -> Table:
        return table(part(self._calls.ask("history", **fields), "history"))

    def _filters_history(self) -> bool:
        """Tell whether this SABnzbd heeds `status`: older ones list everything all the same."""
        return not _total(self._past(start=0, limit=1, status="None such"))


def _queue_items(head: Table) -> tuple[list[QueueItem], int]:
    """Return what can be read, and how many cannot."""
    return _readable(queue_item, head)


def _history_items(head: Table) -> tuple[list[HistoryItem], int]:
    return _readable(partial(history_item, processing=number(head, "ppslots") > 0), head)


def _readable(read: Callable[[Table], T | None], head: Table) -> tuple[list[T], int]:
    slots = head.get("slots")
    if not isinstance(slots, list):
        raise shape("slots")
    entries = cast("list[object]", slots)
    items = [item for entry in entries if (item := read(table(entry))) is not None]
    return items, len(entries) - len(items)


def _with_id(items: Sequence[I], nzo_id: str) -> I | None:
    return next((item for item in items if item.nzo_id == nzo_id), None)


def _total(head: Table) -> int:
    return int(number(head, "noofslots"))


def _pace(head: Table) -> dict[str, object]:
    """Return what a page of the queue says about the whole."""
    return {
        "paused": bool(head.get("paused")),
        "speed_bytes_per_s": int(number(head, "kbpersec") * KIB),
        "remaining_bytes": int(number(head, "mbleft") * MIB),
    }
