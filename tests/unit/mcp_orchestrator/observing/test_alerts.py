"""The alerts that the page offers: each can be loaded, is about metrics that there are, and says what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PAGE = (Path(__file__).parents[4] / "docs" / "observability.md").read_text(encoding="utf-8")
BLOCKS: list[dict[str, Any]] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
RULES: list[dict[str, Any]] = next(block for block in BLOCKS if "groups" in block)["groups"][0]["rules"]


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_is_about_what_there_is_and_says_what_to_do(rule: dict[str, Any]) -> None:
    names = set(re.findall(r"mcp_orchestrator_(\w+)", rule["expr"])) or {"up"}
    documented = {*re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE), "up"}

    assert names <= documented
    assert rule["annotations"]["do"].endswith(".")
