"""The processes that the suite's server scenarios are run against: the upstream by itself, and behind the gateway."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.suite import CONFORMANCE

_UPSTREAM = f"{CONFORMANCE}/upstream.py"
_UP_WITHIN_S = 30.0
_GONE_WITHIN_S = 20.0


@contextmanager
def upstream(folder: Path) -> Generator[str]:
    """Serve the fixture over HTTP; yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with _running([_UPSTREAM, "http", str(port)], folder / "upstream.txt") as process:
        _until(lambda: _takes_connections(port), process, "the upstream takes no connections")
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def gateway(folder: Path, upstream_url: str | None, *, legacy: bool = False) -> Generator[str]:
    """Serve the gateway before the fixture, which is a child of it over stdio if there is no URL; yield its URL.

    The scenarios name tools as the fixture does: no prefix. `legacy`: the fixture is spoken to as to one of before
    2026-07-28, over a connection of each session's own, so that it can ask.
    """
    way = {"url": upstream_url} if upstream_url else {"command": [sys.executable, _UPSTREAM, "stdio"], "env": _PATH}
    era = {"protocol": "legacy", "per_session": True} if legacy else {}
    config = {"orchestrator": {"state": "memory"}, "servers": {"upstream": {**way, **era, "prefix": ""}}}
    file, log = folder / "gateway.json", folder / "gateway.txt"
    file.write_text(json.dumps(config), encoding="utf-8")
    words = ["-m", "mcp_orchestrator", "serve", str(file), "--port", "0"]
    with _running(words, log) as process:
        _until(lambda: _url_in(log) is not None, process, "the gateway does not say that it serves")
        yield _url_in(log) or ""


_PATH = {"PYTHONPATH": str(Path.cwd())}


@contextmanager
def _running(words: list[str], log: Path) -> "Generator[subprocess.Popen[bytes]]":
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 -- ours
            [sys.executable, *words], env=os.environ | _PATH, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_GONE_WITHIN_S)
            finally:
                process.kill()
                process.wait()


def _url_in(log: Path) -> str | None:
    found = re.search(r"http://\S+/mcp", log.read_text(encoding="utf-8"))
    return None if found is None else found[0]


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _until(is_so: Callable[[], bool], process: "subprocess.Popen[bytes]", why_not: str) -> None:
    until = time.monotonic() + _UP_WITHIN_S
    while not is_so():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"{why_not}; its exit status: {process.poll()}")
        time.sleep(0.05)
