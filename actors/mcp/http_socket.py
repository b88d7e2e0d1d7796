"""A TCP socket whose time limit the kernel keeps, so that a limit costs nothing as long as it is not reached."""

import math
import socket
import struct
from typing import Any


class KernelTimedSocket(socket.socket):
    """As `socket.socket`, for one thread at a time; a read or write that is too slow raises TimeoutError.

    Python keeps a limit by a poll before every read and write, and changes it by two more system calls. Each of them
    lets another thread run: a sixth of what the gateway needs for a call, with 16 callers. Limits are rounded up to
    whole seconds, so that one call's is mostly the last one's too; they hold for each read and write of the kernel's.
    """

    _limit_s: int | None = None  # In force; None: there is none that the kernel keeps. 0: for ever.

    def settimeout(self, value: float | None, /) -> None:
        """Limit every read and write from now on; 0: do not wait at all."""
        if value == 0.0:
            self._limit_s = None
            super().settimeout(value)
            return
        limit_s = 0 if value is None else max(math.ceil(value), 1)
        if limit_s == self._limit_s:
            return
        if self._limit_s is None:
            super().settimeout(None)
        self._limit_s = limit_s
        limit = struct.pack("ll", limit_s, 0)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:  # noqa: ANN401 -- socket's signature
        """See socket."""
        try:
            return super().recv_into(buffer, nbytes, flags)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """See socket."""
        try:
            return super().recv(bufsize, flags)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error

    def sendall(self, data: Any, flags: int = 0, /) -> None:  # noqa: ANN401 -- as above
        """See socket."""
        try:
            super().sendall(data, flags)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error
