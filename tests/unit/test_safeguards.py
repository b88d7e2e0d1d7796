"""The table of safeguards fits the code that it is about, so that `scripts/mutate` can be run at any time."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAFEGUARDS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/safeguards.toml").read_text("utf-8"))["safeguard"]


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard["name"])
def test_what_would_be_taken_out_is_there_once_and_there_are_tests_to_notice(safeguard: dict[str, Any]) -> None:
    code = (ROOT / safeguard["file"]).read_text("utf-8")

    assert code.count(safeguard["old"]) == 1
    assert safeguard["new"] != safeguard["old"]
    assert safeguard["tests"]
    for name in safeguard["tests"]:
        assert (ROOT / "tests/unit/actors" / f"{name}.py").exists(), name


def test_each_safeguard_has_a_name_of_its_own_and_is_in_the_documentation() -> None:
    page = (ROOT / "docs/safeguards.md").read_text("utf-8")
    names = [safeguard["name"] for safeguard in SAFEGUARDS]

    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert [name for name in names if f"| {name} |" not in page] == []
