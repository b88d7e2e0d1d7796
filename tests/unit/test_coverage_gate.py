"""The gate at the end of the tests opens only for a report that reaches every target."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GATE = ROOT / "scripts" / "coverage_gate.py"
FILES = tuple(
    str(path.relative_to(ROOT))
    for package in ("actors", "supervisors", "mcp_orchestrator")
    for path in (ROOT / package).rglob("*.py")
)  # Those that there are: a component whose file was renamed is not measured.
FULL = {"covered_lines": 20, "num_statements": 20, "covered_branches": 20, "num_branches": 20}


def gate(files: dict[str, dict[str, int]], folder: Path) -> tuple[int, list[str]]:
    report = folder / "report.json"
    report.write_text(json.dumps({"files": {path: {"summary": summary} for path, summary in files.items()}}))
    command = [sys.executable, str(GATE), str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own script
    assert done.stderr == ""
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("MISSED")]


def test_a_report_that_reaches_every_target_passes(tmp_path: Path) -> None:
    assert gate(dict.fromkeys(FILES, FULL), tmp_path) == (0, [])


def test_a_critical_path_with_one_branch_unseen_does_not_pass(tmp_path: Path) -> None:
    status, (missed,) = gate(
        {**dict.fromkeys(FILES, FULL), "actors/call.py": FULL | {"covered_branches": 19}}, tmp_path
    )

    assert status == 1
    assert "branches  95.00 % of 100 %  actors/call.py" in missed


def test_a_component_that_was_not_measured_does_not_pass(tmp_path: Path) -> None:
    status, missed = gate(dict.fromkeys((path for path in FILES if path != "actors/router.py"), FULL), tmp_path)

    assert status == 1
    assert [line.split("  ")[0] for line in missed] == ["MISSED Tool Router", "MISSED critical path"]
    assert all(line.endswith("not measured: actors/router.py") for line in missed)


def test_too_little_over_all_does_not_pass(tmp_path: Path) -> None:
    status, (missed,) = gate(
        {**dict.fromkeys(FILES, FULL), "faults/faulty_server.py": FULL | {"num_statements": 2000}}, tmp_path
    )

    assert status == 1
    assert "everything" in missed
