"""The tools of the SABnzbd server. They do not know which backend is behind them."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.answers import Health, Page, Version
from media_servers.arguments import Filter, Limit, Offset
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
from media_servers.sabnzbd.names import is_address
from media_servers.server import DELETES, FETCHES, OVERWRITES, READS, SETS, MediaServer, tool

NzoId: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=100, description="The nzo_id from get_queue or get_history.")
]
Url: TypeAlias = Annotated[
    str | None, Field(max_length=2000, description="http or https address of the NZB; instead of path.")
]
Path: TypeAlias = Annotated[
    str | None,
    Field(max_length=1000, description="Absolute path of an NZB file on SABnzbd's machine; instead of url."),
]
Name: TypeAlias = Annotated[
    str | None, Field(min_length=1, max_length=200, description="What to call it; by the NZB's own name if left out.")
]
Category: TypeAlias = Annotated[
    str,
    Field(
        max_length=100,
        description='A keyword of get_config("categories"), which decides the folder; "*" is the default.',
    ),
]
LevelToAdd: TypeAlias = Annotated[
    PriorityToAdd,
    Field(description="default is the category's; paused waits for resume_download; the rest as in set_priority."),
]
Level: TypeAlias = Annotated[
    Priority, Field(description="force goes first, and even while the queue is paused; then high, normal, low.")
]
Minutes: TypeAlias = Annotated[
    int | None,
    Field(ge=1, le=10080, description="After so many it goes on by itself; not before it is told if left out."),
]
Ended: TypeAlias = Annotated[
    Fate | None, Field(description="Only these; all if left out, with those that are still being processed.")
]
DeleteFiles: TypeAlias = Annotated[
    bool, Field(description="Also delete, for good, what has come in of a download that is not completed.")
]
Keyword: TypeAlias = Annotated[str, Field(max_length=100, description="A keyword that get_config lists.")]
NewValue: TypeAlias = Annotated[Value, Field(description="The new value, of the type that get_config shows.")]
Part: TypeAlias = Annotated[
    Section, Field(description="misc: how SABnzbd works; categories: the name of each, and its folder.")
]
AllOfThem: TypeAlias = Annotated[int, Field(ge=1, le=100, description="Settings on a page, 1 to 100.")]


class SabnzbdTools:
    """One method a tool; its docstring is what an agent reads."""

    def __init__(self, backend: SabnzbdBackend) -> None:
        self._backend = backend

    def get_queue(self, term: Filter = None, limit: Limit = 20, offset: Offset = 0) -> Queue:
        """List the downloads that are not complete yet, in the order of download, with speed and what remains.

        What is complete is in get_history, also while it is still being checked and unpacked.
        """
        return self._backend.queue(term=term, offset=offset, limit=limit)

    def get_history(self, status: Ended = None, limit: Limit = 20, offset: Offset = 0) -> Page[HistoryItem]:
        """List the downloads that have come in, the latest first: completed, failed with the reason, or in processing.

        Of the completed ones it tells the folder; of the failed ones, whether retry_download would be accepted.
        """
        return self._backend.history(status=status, offset=offset, limit=limit)

    def get_status(self) -> Status:
        """Show at a glance what SABnzbd is doing: state, speed, what remains, free space, number of warnings."""
        return self._backend.status()

    def get_version(self) -> Version:
        """Show SABnzbd's version."""
        return self._backend.version()

    def health_check(self) -> Health:
        """Check whether SABnzbd can be reached and takes the key; list news servers that fail and its latest warnings.

        It answers within 15 s, also when SABnzbd does not. Warnings stay until somebody clears them in SABnzbd.
        """
        return self._backend.health()

    def add_nzb(
        self,
        url: Url = None,
        path: Path = None,
        name: Name = None,
        category: Category = "*",
        priority: LevelToAdd = "default",
    ) -> Added:
        """Queue a download from the URL or the path of an NZB file; answers with its nzo_id.

        It answers at once: SABnzbd fetches a URL afterwards, and if that fails the download is in get_history as
        failed. The download itself takes minutes to hours and as much disk space. Called twice it may download twice:
        if you are not sure that a call was carried out, look with get_queue and get_history first.
        """
        source = url or path
        if source is None or (url and path):
            raise RefusedError("add_nzb needs either url or path: give exactly one of them.")
        if url and not is_address(url):
            raise RefusedError(f"{url!r:.80} is not an http or https URL: give one, or use path.")
        if path and (
            "://" in path or (not PurePosixPath(path).is_absolute() and not PureWindowsPath(path).is_absolute())
        ):
            raise RefusedError(f"{path!r:.80} is not absolute: give the whole path on SABnzbd's machine.")
        return self._backend.add(source, name=name, category=category, priority=priority)

    def pause_queue(self, minutes: Minutes = None) -> QueueState:
        """Pause all downloads except forced ones, for some minutes or until resume_queue."""
        return self._backend.pause_queue(paused=True, minutes=minutes)

    def resume_queue(self) -> QueueState:
        """Let the queue go on; downloads paused one by one stay paused."""
        return self._backend.pause_queue(paused=False)

    def pause_download(self, nzo_id: NzoId) -> DownloadPaused:
        """Pause one download of the queue until resume_download; one whose priority is force cannot be paused."""
        return self._backend.pause_download(nzo_id, paused=True)

    def resume_download(self, nzo_id: NzoId) -> DownloadPaused:
        """Let one paused download of the queue go on; while the whole queue is paused it still waits."""
        return self._backend.pause_download(nzo_id, paused=False)

    def delete_download(self, nzo_id: NzoId, delete_files: DeleteFiles = False) -> Deleted:  # noqa: FBT002 -- MCP passes by name
        """Delete a download from the queue, where it cannot be brought back, or its entry from the history.

        The files of a completed download always stay. What is being processed is broken off.
        """
        return self._backend.delete(nzo_id, delete_files=delete_files)

    def retry_download(self, nzo_id: NzoId) -> Retried:
        """Queue a failed download of the history again; answers with its new nzo_id, and the old one is gone.

        It fetches only what is missing. It fails again if the articles are gone for good.
        """
        return self._backend.retry(nzo_id)

    def set_priority(self, nzo_id: NzoId, priority: Level) -> Prioritised:
        """Change how soon a download of the queue has its turn; answers with its place in the queue.

        SABnzbd may let a paused download go on by it.
        """
        return self._backend.prioritise(nzo_id, priority)

    def get_config(self, section: Part = "misc", limit: AllOfThem = 100, offset: Offset = 0) -> Settings:
        """List the settings of a section that an agent may see, and whether set_config may change them.

        Secrets, addresses and programs are not among them.
        """
        return self._backend.settings(section, offset=offset, limit=limit)

    def set_config(self, section: Part, keyword: Keyword, value: NewValue) -> Changed:
        """Change one setting that get_config marks as changeable; the answer tells the previous value.

        It takes effect at once for speed and switches; switches are 0 or 1. A category's value is its folder.
        """
        return self._backend.change(section, keyword, value)


