"""Where `run` shows what happens: a table that lives on a terminal, or plain lines for a file or a journal."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Protocol, Self

from rich.console import Console, RenderableType
from rich.live import Live

from actors.batches import CallOutcome
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.cli import tables
from mcp_orchestrator.cli.printing import show
from mcp_orchestrator.cli.wording import clock_time, incident_line

_OUR_OWN_DOING = frozenset({"stopped"})  # What `run` says of itself in one line.


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

    def __init__(self, orchestrator: AsyncMCPOrchestrator, console: Console) -> None:
        self._orchestrator, self._console = orchestrator, console
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
        self._live.update(overview(self._orchestrator, self._console.width, self._foot), refresh=True)

    def say(self, text: str) -> None:
        """See Screen. The last word stands below the table."""
        self._foot = text
        self.refresh()

    def show_outcomes(self, rows: Sequence[tuple[CallOutcome, str]]) -> None:
        """See Screen."""
        self._console.print(tables.outcomes(rows), "")


class PlainScreen:
    """A line for everything that happens, written at once; no table that moves, and nothing but text."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, stream: IO[str]) -> None:
        self._orchestrator, self._stream = orchestrator, stream
        known = orchestrator.get_incidents()
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
        incidents = self._orchestrator.get_incidents()
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


def overview(orchestrator: AsyncMCPOrchestrator, width: int, foot: str = "") -> RenderableType:
    """Return all servers as they are now."""
    return tables.overview(
        [orchestrator.get_server_status(server) for server in orchestrator.config.servers],
        orchestrator.get_incidents(),
        orchestrator.get_stats(),
        width=width,
        foot=foot,
    )
