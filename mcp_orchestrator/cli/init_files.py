"""The files that `init` writes: the configuration, and one for each secret beside it. All of them, or none."""

import json
import os
import signal
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mcp_orchestrator.cli.exits import UsageError
from mcp_orchestrator.config.presets import Preset

SECRETS = "secrets"
_HEAD = """\
# Made by mcp-orchestrator init. A preset runs our MCP server for its application, with time limits that suit it; what
# it expands to, and all that may stand beside it, is in docs/configuration.md. Secrets are in files of their own.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One application that the user wants."""

    preset: Preset
    url: str
    secret: str = field(repr=False)

    def section(self) -> dict[str, object]:
        """Return its server as a configuration has it, the secret in it."""
        return {"preset": self.preset.name, "url": _literal(self.url), self.preset.secret: _literal(self.secret)}

    def text(self) -> str:
        """Return its server in TOML, which only says where the secret is."""
        return (
            f"\n[servers.{self.preset.name}]\n"
            f'preset = "{self.preset.name}"\n'
            f"url = {json.dumps(_literal(self.url))}\n"
            f'{self.preset.secret} = {{ file = "{SECRETS}/{self.preset.secret_file}" }}\n'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to write. `replace`: what is there already may go."""

    config: Path
    replace: bool

    def check(self) -> None:
        """Raise UsageError if nothing can be written, before the user has typed anything."""
        folder = self.config.absolute().parent
        if self.config.is_dir():
            raise UsageError(
                f"{self.config} is a folder: name a file in it, such as {self.config / 'orchestrator.toml'}"
            )
        if os.path.lexists(self.config) and not self.replace:
            raise UsageError(f"{self.config} is there already: give --force to replace it, or another --output")
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder}: make it first")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"nothing can be written in {folder}: correct its rights, or give another --output")
        if os.path.lexists(folder / SECRETS) and not (folder / SECRETS).is_dir():
            raise UsageError(f"{folder / SECRETS} is no folder: move it away, or give another --output")

    def check_secret(self, choice: Choice) -> None:
        """Raise UsageError if another secret is where this one belongs: some other configuration may need it."""
        path = self._secret(choice.preset)
        if not self.replace and os.path.lexists(path):
            with suppress(OSError, ValueError):
                if path.read_text(encoding="utf-8").strip() == choice.secret:
                    return
            raise UsageError(f"{path} is there already, with another secret: give --force to replace it")

    def write(self, choices: Sequence[Choice]) -> None:
        """Write everything; if that fails, nothing is left of it. Ctrl-C waits that long."""
        folder = self.config.parent / SECRETS
        text = _HEAD + "".join(choice.text() for choice in choices)
        try:
            with _signals_held(), ExitStack() as undo:
                if not folder.exists():
                    folder.mkdir(mode=0o700)
                    undo.callback(_remove_folder, folder)
                parts = [(self._secret(choice.preset), choice.secret + "\n", 0o600) for choice in choices]
                moves = [(_part(path, content, mode, undo), path) for path, content, mode in parts]
                moves.append((_part(self.config, text, 0o666, undo), self.config))
                for part, path in moves:  # The configuration last: as long as it is not there, nothing refers to them.
                    if not os.path.lexists(path):
                        undo.callback(path.unlink, missing_ok=True)
                    part.replace(path)
                undo.pop_all()
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}; nothing was") from None

    def _secret(self, preset: Preset) -> Path:
        return self.config.parent / SECRETS / preset.secret_file


def _literal(text: str) -> str:
    """Keep what a configuration would take for a reference to a variable."""
    return text.replace("${", "$${")


def _part(path: Path, content: str, mode: int, undo: ExitStack) -> Path:
    """Write a file under another name beside `path`; 0o666 leaves what the user's umask leaves."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    undo.callback(part.unlink, missing_ok=True)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor has no path
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return part


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):  # Somebody else has put something there meanwhile.
        folder.rmdir()


@contextmanager
def _signals_held() -> Generator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
