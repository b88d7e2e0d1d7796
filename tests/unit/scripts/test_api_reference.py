"""The page of the Python interface says what the code says, and says all of it."""

import os
import subprocess
import sys
from pathlib import Path

import mcp_orchestrator
from actors import errors

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


def test_every_error_that_a_call_can_end_with_is_public() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    of_calls = {kind.__name__ for kind in kinds if issubclass(kind, errors.MCPOrchestratorError)}

    # A lost session is mended; a caller who hears of one cannot do else than for any other NotExecutedError.
    assert of_calls - {"SessionLostError"} <= set(mcp_orchestrator.__all__)
