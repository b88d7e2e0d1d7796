"""What the SABnzbd tools need of a SABnzbd, simulated or real, and the answers it gives."""

from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from pydantic import Field

from media_servers.answers import Answer, Bytes, Health, Page, Percent, Seconds, Version

Priority: TypeAlias = Literal["force", "high", "normal", "low"]
PriorityToAdd: TypeAlias = Literal["default", "paused", "force", "high", "normal", "low"]
DownloadState: TypeAlias = Literal["downloading", "queued", "paused", "grabbing", "checking", "propagating", "fetching"]
Fate: TypeAlias = Literal["completed", "failed"]
Section: TypeAlias = Literal["misc", "categories"]
Value: TypeAlias = bool | int | float | str | list[str]


class QueueItem(Answer):
    """A download that is not complete yet."""

    nzo_id: str
    name: str
    category: str
    status: DownloadState = Field(
        description="grabbing: its NZB is being fetched from the URL; checking: whether all of it is there to "
        "download; propagating: waits until its articles have spread; fetching: more blocks for a repair."
    )
    priority: Priority | Literal["repair"] = Field(description="repair is SABnzbd's own, above force.")
    size_bytes: Bytes
    remaining_bytes: Bytes
    progress: Percent
    eta_s: Seconds | None = Field(description="Seconds until complete; null if paused or nothing comes in.")
    added_at: datetime | None = Field(description="Null from versions that do not tell.")
    labels: list[str] = Field(description="What SABnzbd noticed, such as DUPLICATE or ENCRYPTED.")


class Queue(Page[QueueItem]):
    """The queue, in the order of download."""

    paused: bool
    speed_bytes_per_s: Bytes
    remaining_bytes: Bytes = Field(description="Of the whole queue, without what is paused.")


class HistoryItem(Answer):
    """A download that has come in. `path` only if completed, `fail_message` only if failed."""

    nzo_id: str
    name: str
    category: str
    status: Fate | Literal["processing"] = Field(description="processing: not over; stage says what is being done.")
    stage: str | None = Field(
        description="While processing: queued, quickcheck, verifying, repairing, fetching, extracting, moving, running."
    )
    size_bytes: Bytes
    completed_at: datetime | None = Field(description="Null while processing.")
    path: str | None
    fail_message: str | None
    can_retry: bool = Field(description="Whether retry_download would be accepted.")


class Status(Answer):
    """SABnzbd at a glance."""

    state: Literal["downloading", "paused", "idle"]
    speed_bytes_per_s: Bytes
    resumes_in_s: Seconds | None = Field(description="Until a pause for some minutes ends; null if there is none.")
    queued: int = Field(ge=0, description="Downloads in the queue.")
    remaining_bytes: Bytes = Field(description="Without what is paused.")
    disk_free_bytes: Bytes = Field(description="Where completed downloads go.")
    incomplete_free_bytes: Bytes = Field(description="Where downloads are put together.")
    warnings: int = Field(ge=0, description="How many there are; health_check lists the latest.")


class Added(Answer):
    """A download that SABnzbd has taken."""

    nzo_id: str
    name: str
    grabbing: bool = Field(
        description="SABnzbd still has to fetch the NZB: if it cannot, the download ends as failed in the history."
    )
    further_nzo_ids: list[str] = Field(description="Of further downloads, if there were several NZBs in one file.")


class Retried(Answer):
    """A failed download that is in the queue again."""

    nzo_id: str = Field(description="Its id from now on.")
    name: str
    retried_nzo_id: str = Field(description="The id it had, which is gone.")


class QueueState(Answer):
    """Whether the whole queue is paused now."""

    paused: bool = Field(description="Still true after a resume while SABnzbd pauses itself: its disk may be full.")
    resumes_in_s: Seconds | None = Field(description="Until a pause for some minutes ends; null if there is none.")


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
    files_deleted: bool = Field(description="False for a completed download: its files stay where they are.")


class Setting(Answer):
    """One setting."""

    keyword: str
    value: Value
    changeable: bool = Field(description="Whether set_config may change it.")


class Settings(Page[Setting]):
    """The settings of a section, without secrets."""

    section: Section


class Changed(Answer):
    """A setting that was set, and what it was before."""

    section: Section
    keyword: str
    value: Value = Field(description="What it is now: SABnzbd brings a number that is out of range to its limit.")
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

    def add(self, source: str, *, name: str | None, category: str, priority: PriorityToAdd) -> Added:
        """Queue an NZB from an http(s) URL or an absolute path on SABnzbd's machine."""
        ...

    def pause_queue(self, *, paused: bool, minutes: int | None = None) -> QueueState:
        """Pause, for some minutes or until told otherwise, or resume everything but forced downloads."""
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

    def settings(self, section: Section, *, offset: int, limit: int) -> Settings:
        """Return the settings of a section."""
        ...

    def change(self, section: Section, keyword: str, value: Value) -> Changed:
        """Set one setting."""
        ...
