"""What systemd and a service say to each other: messages up, sockets down. Outside systemd, nothing.

Sources: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3). Each variable is taken out of the environment when it
is read: it is meant for this process, not for its children.
"""

import logging
import os
import socket
import time
from collections.abc import MutableMapping

from actors.errors import ConfigurationError

logger = logging.getLogger(__name__)

_LONGEST_STATUS = 1024  # systemd reads no more than a page of a message. Arbitrary.
_PATIENCE_S = 1.0  # For a manager that does not read. Arbitrary.
_FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)

Environment = MutableMapping[str, str]


class Notifier:
    """Tells the service manager how this service is. `address`: $NOTIFY_SOCKET; "" tells nobody."""

    def __init__(self, address: str) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def __bool__(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """Say that calls are answered from now on, after a start or a reload."""
        self._tell("READY=1", _status(status))

    def status(self, status: str) -> None:
        """Say how it is in one line, for `systemctl status`."""
        self._tell(_status(status))

    def reloading(self) -> None:
        """Say that a reload has begun; `ready` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """Say that the end has begun."""
        self._tell("STOPPING=1", _status(status))

    def alive(self) -> None:
        """Feed the watchdog."""
        self._tell("WATCHDOG=1")

    def extend(self, seconds: float) -> None:
        """Ask for so much more time to start or to stop in, from now."""
        self._tell(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as up:
                up.settimeout(_PATIENCE_S)
                up.connect(self._address)
                up.send("\n".join(lines).encode(errors="backslashreplace"))  # A file may have named it.
        except OSError as error:  # It comes back, or ends us.
            logger.warning("the service manager was not told %s: %s", lines[0], error)


def notifier(environ: Environment) -> Notifier:
    """Return how to tell the service manager of this process."""
    return Notifier(environ.pop("NOTIFY_SOCKET", ""))


def watchdog_s(environ: Environment) -> float:
    """Return within how many seconds the watchdog wants to be fed again; 0: there is none."""
    microseconds, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
    if pid not in ("", str(os.getpid())) or not microseconds.isdecimal():
        return 0.0
    return int(microseconds) / 1e6


def passed_sockets(environ: Environment, first: int = 3) -> list[socket.socket]:
    """Return the listening sockets that systemd has passed; none if it passed none to this process.

    `first`: the number of the first one, SD_LISTEN_FDS_START.
    ConfigurationError: one is of a kind that nothing can be served on; all are closed.
    """
    pid, number = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not number.isdecimal():
        return []
    descriptors = range(first, first + int(number))
    taken = list[socket.socket]()
    for position, descriptor in enumerate(descriptors):
        try:
            taken.append(_listener(descriptor))
        except OSError as error:
            for earlier in taken:
                earlier.close()
            name = names[position] if position < len(names) else "unknown"
            raise ConfigurationError(
                f"the socket {name} (descriptor {descriptor}) that systemd passes cannot be served on: "
                f"{error.strerror}; a socket unit for this service has ListenStream= and Accept=no"
            ) from error
    return taken


def _listener(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)  # noqa: FBT003 -- as it is called
    listener = socket.socket(fileno=descriptor)
    if (
        listener.family not in _FAMILIES
        or listener.type != socket.SOCK_STREAM
        or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    ):
        listener.close()
        raise OSError(0, "it takes no connections")
    return listener


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())[:_LONGEST_STATUS]}"
