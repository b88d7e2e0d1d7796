"""What Sonarr and Radarr are fetching: their queue, as both write and order it. For the stubs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.backends.servarr_answers import Document, iso, span
from tests.backends.servarr_requests import Paging

KEYS = ("timeleft", "estimatedCompletionTime", "title", "status", "size", "progress", "added")
ENGLISH: Document = {"id": 1, "name": "English"}


def quality(title: str) -> Document:
    """Return a quality with its revision, as the application of that title has it."""
    known: Document = {"id": 3, "name": "WEBDL-1080p", "source": "web", "resolution": 1080}
    if title == "Radarr":
        known |= {"source": "webdl", "modifier": "none"}
    return {"quality": known, "revision": {"version": 1, "real": 0, "isRepack": False}}


@dataclass(kw_only=True)
class Download:
    """An entry of the queue. `item`: the episode or movie it is for; None if that is not known, or not any more."""

    id: int
    title: str
    item: int | None
    size: int
    left: int
    seconds_left: int | None = None
    status: str = "downloading"
    tracked_status: str | None = "ok"
    tracked_state: str | None = "downloading"
    messages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    error: str | None = None
    download_id: str | None = None
    protocol: str = "usenet"
    client: str | None = "SABnzbd"
    indexer: str | None = "Indexer"
    output_path: str | None = None
    added: datetime | None = None

    def document(self, title: str, now: datetime) -> Document:
        """Return what the application of that title says of it, but for what is known of the item."""
        done_at = None if self.seconds_left is None else now + timedelta(seconds=self.seconds_left)
        return {
            "languages": [ENGLISH],
            "quality": quality(title),
            "customFormats": [],
            "customFormatScore": 0,
            "size": self.size,
            "title": self.title,
            "sizeleft": self.left,
            "timeleft": span(self.seconds_left),
            "estimatedCompletionTime": iso(done_at),
            "added": iso(self.added),
            "status": self.status,
            "trackedDownloadStatus": self.tracked_status,
            "trackedDownloadState": self.tracked_state,
            "statusMessages": [{"title": title, "messages": list(texts)} for title, texts in self.messages],
            "errorMessage": self.error,
            "downloadId": self.download_id,
            "protocol": self.protocol,
            "downloadClient": self.client,
            "downloadClientHasPostImportCategory": False,
            "indexer": self.indexer,
            "outputPath": self.output_path,
            "id": self.id,
        }


def page_of(downloads: Sequence[Download], paging: Paging) -> tuple[Paging, list[Download]]:
    """Return the entries of a page, and which page that is: behind the last page comes an earlier one again."""
    ordered = paging.sort(downloads, lambda download: _order(download, paging.key))
    cut = paging.cut(ordered)
    if not cut and paging.page > 1:
        last = max(len(ordered) // max(paging.size, 1), 1)
        paging = Paging(page=last, size=paging.size, key=paging.key, direction=paging.direction)
        cut = paging.cut(ordered)
    return paging, cut


def _order(download: Download, key: str) -> Any:
    if key in {"timeleft", "estimatedCompletionTime"}:
        return (download.seconds_left is None, download.seconds_left or 0)
    if key == "progress":
        return 100 - download.left / max(download.size, 1) * 100
    if key == "added":
        return (download.added is None, str(download.added))
    value: str | int = getattr(download, key)
    return value
