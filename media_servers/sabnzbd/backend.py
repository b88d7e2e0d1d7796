"""What the SABnzbd tools need of a SABnzbd, simulated or real, and the answers it gives."""

from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from pydantic import Field

from media_servers.answers import Answer, Bytes, Health, Page, Percent, Seconds, Version

Priority: TypeAlias = Literal["force", "high", "normal", "low"]
DownloadState: TypeAlias = Literal["downloading", "queued", "paused"]
Fate: TypeAlias = Literal["completed", "failed"]
Section: TypeAlias = Literal["misc", "categories"]
Value: TypeAlias = bool | int | str


class QueueItem(Answer):
    """A download that is not complete yet."""

    nzo_id: str
    name: str
    category: str
    status: DownloadState
    priority: Priority
    size_bytes: Bytes
    remaining_bytes: Bytes
    progress: Percent
    eta_s: Seconds | None = Field(description="Seconds until complete; null while paused.")
    added_at: datetime


class Queue(Page[QueueItem]):
    """The queue, in the order of download."""

    paused: bool
    speed_bytes_per_s: Bytes
    remaining_bytes: Bytes = Field(description="Of the whole queue.")


class HistoryItem(Answer):
    """A download that came to its end. `path` only if completed, `fail_message` only if failed."""

    nzo_id: str
    name: str
    category: str
    status: Fate
    size_bytes: Bytes
    completed_at: datetime
    path: str | None
    fail_message: str | None


class Status(Answer):
    """SABnzbd at a glance."""

    state: Literal["downloading", "paused", "idle"]
    speed_bytes_per_s: Bytes
    queued: int = Field(ge=0, description="Downloads in the queue.")
    remaining_bytes: Bytes
    disk_free_bytes: Bytes
    uptime_s: Seconds


class Added(Answer):
    """A download that is in the queue now."""

    nzo_id: str
    name: str


class Retried(Added):
    """A failed download that is in the queue again, under a new id."""

    retried_nzo_id: str = Field(description="The id it had, which is gone.")


class QueueState(Answer):
    """Whether the whole queue is paused now."""

    paused: bool


class DownloadPaused(Answer):
    """Whether one download is paused now."""

    nzo_id: str
    paused: bool


class Prioritised(Answer):
    """Where a download stands now."""

    nzo_id: str
    priority: Priority
    position: int = Field(ge=0, description="In the queue; 0 is next.")


class Deleted(Answer):
    """What was deleted, and from where."""

    nzo_id: str
    name: str
    deleted_from: Literal["queue", "history"]
    files_deleted: bool


class Setting(Answer):
    """One setting."""

    keyword: str
    value: Value


class Settings(Answer):
    """The settings of a section, without secrets."""

    section: Section
    settings: list[Setting]


class Changed(Answer):
    """A setting that was set, and what it was before."""

    section: Section
    keyword: str
    value: Value
    previous: Value


class SabnzbdBackend(Protocol):
    """A SABnzbd. Methods may block, are called from several threads, and raise BackendError to refuse."""

    def queue(self, *, term: str | None, offset: int, limit: int) -> Queue:
        """Return the queue, or of it what matches `term`."""
        ...

    def history(self, *, status: Fate | None, offset: int, limit: int) -> Page[HistoryItem]:
        """Return what came to its end, latest first."""
        ...

    def status(self) -> Status:
        """Return the present state."""
        ...

    def version(self) -> Version:
        """Return the application's version."""
        ...

    def health(self) -> Health:
        """Reachability and warnings: an answer, never an exception."""
        ...

    def add(self, source: str, *, name: str | None, category: str, priority: Priority) -> Added:
        """Queue an NZB from an http(s) URL or an absolute path on SABnzbd's machine."""
        ...

    def pause_queue(self, *, paused: bool) -> QueueState:
        """Pause or resume everything but forced downloads."""
        ...

    def pause_download(self, nzo_id: str, *, paused: bool) -> DownloadPaused:
        """Pause or resume one download."""
        ...

    def delete(self, nzo_id: str, *, delete_files: bool) -> Deleted:
        """Take a download out of the queue, or its entry out of the history."""
        ...

    def retry(self, nzo_id: str) -> Retried:
        """Queue a failed download again, under a new id."""
        ...

    def prioritise(self, nzo_id: str, priority: Priority) -> Prioritised:
        """Change the priority, and with it the position."""
        ...

    def settings(self, section: Section) -> Settings:
        """Return the settings of a section."""
        ...

    def change(self, section: Section, keyword: str, value: Value) -> Changed:
        """Set one setting."""
        ...
