"""What Sonarr and Radarr both write in their answers, as far as we read it, and what it means to an agent.

Both leave out what is null, older ones write it, and ids of nothing are 0 or left out. Facts: their OpenAPI documents.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias, TypeVar, cast

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from media_servers.answers import FetchingStatus, shortened

MESSAGE_LENGTH = 300

_STATUSES: Mapping[str, FetchingStatus] = {
    "downloading": "downloading",
    "queued": "queued",
    "paused": "paused",
    "completed": "completed",
    "warning": "warning",
    "failed": "failed",
    "delay": "delayed",
    "fallback": "delayed",
    "downloadclientunavailable": "client_unavailable",
}
# How far the application itself is: says more than the download program's status, unless it is still downloading.
_STATES: Mapping[str, FetchingStatus] = {
    "importpending": "import_pending",
    "importblocked": "import_blocked",
    "importing": "importing",
    "imported": "completed",
    "importfailed": "import_blocked",
    "failedpending": "failed",
    "failed": "failed",
    "downloadfailedpending": "failed",
    "downloadfailed": "failed",
}


def _whole(value: object) -> object:
    """Read a count or a size: what is below 0 is 0; sizes may come as 1.5e9, and as texts."""
    return max(0, int(float(value))) if isinstance(value, int | float | str) else value


def _in_utc(value: datetime | None) -> datetime | None:
    """Whole seconds in UTC. The year 1 is how they write that there is no date."""
    if value is None or value.year <= 1:
        return None
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.replace(microsecond=0)


Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)]
Moment: TypeAlias = Annotated[datetime | None, AfterValidator(_in_utc)]


class Resource(BaseModel):
    """Base of what is read: most fields may be missing, and what is not named is none of our business."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        """Take null for left out: so do they, and what stands in front of them."""
        if not isinstance(value, dict):
            return value
        table = cast("dict[object, object]", value)
        return {name: content for name, content in table.items() if content is not None}


R = TypeVar("R", bound=Resource)


def readable(kind: type[R], entries: Iterable[object]) -> tuple[list[R], int]:
    """Return what can be read of `entries`, and how many cannot: a strange one must not cost the others."""
    read: list[R] = []
    unreadable = 0
    for entry in entries:
        try:
            read.append(_read(kind, entry))
        except (ValidationError, OverflowError):  # The latter of numbers like 1e999, and dates on the edge of time.
            unreadable += 1
    return read, unreadable


def _read(kind: type[R], entry: object) -> R:
    """Read one; a strange field is as good as none, which only matters if there must be one."""
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        if not isinstance(entry, dict):
            raise
        strange = {fault["loc"][0] for fault in error.errors()}
        table = cast("dict[object, object]", entry)
        return kind.model_validate({name: content for name, content in table.items() if name not in strange})


class Named(Resource):
    """A quality profile."""

    id: int
    name: str = ""


class Root(Resource):
    """A root folder."""

    id: int
    path: str = ""
    accessible: bool | None = None


class Status(Resource):
    """The application's own account of itself."""

    app_name: str = ""
    version: str


class Complaint(Resource):
    """An entry of the application's health page."""

    type: str = ""
    message: str = ""


class Started(Resource):
    """A command that was taken on."""

    id: int | None = None
    name: str = ""
    status: str = ""


class StatusMessage(Resource):
    """What the application remarks about a part of a download."""

    title: str = ""
    messages: list[str] | None = None


class Queued(Resource):
    """An entry of the queue; subclasses say of what. A download of several episodes has an entry for each."""

    id: int
    title: str = ""
    size: Whole = 0
    sizeleft: Whole | None = Field(None, validation_alias=AliasChoices("sizeleft", "sizeLeft"))
    status: str = ""
    tracked_download_state: str = ""
    status_messages: list[StatusMessage] | None = None
    error_message: str = ""
    estimated_completion_time: Moment = None

    def fetching(self) -> dict[str, Any]:
        """Return the fields of `Fetching`."""
        left = None if self.sizeleft is None else min(self.sizeleft, self.size)
        return {
            "queue_id": self.id,
            "release": self.title,
            "status": self._status(),
            "message": self._message(),
            "size_bytes": self.size,
            "remaining_bytes": left,
            "progress": self._progress(left),
            "complete_at": self.estimated_completion_time,
        }

    def _progress(self, left: int | None) -> float | None:
        if left is None:
            return None
        return round(100 * (self.size - left) / self.size, 1) if self.size else 0.0

    def _status(self) -> FetchingStatus:
        state = _STATES.get(self.tracked_download_state.lower())
        return state or _STATUSES.get(self.status.lower(), "unknown")

    def _message(self) -> str | None:
        said = [self.error_message]
        for remark in self.status_messages or []:
            said.extend(remark.messages or [remark.title])
        words = "; ".join(dict.fromkeys(text for text in said if text))
        return shortened(words, MESSAGE_LENGTH) or None
