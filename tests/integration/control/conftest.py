"""The control API on a real server, asked with `requests`; and a reader of its events."""

import json
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.fixtures.terminal import ROOT, Running, on_pipe

PATIENCE_S = 20.0
SAB = [sys.executable, "-m", "media_servers.sabnzbd", "--simulate"]


class Asking:
    """One application that runs; `url` leads to its control API."""

    def __init__(self, running: Running, url: str) -> None:
        self.running, self.url = running, url

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return what a request is answered with; it must be a success."""
        answer = requests.request(method, f"{self.url}{path}", json=body, timeout=PATIENCE_S)
        assert answer.ok, answer.text
        return answer.json()

    @contextmanager
    def events(self) -> Generator[Iterator[tuple[str, Any]]]:
        """Read the events."""
        with closing(requests.get(f"{self.url}/events", stream=True, timeout=PATIENCE_S)) as answer:
            yield self._events(answer.iter_lines(chunk_size=1, decode_unicode=True))

    @staticmethod
    def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
        kind = ""
        for line in lines:
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


@contextmanager
def daemon(folder: Path) -> Generator[Asking]:
    """Run `serve` before two servers."""
    with on_pipe(*_SERVE, str(written(folder, "a", "b")), "--port", "0", folder=folder) as running:
        running.wait_for("ready\n")
        found = re.search(r"(http://\S+)/mcp", running.text)
        assert found, running.text
        yield Asking(running, f"{found[1]}/api/v1")
        running.signal()
        assert running.end() == 0, running.text


@contextmanager
def application() -> Generator[Asking]:
    """Run examples/fastapi_application.py as its users would: with uvicorn."""
    command = [sys.executable, "-m", "uvicorn", "examples.fastapi_application:app", "--port", "0"]
    with on_pipe(*command, folder=ROOT) as running:
        running.wait_for("Uvicorn running on ")
        found = re.search(r"running on (http://\S+)", running.text)
        assert found, running.text
        yield Asking(running, f"{found[1]}/api/v1")


def written(folder: Path, *names: str) -> Path:
    """Write a configuration of these servers, in the place of one that is there."""
    file = folder / "daemon.json"
    servers = {name: {"command": SAB, "env": {"PYTHONPATH": str(ROOT)}} for name in names}
    content = {"orchestrator": {"state": "memory"}, "daemon": {"watch_config": False}, "servers": servers}
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


_SERVE = (sys.executable, "-m", "mcp_orchestrator", "serve")
