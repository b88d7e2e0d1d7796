"""The files of the systemd service: what is in them, where they belong, and what in them is somebody else's."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from mcp_orchestrator.cli.exits import UsageError
from mcp_orchestrator.config import DaemonSettings

NAME = "mcp-orchestrator"
GROUP = "mcp-orchestrator-config"  # Who may read the configuration: of the service's user only the name is lasting.
SERVICE, SOCKET = f"{NAME}.service", f"{NAME}.socket"
FOLDER = Path("/etc/mcp-orchestrator")
ENVIRONMENT = FOLDER / "environment"
UNITS = Path("/etc/systemd/system")
DROP_IN = UNITS / f"{SERVICE}.d" / "10-systemd-253.conf"

_BIN = "/opt/mcp-orchestrator/bin"  # In the units, as they come.
_CONFIG = "/etc/mcp-orchestrator/orchestrator.toml"
_ADDRESS = "127.0.0.1:8600"
_DROP_IN_SINCE = 253
_MARK = "\n# install-service wrote this, with the checksum "


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is installed. `bin`: the folder with the command; `config`: its file there; `systemd`: its version."""

    bin: Path
    config: Path
    address: str
    systemd: int

    def texts(self) -> dict[Path, str]:
        """Return the content of each file, by its path."""
        units = files("mcp_orchestrator") / "systemd"
        found = {UNITS / SERVICE: (units / SERVICE).read_text(), UNITS / SOCKET: (units / SOCKET).read_text()}
        if self.systemd >= _DROP_IN_SINCE:
            found[DROP_IN] = (units / "systemd-253.conf").read_text()
        return {path: _marked(self._filled_in(text)) for path, text in found.items()}

    def _filled_in(self, text: str) -> str:
        # Percent signs are specifiers there.
        ours = {_BIN: str(self.bin), _CONFIG: str(self.config), _ADDRESS: self.address}
        for found, replacement in ours.items():
            text = text.replace(found, replacement.replace("%", "%%"))
        return text


def address_of(daemon: DaemonSettings) -> str:
    """Return where the socket listens, as systemd writes it."""
    host, port = daemon.host, daemon.port or int(_ADDRESS.rpartition(":")[2])
    if host == "localhost":
        host = "127.0.0.1"
    if not host.replace(".", "").isdigit() and ":" not in host:
        raise UsageError(f"daemon.host: systemd listens at addresses only: write one in place of {host}")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_edited(text: str) -> bool:
    """Whether a file is not as install-service once wrote it, in whatever version."""
    content, mark, checksum = text.rpartition(_MARK)
    return not mark or checksum.strip() != _checksum(content)


def unreachable(path: Path) -> str | None:
    """Say why the service cannot use this file or folder; None: it can. Sources: ProtectHome, PrivateTmp, modes."""
    for step in _steps(path):
        for hidden, setting in (("/home", "ProtectHome"), ("/root", "ProtectHome"), ("/run/user", "ProtectHome")):
            if step.is_relative_to(hidden):
                return f"{setting}= hides {hidden} from it"
        if step.is_relative_to("/tmp") or step.is_relative_to("/var/tmp"):  # noqa: S108 -- not used
            return "PrivateTmp= gives it a /tmp of its own"
        for folder in reversed(step.parents):
            if folder.exists() and not folder.stat().st_mode & 0o001:
                return f"others than its owner may not enter {folder}"
        if step.exists() and not step.stat().st_mode & 0o004:
            return f"others than its owner may not read {step}"
    return None


def variables(text: str) -> Mapping[str, str]:
    """Return what an environment file sets; the plain lines of systemd.exec(5), without its continued ones."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#;")
    return {name.strip(): _unquoted(value.strip()) for name, _, value in pairs}


def write(path: Path, text: str | bytes, *, mode: int = 0o644, group: int | None = None) -> bool:
    """Put a file in place in one step, its folders too; False: it is like that already."""
    content = text.encode() if isinstance(text, str) else text
    if is_same(path, content):
        before = path.stat()
        if (before.st_mode & 0o7777, before.st_gid) == (mode, before.st_gid if group is None else group):
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 -- a descriptor has no path
            file.write(content)
            if group is not None:
                os.fchown(descriptor, -1, group)
            os.fchmod(descriptor, mode)
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return True


def is_same(path: Path, content: bytes) -> bool:
    """Whether a file has this content."""
    return path.is_file() and path.read_bytes() == content


def _steps(path: Path) -> list[Path]:
    """Return a path and where each link on the way to its end leads."""
    found = [path.absolute()]
    while found[-1].is_symlink() and len(found) < 40:
        found.append(Path(os.path.normpath(found[-1].parent / found[-1].readlink())))
    return [*found, path.resolve()]


def _marked(text: str) -> str:
    return f"{text}{_MARK}{_checksum(text)}\n"


def _checksum(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