def make_server(backend: SabnzbdBackend) -> MediaServer:
    """Put the tools over `backend` into a server. Beside each tool: what a repeat does, and why."""
    of = SabnzbdTools(backend)
    return MediaServer(
        "sabnzbd",
        title="SABnzbd",
        instructions="Downloads from Usenet: get_queue is what is on its way, get_history what has come in. Ids "
        "(nzo_id) come from these two and from add_nzb.",
        tools=(
            tool(of.get_queue, "Show the queue", READS),
            tool(of.get_history, "Show the history", READS),
            tool(of.get_status, "Show the status", READS),
            tool(of.get_version, "Show the version", READS),
            tool(of.health_check, "Check the health", READS),
            tool(
                of.add_nzb, "Add a download", FETCHES
            ),  # Twice adds it twice; SABnzbd's check for that is off at first.
            tool(
                of.pause_queue, "Pause the queue", SETS
            ),  # Paused twice is paused, at most for longer; resume_queue undoes it.
            tool(of.resume_queue, "Resume the queue", SETS),  # Likewise, by pause_queue.
            tool(of.pause_download, "Pause a download", SETS),  # Likewise, by resume_download.
            tool(of.resume_download, "Resume a download", SETS),  # Likewise, by pause_download.
            tool(of.delete_download, "Delete a download", DELETES),  # No id comes twice: a repeat hits nothing.
            tool(of.retry_download, "Retry a download", FETCHES),  # A new id each time, and indexers may be asked.
            tool(of.set_priority, "Change the priority", SETS),  # Nothing is lost: the old priority can be set again.
            tool(of.get_config, "Show settings", READS),
            tool(of.set_config, "Change a setting", OVERWRITES),  # The same value twice is one; the old one is gone.
        ),
    )
