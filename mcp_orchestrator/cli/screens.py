"""Where `run` shows what happens: a table that lives on a terminal, or plain lines for a file or a journal."""

import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Any, Protocol, Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from actors.batches import CallOutcome
from actors.status import Incident
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli import tables
from mcp_orchestrator.cli.printing import show
from mcp_orchestrator.cli.wording import clock_time, incident_line, printable

_OUR_OWN_DOING = frozenset({"stopped"})  # What `run` says of itself in one line.


class Seen(Protocol):
    """What is shown: an orchestrator of this process, or a daemon. `away`: why nothing is known of it now, else ""."""

    @property
    def away(self) -> str:
        """See above."""
        ...

    def statuses(self) -> Sequence[tables.Status]:
        """Return how each server is, in order."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """Return what happened to servers, oldest first."""
        ...

    def stats(self) -> Mapping[str, Any]:
        """Return the numbers of all servers."""
        ...


class Ours:
    """An orchestrator of this process. See Seen."""

    away = ""

    def __init__(self, orchestrator: AsyncMCPOrchestrator) -> None:
        self._orchestrator = orchestrator

    def statuses(self) -> Sequence[tables.Status]:
        """See Seen."""
        return [self._orchestrator.get_server_status(server) for server in self._orchestrator.config.servers]

    def incidents(self) -> Sequence[Incident]:
        """See Seen."""
        return self._orchestrator.get_incidents()

    def stats(self) -> Mapping[str, Any]:
        """See Seen."""
        return self._orchestrator.get_stats()


class Screen(Protocol):
    """What `run` shows its work on. For the loop's thread."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End; what was shown stays."""
        ...

    def refresh(self) -> None:
        """Show what has changed since the last time."""
        ...

    def say(self, text: str) -> None:
        """Tell something about the run itself."""
        ...

    def show_outcomes(self, rows: Sequence[tuple[CallOutcome, str]]) -> None:
        """Show what became of a batch."""
        ...


class LiveScreen:
    """A table that is drawn anew in its place. What else is said scrolls away above it."""

    def __init__(self, seen: Seen, console: Console) -> None:
        self._seen, self._console = seen, console
        self._foot = "connecting; Ctrl-C ends it"
        # What is logged goes above the table, unless it goes elsewhere anyway.
        self._live = Live(console=console, auto_refresh=False, redirect_stderr=sys.stderr.isatty())

    def __enter__(self) -> Self:
        """See Screen."""
        self._live.start()
        self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """See Screen."""
        self.refresh()
        self._live.stop()

    def refresh(self) -> None:
        """See Screen."""
        self._live.update(overview(self._seen, self._console.width, self._foot), refresh=True)

    def say(self, text: str) -> None:
        """See Screen. The last word stands below the table."""
        self._foot = text
        self.refresh()

    def show_outcomes(self, rows: Sequence[tuple[CallOutcome, str]]) -> None:
        """See Screen."""
        self._console.print(tables.outcomes(rows), "")


class PlainScreen:
    """A line for everything that happens, written at once; no table that moves, and nothing but text."""

    def __init__(self, seen: Seen, stream: IO[str]) -> None:
        self._seen, self._stream = seen, stream
        known = seen.incidents()
        self._last = known[-1] if known else None  # Of an earlier run.

    def __enter__(self) -> Self:
        """See Screen."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """See Screen."""
        self.refresh()

    def refresh(self) -> None:
        """See Screen."""
        incidents = self._seen.incidents()
        if self._last is not None and self._last in incidents:  # Else all thousand are newer.
            seen = len(incidents) - incidents[::-1].index(self._last)
            incidents = incidents[seen:]
        for incident in incidents:
            self._last = incident
            if incident.kind not in _OUR_OWN_DOING:
                self._write(f"{clock_time(incident.at)} {incident_line(incident)}")

    def say(self, text: str) -> None:
        """See Screen."""
        self.refresh()
        self._write(text)

    def show_outcomes(self, rows: Sequence[tuple[CallOutcome, str]]) -> None:
        """See Screen."""
        self.refresh()
        show(tables.outcomes(rows), self._stream)

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def overview(seen: Seen, width: int, foot: str = "") -> RenderableType:
    """Return all servers as they are now; nothing but the foot if that is not known: numbers would look live."""
    if seen.away:
        return Text(printable(foot), style="red", no_wrap=True, overflow="ellipsis")
    return tables.overview(seen.statuses(), seen.incidents(), seen.stats(), width=width, foot=foot)
