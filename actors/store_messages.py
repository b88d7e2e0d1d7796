"""What the store is told and asked, and what it says of itself."""

from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from actors.messages import Tick
from actors.remembered import Remembered
from actors.status import Incident, ServerStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepStatus:
    """From the supervisor, after any change: the newest of a server is on disk about a second later."""

    status: ServerStatus
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepIncident:
    """From whoever saw it; on disk about a second later."""

    incident: Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """From whoever starts the servers. `reply`: everything known, nothing if the store ended first."""

    reply: Future[Remembered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """From a face, or a shutdown. `reply`: True once all that was told before is on disk, False if it cannot be."""

    reply: Future[bool]


StoreMessage: TypeAlias = KeepStatus | KeepIncident | Recall | Flush | Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """Where state is kept now. `since`: seconds since 1970.

    * `mode`: "memory" keeps it until this process ends.
    * `reason`: why memory; on disk, what became of a damaged file, else "".
    """

    path: Path | None
    mode: Literal["disk", "memory"]
    reason: str
    since: float
