"""The stdio side of a faulty server: children that relay their pipes to it."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from faults.exchanges import Exchange

Serve = Callable[[dict[str, Any], Exchange], None]


class StdioSide:
    """Waits for relays on loopback. A thread per child and one per call; all end with `close`."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self._lock = Lock()
        self._children: dict[int, socket.socket] = {}
        self._threads: list[Thread] = []
        self._listener: socket.socket | None = None
        self._port = 0
        self.open()

    @property
    def command(self) -> list[str]:
        """What to configure as the server's command."""
        return [sys.executable, "-I", "-S", str(Path(__file__).with_name("relay.py")), str(self._port)]

    @property
    def pids(self) -> list[int]:
        """The children that are there."""
        with self._lock:
            return list(self._children)

    def open(self) -> None:
        """Take children."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = int(self._listener.getsockname()[1])
        self._run(self._accept, self._listener)

    def close(self) -> None:
        """Kill the children there are, and take no more."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _run(self, target: Callable[..., object], *arguments: object) -> None:
        thread = Thread(target=target, args=arguments, name="faulty stdio", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with listener, suppress(OSError):
            while True:
                self._run(self._attend, listener.accept()[0])

    def _attend(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as lines, suppress(OSError, ValueError):
            pid, lock = int(lines.readline()), Lock()
            with self._lock:
                self._children[pid] = sock
            try:
                for line in lines:
                    message: dict[str, Any] = json.loads(line)
                    self._run(self._exchange, message, sock, lock)
            finally:
                with self._lock:
                    del self._children[pid]

    def _exchange(self, message: dict[str, Any], sock: socket.socket, lock: Lock) -> None:
        with suppress(OSError):
            self.serve(message, _Line(message, sock, lock))


class _Line:
    """See Exchange."""

    def __init__(self, message: dict[str, Any], sock: socket.socket, lock: Lock) -> None:
        self._message, self._sock, self._lock = message, sock, lock

    def answer(self, body: bytes) -> None:
        with self._lock:
            self._sock.sendall(body + b"\n")

    def half(self, body: bytes) -> None:
        with self._lock:
            self._sock.sendall(body[: len(body) // 2])
        self.reset()

    def drip(self, body: bytes, pause: Callable[[], object]) -> None:
        with self._lock:  # All its answers share one pipe.
            for byte in body + b"\n":
                self._sock.sendall(bytes([byte]))
                pause()

    def refuse(self, status: int, retry_after_s: int | None) -> None:
        del retry_after_s
        error = {"code": -32000, "message": f"status {status}"}
        self.answer(json.dumps({"jsonrpc": "2.0", "id": self._message["id"], "error": error}).encode())

    def hang(self) -> None:
        pass

    def reset(self) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)
