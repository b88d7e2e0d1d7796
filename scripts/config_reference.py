"""Writes the tables and presets of docs/configuration.md; `--check` only says whether they are up to date."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from actors.config import BreakerPolicy, Section, ServerConfig, ToolConfig
from mcp_orchestrator.config import DaemonSettings, OrchestratorSettings
from mcp_orchestrator.config.presets import PRESETS, Preset, PresetSettings
from mcp_orchestrator.config.sources import Table, as_table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
TABLES: dict[str, type[Section]] = {
    "orchestrator": OrchestratorSettings,
    "daemon": DaemonSettings,
    "servers.NAME": ServerConfig,
    "servers.NAME.tools.TOOL": ToolConfig,
    "servers.NAME.breaker": BreakerPolicy,
    "preset": PresetSettings,
}
_SUB_TABLES = ("breaker", "tools")  # They have tables of their own.


def table(model: type[Section]) -> str:
    """Return the settings of one model as a Markdown table."""
    properties = model.model_json_schema()["properties"]
    rows = ["| Setting | Value | Default | What it does |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if not (model is ServerConfig and name in ("name", *_SUB_TABLES)):
            default = "-" if field.is_required() else _default(field.default)
            cells = (f"`{name}`", _value(properties[name]), default, str(field.description))
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def presets() -> str:
    """Return what each preset expands to, as the TOML that it saves writing."""
    return "\n\n".join(f"```toml\n{expansion(preset)}\n```" for preset in PRESETS.values())


def expansion(preset: Preset) -> str:
    """Return one preset's table. In place of what the user gives stands the setting that it is given in."""
    access = {key: f"<{key}>" for key in ("url", "api_key", "token", "ca_file")}
    told = PresetSettings(preset=preset.name).model_copy(update=access)
    command: Table = {"command": ["python", *preset.arguments]}
    table = command | preset.expanded(told, {}) | command
    return "\n".join([f'[servers.{preset.name}]  # instead of preset = "{preset.name}"', *_lines(table, "")])


def filled(page: str) -> str:
    """Return the page with its tables and its presets made anew, each between its two markers."""
    made = {title: table(model) for title, model in TABLES.items()} | {"presets": presets()}
    for title, text in made.items():
        mark = re.escape(title)
        parts = re.split(rf"(?s)(?<=<!-- table: {mark} -->\n).*?(?=<!-- end: {mark} -->)", page)
        if len(parts) != 2:
            raise SystemExit(f"{PAGE}: {len(parts) - 1} places for the table {title}, there must be one")
        page = f"\n{text}\n\n".join(parts)
    return page


def _lines(table: Table, above: str) -> Iterator[str]:
    """Yield a table in TOML: one line a value, tables as dotted keys."""
    for key, value in table.items():
        if (inner := as_table(value)) is not None:
            yield from _lines(inner, f"{above}{key}.")
        else:
            yield f"{above}{key} = {f'{value:g}' if isinstance(value, float) else json.dumps(value)}"


def _value(schema: dict[str, Any]) -> str:
    """Say in words what JSON schema says of a value."""
    schema = next((choice for choice in schema.get("anyOf", ()) if choice["type"] != "null"), schema)
    if "enum" in schema:
        return " or ".join(f'`"{choice}"`' for choice in schema["enum"])
    match schema["type"]:
        case "number" | "integer" as kind:
            least = f" > {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""
            least = f" ≥ {schema['minimum']}" if "minimum" in schema else least
            return ("number" if kind == "number" else "whole number") + least
        case "boolean":
            return "true or false"
        case "array":
            return "list of text"
        case "object":
            return "table of text"
        case _:
            return "text"


def _default(value: object) -> str:
    if value is None:
        return "not set"
    value = to_jsonable_python(value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def main() -> int:
    """Write the page, or with `--check` compare only. Exit status 1: it is out of date."""
    page = PAGE.read_text(encoding="utf-8")
    new = filled(page)
    if "--check" in sys.argv[1:]:
        sys.stdout.write("" if new == page else f"{PAGE} is out of date: run scripts/config_reference.py\n")
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
