"""Runs the official conformance suite, and reads what it has written. From the top of the checkout.

The suite's own exit status is not enough: it passes a scenario in which nothing was checked.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Side = Literal["client", "server"]

CONFORMANCE = Path("tests/conformance")
REVISIONS = ("2025-11-25", "2026-07-28")
FINISHED = "finished"  # The last line of a client that went through.

_SHIM = Path("tests/peers/node20-shim.mjs")
_SUITE = Path("@modelcontextprotocol/conformance/dist/index.js")
# All scenarios of a revision run at once for clients; they take 15 s on two processors, those for servers 8 s.
_LIMIT_S = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the suite wrote of one scenario. `wrong`: what its client or server complained of, in words.

    `finished`, `stderr`: of the client that it started; a server is not its own to start.
    """

    scenario: str
    succeeded: int
    wrong: tuple[str, ...]
    finished: bool = True
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """The suite as npm has installed it."""

    node_modules: Path

    def required(self, side: Side, revision: str) -> frozenset[str]:
        """Return the scenarios that a revision requires."""
        listed = subprocess.check_output(  # noqa: S603 -- ours
            [*self._command(), "list", "--requirements", revision], env=self._environment(), text=True
        )
        part = listed.partition(f"\n{side.capitalize()} scenarios")[2].partition("\n\n")[0]
        return frozenset(re.findall(r"^  - (\S+)$", part, flags=re.MULTILINE))

    def run(
        self, side: Side, revision: str, words: Sequence[str], folder: Path, *, expected: Path | None
    ) -> str | None:
        """Run what a revision requires, into an empty `folder`; return how it ended if not well. Nothing is left.

        `expected`: names the scenarios that fail; the suite fails when one of them passes.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.rglob("*"), reverse=True):
            old.rmdir() if old.is_dir() else old.unlink()
        command = [*self._command(), side, *words, "--requirements", revision, "--output-dir", str(folder)]
        if expected is not None:
            command += ["--expected-failures", str(expected)]
        with (folder / "suite.txt").open("wb") as log:
            suite = subprocess.Popen(  # noqa: S603 -- ours
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                status = suite.wait(_LIMIT_S)
            except subprocess.TimeoutExpired:
                return f"no end within {_LIMIT_S} s"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(suite.pid, signal.SIGKILL)  # Its clients are of its group.
                suite.wait()
        return f"exit status {status}" if status else None

    def _command(self) -> list[str]:
        return [shutil.which("node") or "node", str(self.node_modules / _SUITE)]

    def _environment(self) -> Mapping[str, str]:
        version = subprocess.check_output([self._command()[0], "--version"], text=True)  # noqa: S603 -- ours
        is_old = int(version.removeprefix("v").split(".")[0]) < 22
        options = [os.environ.get("NODE_OPTIONS", ""), f"--import=./{_SHIM}" if is_old else ""]
        return os.environ | {"NODE_OPTIONS": " ".join(filter(None, options)), "PYTHONPATH": str(Path.cwd())}


def expected_failures(side: Side, file: Path) -> frozenset[str]:
    """Return the scenarios of one part of a file that the suite is given as well: `  - name` each."""
    text = file.read_text(encoding="utf-8")
    part = re.search(rf"^{side}:\n((?:  - \S+\n)*)", text, flags=re.MULTILINE)
    return frozenset(re.findall(r"- (\S+)", part[1])) if part is not None else frozenset()


def outcomes(side: Side, folder: Path) -> Iterator[Outcome]:
    """Yield what the suite wrote: a folder a scenario, named after it and the time."""
    for file in sorted(folder.rglob("checks.json")):
        written = file.parent
        name = re.sub(r"-\d{4}-\d{2}-\d{2}T[\d-]+Z$", "", str(written.relative_to(folder)))
        checks: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        bad = [check for check in checks if check["status"] in {"FAILURE", "WARNING"}]
        is_client = side == "client"
        stdout = (written / "stdout.txt").read_text(encoding="utf-8") if is_client else FINISHED
        yield Outcome(
            scenario=name if is_client else name.removeprefix("server-"),
            succeeded=sum(check["status"] == "SUCCESS" for check in checks),
            wrong=tuple(f"{check['name']}: {check.get('errorMessage') or check['description']}" for check in bad),
            finished=stdout.splitlines()[-1:] == [FINISHED],
            stderr=(written / "stderr.txt").read_text(encoding="utf-8") if is_client else "",
        )


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
