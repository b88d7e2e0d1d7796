"""`mcp-orchestrator install-service` and `uninstall-service`: the daemon as a service of this machine."""

import grp
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

import actors
import mcp_orchestrator
from actors.errors import ConfigurationError
from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.finding import config_path
from mcp_orchestrator.cli.service_files import (
    DROP_IN,
    ENVIRONMENT,
    FOLDER,
    GROUP,
    NAME,
    SERVICE,
    SOCKET,
    UNITS,
    Service,
    address_of,
    is_edited,
    is_same,
    unreachable,
    variables,
    write,
)
from mcp_orchestrator.config import load
from mcp_orchestrator.config.loading import load_daemon
from mcp_orchestrator.config.origins import files_beside

_BOOTED = Path("/run/systemd/system")  # sd_booted(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file that is copied to where the service finds it."""

    source: Path
    target: Path

    def content(self) -> bytes:
        """Return what is in it."""
        try:
            return self.source.read_bytes()
        except OSError as error:
            raise UsageError(f"{self.source} cannot be read: {error.strerror}") from None


def install(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", show_default=False, help=f"The configuration. Default: the one in {FOLDER}, else as of run."
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the units, and install nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what differs; it is kept as *.before.")] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Take FILE as it is: what it needs comes from a drop-in.")
    ] = False,
    prefix: Annotated[
        Path | None,
        typer.Option(
            "--prefix", metavar="DIR", show_default=False, help="Write below DIR, as for an image; start nothing."
        ),
    ] = None,
) -> ExitCode:
    """Install the daemon as a systemd service of this machine, and start it, or start it again.

    FILE and the secrets beside it are copied to /etc/mcp-orchestrator, where only root and the service can read them.
    """
    if prefix is None and not dry_run:
        _check_machine("install-service")
        _check_reach()
    source = _source(config, prefix)
    service = _service(source, check=not no_check)
    if dry_run:
        for path, text in service.texts().items():
            typer.echo(f"# {path}\n{text}")
        return ExitCode.OK
    base = prefix or Path("/")
    copies = _copies(source, _below(base, service.config))
    texts = {_below(base, path): text for path, text in service.texts().items()}
    _check_edits(texts, copies, force=force)
    group = None if prefix is not None else _group()
    is_moving = _below(base, UNITS / SOCKET).exists()
    changed = [path for path, text in texts.items() if _put(path, text, force=force)]
    _put_configuration(copies, _below(base, FOLDER), group, force=force)
    if prefix is not None:
        _say(f"nothing was started. There: systemd-sysusers --inline 'g {GROUP} -'; chgrp -R {GROUP} {FOLDER};")
        _say(f"systemctl enable --now {SERVICE}")
        return ExitCode.OK
    return _start(service, restart_socket=is_moving and _below(base, UNITS / SOCKET) in changed)


def uninstall() -> ExitCode:
    """Stop the service and remove its units. Configuration, drop-ins and state stay."""
    _check_machine("uninstall-service")
    _systemctl("disable", "--now", SERVICE, SOCKET, check=False)
    for path in (UNITS / SERVICE, UNITS / SOCKET, DROP_IN):
        if path.exists() and is_edited(path.read_text()):
            _keep(path)
        elif path.exists():
            path.unlink()
            _say(f"removed {path}")
    if DROP_IN.parent.is_dir() and not any(DROP_IN.parent.iterdir()):
        DROP_IN.parent.rmdir()
    _systemctl("daemon-reload")
    _systemctl("reset-failed", SERVICE, SOCKET, check=False)
    _say(f"kept: {FOLDER}, /var/lib/private/{NAME}, the group {GROUP}. To remove them, too:")
    _say(f"  rm -r {FOLDER} /var/lib/private/{NAME} /var/lib/{NAME}; groupdel {GROUP}")
    return ExitCode.OK


def _source(config: Path | None, prefix: Path | None) -> Path:
    """Return the file that was given, else the one that is installed, else as any command finds it."""
    installed = [_below(prefix or Path("/"), FOLDER / name) for name in ("orchestrator.toml", "orchestrator.json")]
    found = next((path for path in installed if config is None and path.exists()), None)
    return (found or config_path(config)).absolute()


def _service(source: Path, *, check: bool) -> Service:
    """Return what is to be installed. ConfigurationError, UsageError: as it stands it would not run."""
    target = FOLDER / ("orchestrator.json" if source.suffix.lower() == ".json" else "orchestrator.toml")
    environ = variables(ENVIRONMENT.read_text() if os.access(ENVIRONMENT, os.R_OK) else "")
    address = address_of(load_daemon(source, environ=environ))
    try:
        if check:
            load(source, environ=environ)
    except ConfigurationError as error:
        raise UsageError(
            f"{error.message}. The service has the variables of {ENVIRONMENT}, not yours; if a drop-in brings what is "
            "missing: --no-check"
        ) from None
    return Service(bin=_folder(), config=target, address=address, systemd=_systemd_version())


def _check_machine(command: str) -> None:
    if not _BOOTED.is_dir():
        raise UsageError(f"this machine does not run systemd ({_BOOTED} is not there): see mcp-orchestrator serve")
    if os.geteuid() != 0:
        words = [str(_folder() / NAME), *sys.argv[1:]]
        raise UsageError(f"{command} is for root: sudo {shlex.join(words)}")


