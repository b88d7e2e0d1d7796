"""What the tools of all four servers answer with. Sizes in bytes, durations in seconds, dates in UTC (ISO 8601)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

Bytes = Annotated[int, Field(ge=0, description="Bytes.")]
Seconds = Annotated[int, Field(ge=0, description="Seconds.")]
Percent = Annotated[float, Field(ge=0, le=100, description="0 to 100.")]


class Answer(BaseModel):
    """Base of every answer: frozen, and nothing in it that its schema does not show."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Answer, Generic[T]):
    """A part of a list, so that no answer floods an agent."""

    items: list[T]
    total: int = Field(ge=0, description="Entries in the whole list.")
    offset: int = Field(ge=0, description="Entries skipped before this page.")
    next_offset: int | None = Field(description="The offset of the next page; null on the last.")
    unreadable: int = Field(default=0, ge=0, description="Entries left out because nothing could be made of them.")

    @classmethod
    def cut(cls, entries: Iterable[T], offset: int, limit: int, **more: object) -> Self:
        """Make a page of `entries` already in order; `more` are the fields a subclass adds."""
        whole: Sequence[T] = list(entries)
        return cls.part(whole[offset : offset + limit], len(whole), offset, limit, **more)

    @classmethod
    def part(cls, items: Sequence[T], total: int, offset: int, limit: int, **more: object) -> Self:
        """Make a page of `items` that were cut out already; `total` is the length of the whole list."""
        end = offset + limit
        page = {"items": items, "total": total, "offset": offset, "next_offset": end if end < total else None}
        return cls.model_validate(page | more)


class Version(Answer):
    """Which application answers behind the server."""

    application: str
    version: str = Field(description='Ends in "(simulated)" if no real application is behind the server.')


class Health(Answer):
    """Whether the application is reachable and what it complains about."""

    healthy: bool
    issues: list[str] = Field(description="One sentence each; empty when all is well.")
    checked_at: datetime


FetchingStatus: TypeAlias = Literal[
    "downloading",
    "queued",
    "paused",
    "delayed",
    "completed",
    "import_pending",
    "import_blocked",
    "importing",
    "warning",
    "failed",
    "client_unavailable",
    "unknown",
]


class Fetching(Answer):
    """A release that Sonarr or Radarr is having downloaded."""

    queue_id: int
    release: str = Field(description="The release's name.")
    status: FetchingStatus = Field(
        description="import_pending, import_blocked: downloaded, and not in the library yet. delayed: grabbed later, "
        "in case a better release comes. client_unavailable: the download program does not answer."
    )
    message: str | None = Field(default=None, description="What is wrong with it or what it waits for, if anything.")
    size_bytes: Bytes
    remaining_bytes: Bytes | None
    progress: Percent | None
    complete_at: datetime | None = Field(description="Expected; null if it stands still.")


class Command(Answer):
    """Work that goes on after the answer: get_queue shows what it finds, get_wanted what it did not."""

    command_id: int | None
    name: str
    status: Literal["queued", "started", "completed", "failed", "aborted", "cancelled", "orphaned"]


def at(epoch_s: float) -> datetime:
    """Seconds since 1970 as a date in UTC, whole seconds: nobody needs the rest, and it costs an agent tokens."""
    return datetime.fromtimestamp(int(epoch_s), UTC)


def shortened(text: str, longest: int) -> str:
    """Return `text` on one line, cut to `longest` characters, the last of them an ellipsis if any are missing."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
