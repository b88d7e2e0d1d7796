"""The page of the Python interface says what the code says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_reference_in_the_documentation_is_up_to_date() -> None:
    done = subprocess.run(  # noqa: S603 -- our own script
        [sys.executable, ROOT / "scripts" / "api_reference.py", "--check"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
