"""The image's HEALTHCHECK: `mcp-orchestrator run` or `serve` runs, and each server that it is to start has its process.

`python healthcheck.py [PID]`, 1 if none is given: the orchestrator's process, or its parent, which is the init of
`docker run --init`. Exit status 0 or 1, with a sentence. It asks no server anything: whether those answer, the
orchestrator finds out itself, and a check must not be one more load.
"""

import sys
from pathlib import Path

from mcp_orchestrator import ConfigurationError, load
from mcp_orchestrator.cli.exits import UsageError
from mcp_orchestrator.cli.finding import config_path

_PROC = Path("/proc")


def main() -> int:
    """Look, say what was found, and return the exit status."""
    try:
        servers = load(config_path(None)).servers.values()
    except (ConfigurationError, UsageError) as error:
        return _unhealthy(str(error))
    to_start = [server.name for server in servers if server.enabled and server.command is not None]
    given = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    running = next((pid for pid in (given, *_children(given)) if _is_orchestrator(pid)), None)
    if running is None:
        return _unhealthy("there is no `mcp-orchestrator run` or `serve`")
    started = len(_children(running))
    if started < len(to_start):
        return _unhealthy(f"{started} processes for {len(to_start)} servers ({', '.join(to_start)})")
    sys.stdout.write(f"{started} processes for {len(to_start)} servers\n")
    return 0


def _is_orchestrator(pid: int) -> bool:
    words = _read(_PROC / str(pid) / "cmdline").split("\0")
    return not {"run", "serve"}.isdisjoint(words) and any(
        Path(word).name in {"mcp-orchestrator", "mcp_orchestrator"} for word in words
    )


def _children(pid: int) -> list[int]:
    """Return the processes that this one, any thread of it, has started and not yet taken leave of."""
    children = [_read(task / "children") for task in (_PROC / str(pid) / "task").glob("*")]
    return [int(child) for child in " ".join(children).split()]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:  # It has just ended.
        return ""


def _unhealthy(why: str) -> int:
    sys.stdout.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
