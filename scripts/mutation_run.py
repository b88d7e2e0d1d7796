"""Takes the safeguards of tests/safeguards.toml out one at a time, and says which test notices.

Run by scripts/mutate. It works on a copy of the tree. Exit status 1: a safeguard was missed by nobody, or is not
found any more. Words as arguments: only safeguards with one of them in name or file. After a run over all of them
docs/safeguards.md is written anew.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE, PAGE = ROOT / "tests" / "safeguards.toml", ROOT / "docs" / "safeguards.md"
_NEEDED = ("actors", "supervisors", "mcp_orchestrator", "media_servers", "faults", "tests", "pyproject.toml")
_LIMIT_S = 120.0  # A mutant that loops must not stop the run.
_FAILED = re.compile(r"^(?:FAILED|ERROR) \S+::(\w+)", re.MULTILINE)
_HEAD = """# Safeguards

Each of these was taken out of the code, alone; the test beside it failed. Written by `scripts/mutate`, which does
so again and fails when nothing notices.

| safeguard | in | noticed by |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One place in the code (`old`, in `file`), what it becomes without its safeguard, and who should notice."""

    name: str
    file: str
    old: str
    new: str
    tests: list[str]


def main(words: list[str]) -> int:
    """Try all safeguards, or those with one of the words; print a line each."""
    table = [Safeguard(**entry) for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["safeguard"]]
    chosen = [each for each in table if not words or any(word in f"{each.name} {each.file}" for word in words)]
    noticed: list[tuple[Safeguard, str]] = []
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copy = Path(folder)
        for name in _NEEDED:
            _copy(ROOT / name, copy / name)
        for safeguard in chosen:
            by = _noticed_by(safeguard, copy)
            _say(f"{'      ' if by else 'MISSED'} {safeguard.name} ({safeguard.file}): {by or 'nobody'}")
            noticed += [(safeguard, by)] if by else []
    _say(f"{len(noticed)} of {len(chosen)} noticed")
    if len(noticed) < len(chosen):
        return 1
    if not words:
        rows = (f"| {safeguard.name} | `{safeguard.file}` | `{by}` |\n" for safeguard, by in noticed)
        PAGE.write_text(_HEAD + "".join(rows), encoding="utf-8")
    return 0


def _copy(here: Path, there: Path) -> None:
    if here.is_dir():
        shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    else:
        shutil.copy(here, there)


def _noticed_by(safeguard: Safeguard, copy: Path) -> str:
    """Return the name of the first test that fails without the safeguard; "" if none does."""
    path = copy / safeguard.file
    whole = path.read_text(encoding="utf-8")
    if whole.count(safeguard.old) != 1:
        _say(f"not found exactly once in {safeguard.file}: {safeguard.old!r}")
        return ""
    path.write_text(whole.replace(safeguard.old, safeguard.new), encoding="utf-8")
    try:
        return _first_failure([f"tests/unit/actors/{name}.py" for name in safeguard.tests], copy)
    finally:
        path.write_text(whole, encoding="utf-8")


def _first_failure(tests: list[str], copy: Path) -> str:
    options = ["-q", "-x", "--tb=no", "-p", "no:cacheprovider", "--timeout=20", "--log-level=CRITICAL"]
    try:
        run = subprocess.run(  # noqa: S603 -- our own tests
            # Bytecode is told from its source by time and size: a mutant of the same second may have both.
            [sys.executable, "-B", "-m", "pytest", *options, *tests],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "a test that does not end"
    if run.returncode == 0:
        return ""
    failed = _FAILED.search(run.stdout)
    if failed is None and "Timeout" not in run.stdout + run.stderr:
        _say(run.stdout[-2000:] + run.stderr[-2000:])
        return ""  # It broke the tests instead of failing one: no proof of anything.
    return failed[1] if failed else "a test that does not end"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