def _check_reach() -> None:
    """Raise UsageError if the service could not use this installation."""
    packages = [Path(module.__file__ or "") for module in (mcp_orchestrator, actors)]
    for path in (_folder() / NAME, Path(sys.executable), Path(sys.base_prefix), *packages):
        reason = unreachable(path) if path.exists() else "it is not there"
        if reason is not None:
            raise UsageError(
                f"the service cannot use {path}: {reason}. Install where it can, and run it there: "
                f"in a clone, python3 -m venv /opt/{NAME} && /opt/{NAME}/bin/pip install '.[daemon,media]' && "
                f"/opt/{NAME}/bin/{NAME} install-service"
            )


def _folder() -> Path:
    """Return where the command of this installation is."""
    return Path(sysconfig.get_path("scripts"))


def _copies(source: Path, target: Path) -> list[Copy]:
    """Return what is copied: the configuration last."""
    beside = [path for path in files_beside(source) if (source.parent / path).exists()]
    if outside := [path for path in beside if ".." in path.parts]:
        raise UsageError(f"{source}: {outside[0]} is not in its folder and cannot be copied with it: write a full path")
    pairs = [Copy(source=source.parent / path, target=target.parent / path) for path in beside]
    return [*pairs, Copy(source=source, target=target)]


def _check_edits(texts: Mapping[Path, str], copies: list[Copy], *, force: bool) -> None:
    """Raise UsageError before anything is written, if something of somebody else's would be lost."""
    if force:
        return
    for path, text in texts.items():
        if path.exists() and path.read_text() != text and is_edited(path.read_text()):
            raise UsageError(
                f"{path} was changed by hand: move the changes into a drop-in (systemctl edit {path.name}), and give "
                "--force to replace it"
            )
    for copy in copies:
        if copy.target.exists() and not is_same(copy.target, copy.content()):
            raise UsageError(
                f"{copy.target} is there already, and is not as {copy.source}: edit it there and leave FILE out, or "
                "give --force to replace it"
            )


def _put(path: Path, text: str, *, force: bool) -> bool:
    if force and path.exists() and is_edited(path.read_text()):
        _keep(path)
    is_new = write(path, text)
    _say(f"{'wrote' if is_new else 'unchanged:'} {path}")
    return is_new


def _put_configuration(copies: list[Copy], folder: Path, group: int | None, *, force: bool) -> None:
    """Copy the configuration and what belongs to it; root writes, the service reads, nobody else does either."""
    folder.mkdir(parents=True, exist_ok=True)
    for copy in copies:
        content = copy.content()
        if force and copy.target.exists() and not is_same(copy.target, content):
            _keep(copy.target)
        is_new = write(copy.target, content, mode=0o640, group=group)
        _say(f"{'wrote' if is_new else 'unchanged:'} {copy.target} (root:{GROUP}, 0640)")
    for path in {folder, *(copy.target.parent for copy in copies)}:
        if group is not None:
            os.chown(path, 0, group)
        path.chmod(0o2750)  # What root puts there later is for the service, too.


def _keep(path: Path) -> None:
    kept = path.with_name(f"{path.name}.before")
    path.replace(kept)
    _say(f"kept what was there as {kept}")


def _start(service: Service, *, restart_socket: bool) -> ExitCode:
    _systemctl("daemon-reload")
    if restart_socket:  # It does not listen elsewhere while somebody serves on it.
        _systemctl("stop", SERVICE, SOCKET, check=False)
    _systemctl("enable", SERVICE)
    began_at = time.time()
    if not _systemctl("restart", SERVICE, check=False):
        units = ("--unit", SERVICE, "--unit", SOCKET)
        log = _output("journalctl", *units, f"--since=@{began_at:.3f}", "--no-pager", "--output=cat")
        _say(f"\nit does not start. What it says:\n{log}")
        if _output("systemctl", "is-active", SERVICE).strip() == "activating":
            _say(f"it is tried again and again; to end that: systemctl stop {SERVICE} {SOCKET}")
        return ExitCode.FAILED
    status = _output("systemctl", "show", "--value", "--property=StatusText", SERVICE)
    _say(f"\n{NAME} serves at http://{service.address}/mcp: {status.strip()}")
    _say(f"  log:       journalctl -u {NAME} -f")
    _say(f"  settings:  {service.config}, then systemctl reload {NAME}")
    _say(f"  undo:      {service.bin / NAME} uninstall-service")
    return ExitCode.OK


def _group() -> int:
    """Return the group that may read the configuration, which is made if there is none."""
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        _run("systemd-sysusers", "--inline", f"g {GROUP} -")
        return grp.getgrnam(GROUP).gr_gid


def _systemctl(*words: str, check: bool = True) -> bool:
    return _run("systemctl", *words, check=check)


def _run(*words: str, check: bool = True) -> bool:
    """Run a command of the machine, and say so."""
    _say(f"ran {shlex.join(words)}")
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    if check and done.returncode:
        raise UsageError(f"{shlex.join(words)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.returncode == 0


def _output(*words: str) -> str:
    """Return what a command of the machine writes; nothing, if there is no such command."""
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout  # noqa: S603 -- ours
    except FileNotFoundError:
        return ""


def _systemd_version() -> int:
    """Return the version of this machine's systemd; 0: it has none."""
    found = re.match(r"systemd (\d+)", _output("systemctl", "--version"))
    return int(found[1]) if found else 0


def _below(base: Path, path: Path) -> Path:
    return base / path.relative_to("/")


def _say(line: str) -> None:
    typer.echo(line)
