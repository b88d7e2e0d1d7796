"""Runs the official conformance suite against tests/conformance/client.py, and judges what it wrote.

Run by scripts/conformance, from the top of the checkout. The suite's own exit status is not enough: it passes a
scenario in which nothing was checked, and does not ask how the client ended. So each scenario that has to pass must
have run, checked something, failed at nothing, not even with a warning, and its client must have said that it finished.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONFORMANCE = Path("tests/conformance")
SHIM = Path("tests/peers/node20-shim.mjs")
SUITE = Path("@modelcontextprotocol/conformance/dist/index.js")
FINISHED = "finished"  # The last line of a client that went through.
CLIENT_LIMIT_S = 90
# All scenarios of a revision run at once; they take 15 s on two processors.
SUITE_LIMIT_S = 240

_PRESERVATION = (
    "json-schema-2020-12-preservation"  # Newer than the requirements, so the suite runs and does not score it.
)
MUST_PASS: Mapping[str, frozenset[str]] = {
    "2025-11-25": frozenset(
        {"initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry", _PRESERVATION}
    ),
    "2026-07-28": frozenset(
        {
            "tools_call",
            "request-metadata",
            "sep-2322-client-request-state",
            "http-standard-headers",
            "http-custom-headers",
            "http-invalid-tool-headers",
            "json-schema-ref-no-deref",
            _PRESERVATION,
        }
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the suite wrote of one scenario. `wrong`: what its client or server complained of, in words."""

    scenario: str
    succeeded: int
    wrong: tuple[str, ...]
    finished: bool
    stderr: str


def main() -> int:
    """Print one line a scenario, and what went wrong below it. Exit status 1: something that must pass did not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node_modules", type=Path)
    parser.add_argument("revisions", nargs="*", metavar="REVISION", help=f"of {', '.join(MUST_PASS)}; none: all")
    arguments = parser.parse_args()
    revisions: list[str] = arguments.revisions or list(MUST_PASS)
    if unknown := set(revisions) - set(MUST_PASS):
        parser.error(f"unknown revision {', '.join(sorted(unknown))}")
    os.chdir(ROOT)
    failed = [revision for revision in revisions if not _passes(revision, arguments.node_modules)]
    return 1 if failed else 0


def _passes(revision: str, node_modules: Path) -> bool:
    """Run all scenarios of one revision, and report on them."""
    expected = _expected_failures(revision)
    folder = Path(".cache/conformance") / revision
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.rglob("*"), reverse=True):
        old.rmdir() if old.is_dir() else old.unlink()
    trouble = _run_suite(revision, node_modules, folder)
    outcomes = {outcome.scenario: outcome for outcome in _outcomes(folder)}
    good = [_report(revision, name, outcomes.get(name)) for name in sorted(MUST_PASS[revision])]
    for name in sorted(expected):
        failed_too = name in outcomes and bool(outcomes[name].wrong)
        good.append(failed_too)
        _say(f"{'fails ' if failed_too else 'FAILED'} {revision}  {name}{'' if failed_too else ': expected to fail'}")
    for name in sorted(outcomes.keys() - MUST_PASS[revision] - expected):
        _say(f"       {revision}  {name}: nothing is expected of it")
    if trouble is not None:
        _say(f"FAILED {revision}  the suite: {trouble}; see {folder}/suite.txt")
    return trouble is None and all(good)


def _expected_failures(revision: str) -> frozenset[str]:
    """Return the scenarios of the file that the suite is given as well: `  - name` each."""
    text = (CONFORMANCE / f"expected-failures-{revision}.yml").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^  - (\S+)$", text, flags=re.MULTILINE))


def _run_suite(revision: str, node_modules: Path, folder: Path) -> str | None:
    """Return how it ended if not well. Nothing that it started is left."""
    node = shutil.which("node") or "node"
    version = subprocess.check_output([node, "--version"], text=True)  # noqa: S603 -- ours
    is_old = int(version.removeprefix("v").split(".")[0]) < 22
    options = [os.environ.get("NODE_OPTIONS", ""), f"--import=./{SHIM}" if is_old else ""]
    # The suite splits the command at spaces: paths from here have none, wherever the checkout is.
    client = f"{os.path.relpath(sys.executable)} {CONFORMANCE}/client.py"
    command = [node, str(node_modules / SUITE), "client", "--command", client, "--requirements", revision]
    command += ["--expected-failures", f"{CONFORMANCE}/expected-failures-{revision}.yml"]
    command += ["--timeout", str(CLIENT_LIMIT_S * 1000), "--output-dir", str(folder)]
    environment = os.environ | {"NODE_OPTIONS": " ".join(filter(None, options)), "PYTHONPATH": str(ROOT)}
    with (folder / "suite.txt").open("wb") as log:
        suite = subprocess.Popen(  # noqa: S603 -- ours
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            status = suite.wait(SUITE_LIMIT_S)
        except subprocess.TimeoutExpired:
            return f"no end within {SUITE_LIMIT_S} s"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(suite.pid, signal.SIGKILL)  # Its clients are of its group.
            suite.wait()
    return f"exit status {status}" if status else None


def _outcomes(folder: Path) -> Iterator[Outcome]:
    """Yield what the suite wrote: a folder a scenario, named after it and the time."""
    for last in sorted(folder.rglob("stderr.txt")):  # Last written: the rest is whole.
        written = last.parent
        checks: list[dict[str, Any]] = json.loads((written / "checks.json").read_text(encoding="utf-8"))
        bad = [check for check in checks if check["status"] in {"FAILURE", "WARNING"}]
        stdout = (written / "stdout.txt").read_text(encoding="utf-8")
        yield Outcome(
            scenario=re.sub(r"-\d{4}-\d{2}-\d{2}T[\d-]+Z$", "", str(written.relative_to(folder))),
            succeeded=sum(check["status"] == "SUCCESS" for check in checks),
            wrong=tuple(f"{check['name']}: {check.get('errorMessage') or check['description']}" for check in bad),
            finished=stdout.splitlines()[-1:] == [FINISHED],
            stderr=last.read_text(encoding="utf-8"),
        )


def _report(revision: str, name: str, outcome: Outcome | None) -> bool:
    """Print what came of a scenario that must pass, and say whether it has."""
    if outcome is None:
        _say(f"FAILED {revision}  {name}: it did not run")
        return False
    passed = outcome.succeeded > 0 and not outcome.wrong and outcome.finished
    _say(f"{'ok    ' if passed else 'FAILED'} {revision}  {name}: {outcome.succeeded} checks")
    if not passed:
        wrong = outcome.wrong or ("the client did not finish",)
        for line in [*wrong, *outcome.stderr.splitlines()[-20:]]:
            _say(f"           {line}")
    return passed


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
