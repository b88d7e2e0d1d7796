"""Who hears the log messages of servers: callers who asked for them, from the level that they named."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, get_args

from actors.call import ServerName
from actors.config import LogLevel

LEVELS: Mapping[str, int] = {level: rank for rank, level in enumerate(get_args(LogLevel))}
METHOD = "notifications/message"

OnLog = Callable[[Mapping[str, Any]], object]


class Asking(Protocol):
    """Who may want to hear."""

    @property
    def log_level(self) -> str | None:
        """The least severe level he wants; None: nothing."""
        ...

    @property
    def tell(self) -> Callable[[str, Mapping[str, Any]], object]:
        """How he is told, on the loop's thread."""
        ...


class Listeners:
    """Whose calls are under way at which server: what it logs on no call's own stream, they hear."""

    def __init__(self) -> None:
        self._listening: dict[ServerName, dict[OnLog, None]] = {}

    @staticmethod
    def on_log(asker: Asking) -> OnLog | None:
        """Return what passes log messages on to a caller, from any thread; None if he wants none."""
        if asker.log_level is None:
            return None
        least, loop = LEVELS.get(asker.log_level, 0), asyncio.get_running_loop()

        def told(params: Mapping[str, Any]) -> None:
            if LEVELS.get(str(params.get("level")), 0) >= least:
                loop.call_soon_threadsafe(asker.tell, METHOD, params)

        return told

    @contextmanager
    def during(self, server: ServerName, on_log: OnLog | None) -> Generator[None]:
        """Have a caller hear what a server says meanwhile."""
        if on_log is None:
            yield
            return
        listening = self._listening.setdefault(server, {})
        listening[on_log] = None
        try:
            yield
        finally:
            del listening[on_log]

    def hear(self, server: ServerName, params: Mapping[str, Any]) -> bool:
        """Pass on a log message that belongs to no call; False: nobody has a call under way there."""
        listening = self._listening.get(server)
        for on_log in list(listening or ()):
            on_log(params)
        return bool(listening)
