"""Who has a token, as the file says now: it is looked at again and again, so that nothing needs a restart."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path

from actors.errors import ConfigurationError
from mcp_orchestrator.access.identity import EVERYTHING, Identity
from mcp_orchestrator.access.token_file import StoredToken, TokensFileError, hash_of, read
from mcp_orchestrator.access.where_from import is_of_this_machine
from mcp_orchestrator.config import DaemonSettings

logger = logging.getLogger(__name__)

DEFAULT_NAME = "tokens.json"
_LOOK_EVERY_S = 1.0  # A token that was revoked is good for so long at most.

_Seen = tuple[int, ...]  # What tells a file that was changed from the one before.


class Tokens:
    """Says who comes with a token. All on one thread.

    * `path`: None: nowhere is a file.
    * `is_open_without`: where there has never been a file, everybody may do everything. Once there was one it stays
      shut: an empty list, a file that is broken and one that has gone let nobody in.
    * `remedy`: the command that makes a token, for people.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        is_open_without: bool,
        remedy: str = "mcp-orchestrator token create NAME",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path, self.remedy = path, remedy
        self._is_open, self._clock = is_open_without, clock
        self._stored: tuple[StoredToken, ...] = ()
        self._seen: _Seen | None = None
        self._look_at = float("-inf")
        self.problem = ""

    @property
    def is_open(self) -> bool:
        """Whether everybody may do everything."""
        self._look()
        return self._is_open

    @property
    def admits_somebody(self) -> bool:
        """Whether there is a token whose time is not over."""
        self._look()
        now = datetime.now(UTC)
        return any(stored.is_valid(now) for stored in self._stored)

    def identity(self, token: str) -> Identity | None:
        """Return who comes with this token; None: nobody has it, or not any more."""
        if self.is_open:
            return EVERYTHING
        found, wanted = None, hash_of(token)
        for stored in self._stored:  # All of them, in a time that tells nothing of what is in the file.
            if compare_digest(stored.sha256, wanted):
                found = stored
        return found.identity if found is not None and found.is_valid(datetime.now(UTC)) else None

    def _look(self) -> None:
        now = self._clock()
        if self.path is None or now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        seen = _seen(self.path)
        if seen != self._seen:
            self._seen, self._is_open = seen, False
            self._read(self.path)

    def _read(self, path: Path) -> None:
        self._stored, self.problem = (), ""
        try:
            self._stored = read(path)
        except FileNotFoundError:
            self.problem = f"{path}: has gone"
        except TokensFileError as error:
            self.problem = str(error)
        if self.problem:
            logger.error("nobody is let in: %s", self.problem)


def tokens_of(settings: DaemonSettings, config_path: Path | None) -> Tokens:
    """Return the tokens that a daemon is to ask for. `config_path`: its configuration; None: it has no file.

    Whoever names a file of tokens wants to be asked for one: without it nobody is let in.
    """
    path = path_of(settings, config_path)
    config = "" if config_path is None else f" --config {config_path}"
    tokens = Tokens(
        path,
        is_open_without=settings.tokens_file is None and is_of_this_machine(settings.host),
        remedy=f"mcp-orchestrator token create NAME{config}",
    )
    if settings.tokens_file is not None and not tokens.admits_somebody and not tokens.problem:
        tokens.problem = f"{path}: has no token"
        logger.error("nobody is let in: %s. Make one: %s", tokens.problem, tokens.remedy)
    return tokens


def path_of(settings: DaemonSettings, config_path: Path | None) -> Path | None:
    """Return where the tokens are: relative paths count from the configuration's folder."""
    folder = Path.cwd() if config_path is None else config_path.absolute().parent
    if settings.tokens_file is not None:
        return folder / Path(settings.tokens_file).expanduser()
    return None if config_path is None else folder / DEFAULT_NAME


def check_bind(host: str, tokens: Tokens) -> None:
    """Raise ConfigurationError for an address that others can reach, as long as there is no token."""
    if is_of_this_machine(host) or tokens.admits_somebody:
        return
    why = f" ({tokens.problem})" if tokens.problem else ""
    if tokens.path is None:
        why = " (and without a file of the configuration, tokens_file in [daemon] has to say where they are kept)"
    raise ConfigurationError(
        f"cannot serve at {host}: whoever reaches it could call every tool, and no token is asked for{why}. "
        f"Make one: {tokens.remedy}"
    )


def _seen(path: Path) -> _Seen | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
