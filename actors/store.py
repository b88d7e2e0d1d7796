"""What outlives a run: in memory, and about a second later on disk."""

import math
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar, assert_never

from actors.base import OwingActor
from actors.call import Call, ServerName
from actors.errors import Unavailable
from actors.mailbox import tell
from actors.messages import Tick
from actors.remembered import INCIDENTS_KEPT, Memory, Remembered
from actors.runtime import Runtime
from actors.state_file import DamagedError, StateFile, UnknownSchemaError, move_aside, why
from actors.status import Incident
from actors.store_messages import Flush, KeepIncident, KeepStatus, Recall, StoreMessage, StoreStatus

T = TypeVar("T")

FILE_NAME = "orchestrator.db"
_WRITE_EVERY_S = 1.0  # What a kill -9 can take. A busy server says something new thousands of times in it.
_RETRY_S = 60.0


class StoreActor(OwingActor[StoreMessage]):
    """Keeps what is known of servers. The only actor that does I/O: it may block, and nobody waits for it unasked.

    * Memory has everything; the file follows it, in one transaction for all that is new.
    * No failure of the disk ends it: it goes on in memory, and the file, tried again, then gets everything.
    * A damaged file is moved aside; nothing that somebody might want is deleted or written over.
    * It owes replies instead of calls. `publish` is called on its thread; it only tells.
    """

    def __init__(self, *, runtime: Runtime, state_dir: Path | None, publish: Callable[[StoreStatus], None]) -> None:
        super().__init__(runtime)
        self._path = None if state_dir is None else state_dir / FILE_NAME
        self._publish = publish
        self._file: StateFile | None = None
        self._servers: dict[ServerName, Memory] = {}
        self._incidents = deque[Incident](maxlen=INCIDENTS_KEPT)
        self._changed = set[ServerName]()  # Since the file was last brought up to date; as below.
        self._unwritten = deque[Incident](maxlen=INCIDENTS_KEPT)
        self._moved = ""  # What became of a damaged file.
        self._status: StoreStatus | None = None
        self._due = -math.inf  # When the file is to be brought up to date.
        self._unread: list[Recall | Flush] = []
        tell(self.actor_ref, Tick())  # This is the starter's thread: the file is opened on the actor's.

    def on_message(self, message: StoreMessage) -> None:
        """See `store_messages`."""
        match message:
            case KeepStatus():
                self._keep_status(message)
                self._write_soon()
            case KeepIncident():
                self._keep_incident(message.incident)
                self._write_soon()
            case Recall():
                _answer(message.reply, self._remembered())
            case Flush():
                _answer(message.reply, self._save())
            case Tick():
                if self.runtime.clock() >= self._due:
                    self._save()
            case _:
                assert_never(message)

    def calls_in(self, message: StoreMessage) -> Iterable[Call]:
        """See OwingActor."""
        del message
        return ()

    def on_unread(self, message: StoreMessage) -> None:
        """Keep what came in time for the last write; note who waits."""
        match message:
            case KeepStatus():
                self._keep_status(message)
            case KeepIncident():
                self._keep_incident(message.incident)
            case Recall() | Flush():
                self._unread.append(message)
            case _:
                pass

    def next_due(self) -> float:
        """See OwingActor."""
        return self._due

    def let_go(self) -> None:
        """See OwingActor. Nothing: the file's lock keeps a successor from writing along, until this one has ended."""

    def release(self, why: str, state: Unavailable) -> None:
        """Write a last time, unless a bug ends this; then let go of the file, and answer who waits."""
        del why
        if state == "stopped":
            self._save()
        self._close()
        for message in self._unread:
            if isinstance(message, Recall):
                _answer(message.reply, Remembered())
            else:
                _answer(message.reply, False)  # noqa: FBT003 -- the future's value

    def _keep_status(self, message: KeepStatus) -> None:
        name = message.status.server
        before = self._servers.get(name, Memory())
        after = before.after(message.status, message.fingerprint, self.runtime.wall_clock())
        # The catalogue by identity: deep ones are as dear to compare as to write.
        if after.catalogue is not before.catalogue or after != before:
            self._servers[name] = after
            self._changed.add(name)

    def _keep_incident(self, incident: Incident) -> None:
        self._incidents.append(incident)
        self._unwritten.append(incident)

    def _remembered(self) -> Remembered:
        now = self.runtime.wall_clock()
        servers = {name: memory.at(now) for name, memory in self._servers.items()}
        return Remembered(servers=servers, incidents=tuple(self._incidents))

    def _write_soon(self) -> None:
        if self._file is not None:
            self._due = min(self._due, self.runtime.clock() + _WRITE_EVERY_S)

    def _save(self) -> bool:
        """Bring the file up to date, whatever state it is in. The one place where failures of the disk end."""
        if self._path is None:
            self._due = math.inf
            self._say("memory", "nothing is to be kept")
            return False
        try:
            try:
                self._bring_up_to_date(self._path)
            except DamagedError as error:
                self._move_aside(self._path, error)
                self._bring_up_to_date(self._path)
        except (sqlite3.Error, OSError, DamagedError, UnknownSchemaError) as error:
            self._close()
            self._due = self.runtime.clock() + _RETRY_S
            self._say("memory", why(error))
            return False
        self._due = math.inf
        self._say("disk", self._moved)
        return True

    def _bring_up_to_date(self, path: Path) -> None:
        if self._file is not None and not self._file.is_in_place():
            self._close()
        if self._file is None:
            self._file = StateFile(path)
            self._merge(self._file.read())
        self._file.write({name: self._servers[name] for name in self._changed}, self._unwritten)
        self._changed.clear()
        self._unwritten.clear()

    def _merge(self, found: Remembered) -> None:
        """Take over what a file just opened has. Of what both know, memory is newer: all of that is to be written."""
        self._changed.update(self._servers)
        for name, older in found.servers.items():
            self._servers[name] = self._servers[name].over(older) if name in self._servers else older
        there = set(found.incidents)
        ours = [incident for incident in self._incidents if incident not in there]
        self._unwritten.clear()
        self._unwritten.extend(ours)
        self._incidents.clear()
        self._incidents.extend((*found.incidents, *ours))

    def _move_aside(self, path: Path, error: DamagedError) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.runtime.wall_clock()))
        aside = move_aside(path, stamp)
        self._close()  # After the move: SQLite then leaves the file and its log as they are.
        self._moved = f"the file was damaged ({error}) and is now {aside.name}"

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _say(self, mode: Literal["disk", "memory"], reason: str) -> None:
        before = self._status
        if before is None or (before.mode, before.reason) != (mode, reason):
            self._status = StoreStatus(path=self._path, mode=mode, reason=reason, since=self.runtime.wall_clock())
            self._publish(self._status)


def _answer(reply: Future[T], value: T) -> None:
    with suppress(InvalidStateError):  # Whoever asked has given up.
        reply.set_result(value)
