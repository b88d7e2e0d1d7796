"""The scripts of the checkout make their environments of a Python that stays, whatever environment is active."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_with_an_environment_active_the_scripts_take_the_python_that_it_was_made_of(tmp_path: Path) -> None:
    active = tmp_path / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)  # noqa: S603 -- our own Python

    taken = subprocess.run(  # noqa: S603 -- our own script
        ["bash", "-c", ". scripts/_environment && main_python && python_of {}.{}".format(*sys.version_info)],  # noqa: S607 -- any bash
        cwd=ROOT,
        env=os.environ | {"PYTHON": str(active), "PATH": f"{active.parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()

    assert len(taken) == 2
    assert not [python for python in taken if Path(python).is_relative_to(tmp_path)]
    assert all(Path(python).samefile(active) for python in taken)
