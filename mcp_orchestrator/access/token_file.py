"""The file with the tokens: who has one, what it is good for, and its hash. Tokens themselves are nowhere.

SHA-256 without salt or stretching suffices: these protect what people choose. A token is 256 random bits; nobody finds
one from its hash, and no two are alike.
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from actors.config import Section
from mcp_orchestrator.access.identity import EVERYTHING, Identity, TokenScope

PREFIX = "mcpo_"  # So that people, and scanners of repositories, know one when they see it.
_BITS = 256

TokenName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Pattern = Annotated[str, Field(pattern=r"^\S{1,200}$")]


class TokensFileError(Exception):
    """A file that cannot be used, in words that say why. Whoever trusts in it lets nobody in."""


class StoredToken(Section):
    """What is kept of one token. `tools`: see Identity."""

    name: TokenName
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[TokenScope, ...], Field(min_length=1)]
    tools: tuple[Pattern, ...] = ()
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Say if its time is not over."""
        return self.expires_at is None or now < self.expires_at

    @property
    def identity(self) -> Identity:
        """Who comes with it."""
        return Identity(name=self.name, scopes=frozenset(self.scopes), tools=self.tools)


class _TokensFile(Section):
    tokens: tuple[StoredToken, ...]

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        names = [token.name for token in self.tokens]
        if len(set(names)) < len(names) or EVERYTHING.name in names:
            raise ValueError(f"two tokens have one name, or one is called {EVERYTHING.name}, as who needs none")
        return self


def hash_of(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode(errors="replace")).hexdigest()


def read(path: Path) -> tuple[StoredToken, ...]:
    """Return the tokens of a file. FileNotFoundError: there is none; TokensFileError: it cannot be used."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & (stat.S_IWGRP | stat.S_IWOTH):
                raise TokensFileError(f"{path}: others may write it, and so give themselves tokens: chmod 600 {path}")
            text = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TokensFileError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return _TokensFile.model_validate_json(text).tokens
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise TokensFileError(f"{path}: is not as `token create` writes it: {where}: {first['msg']}") from None


def create(  # noqa: PLR0913 -- what there is to say of a token
    path: Path,
    name: str,
    *,
    scopes: tuple[TokenScope, ...],
    tools: tuple[str, ...] = (),
    lasts: timedelta | None = None,
    now: datetime | None = None,
) -> str:
    """Add a token to the file, which is made if there is none; return it, for nobody can read it again.

    ValueError: the name is taken, or it is none. TokensFileError, OSError: the file cannot be used or written.
    """
    now = now or datetime.now(UTC)
    token = PREFIX + secrets.token_urlsafe(_BITS // 8)
    with _changing(path) as tokens:
        if name in (EVERYTHING.name, *(stored.name for stored in tokens)):
            raise ValueError(f"the name {name!r} is taken: take another, or revoke that token first")
        tokens.append(
            StoredToken(
                name=name,
                sha256=hash_of(token),
                scopes=scopes,
                tools=tools,
                created_at=now,
                expires_at=None if lasts is None else now + lasts,
            )
        )
    return token


def revoke(path: Path, name: str) -> bool:
    """Take a token out of the file; False: it has none of this name. Errors as of `create`."""
    with _changing(path) as tokens:
        left = [token for token in tokens if token.name != name]
        is_gone = len(left) < len(tokens)
        tokens[:] = left
    return is_gone


@contextmanager
def _changing(path: Path) -> Generator[list[StoredToken]]:
    """Read, have changed and write, while nobody else does: of two at once none may lose what the other did."""
    path = path.resolve()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        tokens = list[StoredToken]()
        with suppress(FileNotFoundError):
            tokens += read(path)
        yield tokens
        _write(path, _TokensFile(tokens=tuple(tokens)))
    finally:
        os.close(folder)


def _write(path: Path, content: _TokensFile) -> None:
    """Replace the file in one step, so that nobody reads half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor has no path
            mode = 0o600
            if os.geteuid() == 0:  # The daemon, whose folder it is, has to read what root has written.
                owner = path.parent.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
                mode |= owner.st_mode & stat.S_IRGRP  # It may be of the folder's group alone.
            os.fchmod(descriptor, mode)
            file.write(content.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
