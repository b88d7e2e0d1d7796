"""Checks a coverage report (`coverage json`) against what each component of the orchestrator must reach.

Run by scripts/test. The components and their figures are those of the test strategy; a figure is the share of the
lines, or branches, of all files of a component together.
"""

import json
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What the files that match one of `patterns` (`*` crosses folders) must reach, in percent."""

    component: str
    patterns: tuple[str, ...]
    lines: float
    branches: float


def _actors(*names: str) -> tuple[str, ...]:
    return tuple(f"actors/{name}.py" for name in names)


_ACTOR_OF_A_SERVER = ("server", "calls", "admission", "outcomes", "lifecycle", "control", "wire", "link", "catalogue")
_SUPERVISION = tuple(f"supervisors/{name}.py" for name in ("supervisor", "nursery", "children", "restarts", "reaper"))
# Where a line that no test has seen may lose a call, or run it twice.
_CRITICAL = (
    *_actors("breaker", "breakers", "link", "lifecycle"),  # transitions
    *(*_actors("router", "names", "calling"), "mcp_orchestrator/asking.py"),  # routing and validation
    *_actors("retry", "calls"),  # decisions to repeat
    *_actors("call", "ledger", "base", "mailbox", "outcomes"),  # settlement and cleanup
)

TARGETS = (
    Target("Connection Manager", (*_actors(*_ACTOR_OF_A_SERVER), "actors/mcp/*"), 95, 90),
    Target("Tool Router", (*_actors("router", "names", "calling"), "mcp_orchestrator/asking.py"), 95, 95),
    Target("Circuit Breaker", _actors("breaker", "breakers"), 90, 85),
    Target("Parallel Executor", _actors("batches"), 90, 85),
    Target("Health Monitor", ("supervisors/health.py",), 90, 85),
    Target("Resource Manager", (*_SUPERVISION, *_actors("base", "ledger")), 85, 80),
    *(Target("critical path", (path,), 100, 100) for path in _CRITICAL),
    Target("everything", ("*",), 90, 0),
)


def main() -> int:
    """Print one line a target. Exit status 1: one was missed."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    summaries: dict[str, dict[str, Any]] = {path: file["summary"] for path, file in report["files"].items()}
    missed = [target for target in TARGETS if not _is_met(target, summaries)]
    return 1 if missed else 0


def _is_met(target: Target, summaries: dict[str, dict[str, Any]]) -> bool:
    """Print how far one target is reached, and say whether that is far enough."""
    absent = [one for one in target.patterns if not any(fnmatch(path, one) for path in summaries)]
    found = [summary for path, summary in summaries.items() if any(fnmatch(path, one) for one in target.patterns)]
    lines = _percent(found, "covered_lines", "num_statements")
    branches = _percent(found, "covered_branches", "num_branches")
    met = lines >= target.lines and branches >= target.branches and not absent
    sys.stdout.write(
        f"{'ok    ' if met else 'MISSED'} {target.component:<20} lines {lines:6.2f} % of {target.lines} %, "
        f"branches {branches:6.2f} % of {target.branches} %  {' '.join(target.patterns)}"
        f"{''.join(f'; not measured: {one}' for one in absent)}\n"
    )
    return met


def _percent(found: list[dict[str, Any]], covered: str, all_of: str) -> float:
    total = sum(summary[all_of] for summary in found)
    return 100 * sum(summary[covered] for summary in found) / total if total else 100.0


if __name__ == "__main__":
    sys.exit(main())
