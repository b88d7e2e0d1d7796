"""The tools of the SABnzbd server. They do not know which backend is behind them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Health, Page, Version
from media_servers.arguments import DeleteFiles, Filter, Limit, Offset
from media_servers.errors import RefusedError
from media_servers.sabnzbd.backend import (
    Added,
    Changed,
    Deleted,
    DownloadPaused,
    Fate,
    HistoryItem,
    Prioritised,
    Priority,
    Queue,
    QueueState,
    Retried,
    SabnzbdBackend,
    Section,
    Settings,
    Status,
    Value,
)
from media_servers.server import DELETES, FETCHES, OVERWRITES, READS, SETS, MediaServer, tool

NzoId: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=100, description="The nzo_id from get_queue or get_history.")
]
Url: TypeAlias = Annotated[
    str | None, Field(max_length=2000, description="http or https address of the NZB; instead of path.")
]
Path: TypeAlias = Annotated[
    str | None, Field(max_length=1000, description="Absolute path of an .nzb file on SABnzbd's machine; not with url.")
]
Name: TypeAlias = Annotated[
    str | None, Field(min_length=1, max_length=200, description="What to call it; by the NZB's own name if left out.")
]
Category: TypeAlias = Annotated[str, Field(description='A keyword of get_config("categories"); "*" is the default.')]
Level: TypeAlias = Annotated[
    Priority, Field(description="force goes first, and even while the queue is paused; then high, normal, low.")
]
Ended: TypeAlias = Annotated[Fate | None, Field(description="Only these; all if left out.")]
Keyword: TypeAlias = Annotated[str, Field(max_length=100, description="A keyword that get_config lists.")]
NewValue: TypeAlias = Annotated[Value, Field(description="The new value, of the type that get_config shows.")]
Part: TypeAlias = Annotated[Section, Field(description="misc: speed and folders; categories: name and folder of each.")]


class SabnzbdTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: SabnzbdBackend) -> None:
        self._backend = backend

    def get_queue(self, term: Filter = None, limit: Limit = 20, offset: Offset = 0) -> Queue:
        """List the downloads that are not complete yet, in the order of download."""
        return self._backend.queue(term=term, offset=offset, limit=limit)

    def get_history(self, status: Ended = None, limit: Limit = 20, offset: Offset = 0) -> Page[HistoryItem]:
        """List the downloads that completed or failed, latest first."""
        return self._backend.history(status=status, offset=offset, limit=limit)

    def get_status(self) -> Status:
        """Show at a glance what SABnzbd is doing: state, speed, what remains, disk space."""
        return self._backend.status()

    def get_version(self) -> Version:
        """Show SABnzbd's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether SABnzbd can be reached and list its warnings."""
        return self._backend.health()

    def add_nzb(
        self,
        url: Url = None,
        path: Path = None,
        name: Name = None,
        category: Category = "*",
        priority: Level = "normal",
    ) -> Added:
        """Queue a download from the URL or the path of an NZB file."""
        source = url or path
        if source is None or (url and path):
            raise RefusedError("add_nzb needs either url or path: give exactly one of them.")
        if url and not url.startswith(("http://", "https://")):
            raise RefusedError(f"{url!r:.80} is not an http or https URL: give one, or use path.")
        if path and not path.startswith("/"):
            raise RefusedError(f"{path!r:.80} is not absolute: give the whole path on SABnzbd's machine.")
        return self._backend.add(source, name=name, category=category, priority=priority)

    def pause_queue(self) -> QueueState:
        """Pause all downloads except forced ones."""
        return self._backend.pause_queue(paused=True)

    def resume_queue(self) -> QueueState:
        """Let the queue go on; downloads paused one by one stay paused."""
        return self._backend.pause_queue(paused=False)

    def pause_download(self, nzo_id: NzoId) -> DownloadPaused:
        """Pause one download."""
        return self._backend.pause_download(nzo_id, paused=True)

    def resume_download(self, nzo_id: NzoId) -> DownloadPaused:
        """Let one paused download go on."""
        return self._backend.pause_download(nzo_id, paused=False)

    def delete_download(self, nzo_id: NzoId, delete_files: DeleteFiles = False) -> Deleted:  # noqa: FBT002 -- MCP passes by name
        """Delete a download from the queue, or its entry from the history."""
        return self._backend.delete(nzo_id, delete_files=delete_files)

    def retry_download(self, nzo_id: NzoId) -> Retried:
        """Queue a failed download of the history again; it gets a new id."""
        return self._backend.retry(nzo_id)

    def set_priority(self, nzo_id: NzoId, priority: Level) -> Prioritised:
        """Change how soon a download of the queue has its turn."""
        return self._backend.prioritise(nzo_id, priority)

    def get_config(self, section: Part = "misc") -> Settings:
        """List the settings of a section, without secrets."""
        return self._backend.settings(section)

    def set_config(self, section: Part, keyword: Keyword, value: NewValue) -> Changed:
        """Change one setting; the answer tells the previous value."""
        return self._backend.change(section, keyword, value)


def make_server(backend: SabnzbdBackend) -> MediaServer:
    """Put the tools over `backend` into a server. Beside each tool: what a repeat does, and why."""
    of = SabnzbdTools(backend)
    return MediaServer(
        "sabnzbd",
        title="SABnzbd",
        instructions="Downloads from Usenet. Ids (nzo_id) come from get_queue and get_history.",
        tools=(
            tool(of.get_queue, "Show the queue", READS),
            tool(of.get_history, "Show the history", READS),
            tool(of.get_status, "Show the status", READS),
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),
            tool(of.add_nzb, "Add a download", FETCHES),  # Twice adds it twice, each with an id of its own.
            tool(of.pause_queue, "Pause the queue", SETS),  # Paused twice is paused; resume_queue undoes it.
            tool(of.resume_queue, "Resume the queue", SETS),  # Likewise.
            tool(of.pause_download, "Pause a download", SETS),  # Likewise, by resume_download.
            tool(of.resume_download, "Resume a download", SETS),  # Likewise.
            tool(of.delete_download, "Delete a download", DELETES),  # Ids are never used again: a repeat hits nothing.
            tool(of.retry_download, "Retry a download", FETCHES),  # A new id each time.
            tool(of.set_priority, "Change the priority", SETS),  # Nothing is lost: the old priority can be set again.
            tool(of.get_config, "Show settings", READS),
            tool(of.set_config, "Change a setting", OVERWRITES),  # The same value twice is one; the old one is gone.
        ),
    )
