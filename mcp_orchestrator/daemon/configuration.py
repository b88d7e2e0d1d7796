"""The configuration of a daemon: read once at the start, and again whenever somebody asks or its file changes."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from actors.errors import ConfigurationError
from mcp_orchestrator.config import OrchestratorConfig, Source, load
from mcp_orchestrator.config.daemon import DaemonSettings

logger = logging.getLogger(__name__)

# What holds from a reload on; a new value of any other setting needs a restart.
_HOLDS_AT_ONCE = frozenset(
    {"hosts", "audit", "watch_config", "max_connections", "max_streams", "max_session_connections", "max_body_bytes"}
)

Apply = Callable[[OrchestratorConfig], Awaitable[list[str]]]
_Stamp = tuple[int, int, int, int] | None


class Configuration:
    """What is in force, and where it came from; see ConfigurationSource. On the loop's thread, once it serves.

    * `source`: a file, or anything else that can be loaded. `told`: settings of `[daemon]` from the command line,
      which go before those of the file, now and after every reload.
    * `loaded_at`, `error`: see ConfigurationSource. `began_at`: when the last reload began, on the monotonic clock
      of this machine; `is_reloading`: it has not ended. `touched`: the servers that it changed.
    * `restart_for`: settings of `[daemon]` that have changed since the start, and hold from the next start on.
    """

    def __init__(self, source: Source, told: Mapping[str, object] | None = None) -> None:
        self._source, self._told = source, told or {}
        self.path = str(source) if isinstance(source, str | os.PathLike) else None
        self._files: dict[Path, _Stamp] = {}  # What is read, as it was then: its own, and those of secrets.
        self.in_force = self._read()
        self._at_start = self.in_force.daemon
        self.loaded_at, self.began_at, self.error = time.time(), 0.0, ""
        self.touched, self.restart_for = list[str](), list[str]()
        self.is_reloading = False
        self._one_at_a_time = asyncio.Lock()
        self._apply: Apply | None = None
        self._listeners: list[Callable[[], object]] = []

    def serve(self, apply: Apply) -> None:
        """Say once who takes what is read; it returns the servers that it touched."""
        self._apply = apply

    def watch(self, listener: Callable[[], object]) -> None:
        """Call `listener` when a reload begins, and when it has ended."""
        self._listeners.append(listener)

    async def reload(self) -> list[str]:
        """See ConfigurationSource. One at a time; each reads the file after it was asked for."""
        async with self._one_at_a_time:
            self.began_at, self.is_reloading = time.monotonic(), True
            self._tell()
            try:
                return await self._reload()
            finally:
                self.is_reloading = False
                self._tell()

    async def reload_when_changed(self, every_s: float = 2.0, settled_s: float = 0.25) -> None:
        """Reload as often as the file changes, or one of a secret, until cancelled.

        * `every_s`: from one look to the next. `settled_s`: how long nothing must have changed before it is read: an
          editor may not have written all of it yet.
        * It is looked up by name each time: editors put a new file in its place, Kubernetes a new link.
        """
        while True:
            await asyncio.sleep(every_s)
            found = self._as_they_are()
            if not self.in_force.daemon.watch_config or found == self._files:
                continue
            await asyncio.sleep(settled_s)
            while (now := self._as_they_are()) != found:
                found = now
                await asyncio.sleep(settled_s)
            with suppress(ConfigurationError):  # It is logged, and shown.
                await self.reload()

    async def _reload(self) -> list[str]:
        try:
            config = self._read_again()
        except ConfigurationError as error:
            if error.message != self.error:
                logger.error("the configuration was not reloaded, the one before is in force: %s", error.message)  # noqa: TRY400 -- a mistake in a file, not in here
            self.error, self.touched = error.message, []
            raise
        self.in_force, self.loaded_at, self.error = config, time.time(), ""
        self.restart_for = self._new_at_next_start(config.daemon)
        self.touched = await self._apply(config) if self._apply is not None else []
        logger.info("the configuration was reloaded; changed servers: %s", ", ".join(self.touched) or "none")
        if self.restart_for:
            logger.warning("the new values of %s in [daemon] need a restart", ", ".join(self.restart_for))
        return self.touched

    def _read_again(self) -> OrchestratorConfig:
        if self.path is not None and Path(self.path).is_fifo():  # Whoever waits for its writer serves nobody meanwhile.
            raise ConfigurationError(f"{self.path}: is a pipe, which is read once, at the start; put a file there")
        return self._read()

    def _read(self) -> OrchestratorConfig:
        """Read it, and remember of each file what it was before it was read: what changes meanwhile is read again."""
        files = {} if self.path is None else {Path(self.path): _stamp(Path(self.path))}
        try:
            config = load(self._source, looked_into=lambda file: files.setdefault(file, _stamp(file)))
        finally:
            self._files = files
        return config.model_copy(update={"daemon": config.daemon.model_copy(update=self._told)})

    def _new_at_next_start(self, new: DaemonSettings) -> list[str]:
        names = [name for name in DaemonSettings.model_fields if name not in _HOLDS_AT_ONCE]
        return [name for name in names if getattr(new, name) != getattr(self._at_start, name)]

    def _as_they_are(self) -> dict[Path, _Stamp]:
        return {file: _stamp(file) for file in self._files}

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _stamp(file: Path) -> _Stamp:
    """Return what is another when the file is another: by name, and through links. None: there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
