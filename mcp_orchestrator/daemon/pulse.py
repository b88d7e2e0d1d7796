"""Once a second: how the daemon is, told to the service manager; and whether it can serve at all any more."""

import asyncio

from mcp_orchestrator.daemon.application import Daemon
from mcp_orchestrator.daemon.systemd import Notifier

_EVERY_S = 1.0
_PATIENCE_S = 10.0  # Asked for again every second, so a start or an end that hangs is given up on soon.


class Pulse:
    """Ends by itself when the daemon is broken: `broken` says why then. On the loop's thread."""

    def __init__(self, daemon: Daemon, manager: Notifier) -> None:
        self._daemon, self._manager = daemon, manager
        self._is_changing, self._told = True, ""  # Changing: starting or ending, which may take its time.
        self.broken = ""

    async def beat(self) -> None:
        """Look every second, until cancelled or broken."""
        while not self.broken:
            await asyncio.sleep(_EVERY_S)
            if self._is_changing:
                self._manager.extend(_PATIENCE_S)
            else:
                self.broken = self._daemon.orchestrator.broken
            if (now := summary(self._daemon)) != self._told:
                self._told = now
                self._manager.status(now)

    def ready(self) -> None:
        """Tell that calls are answered from now on."""
        self._is_changing, self._told = False, summary(self._daemon)
        self._manager.ready(self._told)

    def draining(self) -> None:
        """Tell that no new calls are taken from now on."""
        self._is_changing = True
        self._manager.stopping(summary(self._daemon))


def summary(daemon: Daemon) -> str:
    """Return in one line how it is: "3/4 servers up; not up: plex (reconnecting)"."""
    orchestrator = daemon.orchestrator
    if orchestrator.broken:
        return f"broken: {orchestrator.broken}"
    enabled = [status for status in orchestrator.get_statuses() if status.state != "disabled"]
    down = [f"{status.server} ({status.state})" for status in enabled if not status.ready]
    if daemon.state == "draining":
        return f"draining; calls under way: {orchestrator.get_pending_calls()}"
    words = [f"{len(enabled) - len(down)}/{len(enabled)} servers up"]
    if down:
        words.append(f"not up: {', '.join(down)}")
    if daemon.configuration.error:
        words.append(f"the file was not reloaded: {daemon.configuration.error}")
    return "; ".join(words)
