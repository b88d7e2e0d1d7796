"""How a reload asked for by SIGHUP ended: a record that the daemon writes, and whoever asked waits for."""

import json
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from actors.errors import ConfigurationError
from mcp_orchestrator.daemon.configuration import Configuration

_LOOK_EVERY_S = 0.02


def record_of(pid: int, environ: Mapping[str, str]) -> Path | None:
    """Return where the daemon with this pid keeps its record: where systemd, or the session, has what is fleeting."""
    folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or environ.get("XDG_RUNTIME_DIR")
    return Path(folder) / f"mcp-orchestrator-{pid}.json" if folder else None


class Record:
    """Says in a file how the last reload ended; there from `write` to `remove`. `path`: None writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, configuration: Configuration) -> None:
        """Take down how it is now. Readers see the one before or this one, never half of it."""
        if self._path is None:
            return
        said = {
            "began_at": configuration.began_at,
            "error": configuration.error,
            "touched": configuration.touched,
            "restart_for": configuration.restart_for,
        }
        new = self._path.with_suffix(".new")
        with suppress(OSError):  # A full disk: whoever waits gives up in time.
            new.write_text(json.dumps(said), encoding="utf-8")
            new.replace(self._path)

    def remove(self) -> None:
        """Nobody heeds SIGHUP any more."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()


def ask(pid: int, record: Path, timeout_s: float) -> dict[str, Any]:
    """Have the daemon with this pid reload, and wait for it; return its record. Blocks.

    * A reload that had begun before may have read what was there before: only one that began after the signal counts.
      Both clocks are the machine's monotonic one.
    * ConfigurationError: the file is wrong, and nothing has changed. ProcessLookupError: there is no such daemon, and
      no signal was sent. TimeoutError: it has not said.
    """
    if not record.exists():  # SIGHUP ends those that do not heed it.
        raise ProcessLookupError
    asked_at = time.monotonic()
    os.kill(pid, signal.SIGHUP)
    while time.monotonic() < asked_at + timeout_s:
        with suppress(OSError):
            said = cast("dict[str, Any]", json.loads(record.read_text(encoding="utf-8")))
            if said["began_at"] >= asked_at:
                if said["error"]:
                    raise ConfigurationError(said["error"])
                return said
        time.sleep(_LOOK_EVERY_S)
    raise TimeoutError
