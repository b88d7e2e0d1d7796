"""From a server's table with a preset to one without, for `loading`."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from mcp_orchestrator.config.mistakes import Mistakes
from mcp_orchestrator.config.models import KeyPath
from mcp_orchestrator.config.presets import PRESET_KEYS, PRESETS, Preset, PresetSettings
from mcp_orchestrator.config.sources import Table, as_table

_ACCESS = ("url", "api_key", "token", "ca_file")
_SECRETS = ("api_key", "token")
_NOT_BESIDE: Mapping[str, str] = {
    "command": "contradicts preset, which brings its own; keep one",
    "headers": "goes with the url of an MCP server, and that of a preset is the application's; remove it, or preset",
    "transport": "goes with the url of an MCP server, and that of a preset is the application's; remove it, or preset",
}


def without_access(table: Table) -> Table:
    """Leave out what a simulated application has no use for, before it is looked up: its secrets may not be there."""
    if "preset" not in table or table.get("simulate") is not True:
        return table
    return {key: value for key, value in table.items() if key not in _ACCESS}


def expanded(table: Table, path: KeyPath, folder: Path, mistakes: Mistakes, of_access: Mistakes) -> Table | None:
    """Return the table in the settings that every server has; None if it cannot be told what is meant.

    * `folder`: where a relative `ca_file` is.
    * `of_access`: takes the mistakes in address and secret, which a disabled server need not have.
    """
    if "preset" not in table:
        stray = [key for key in table if key in PRESET_KEYS]
        for key in stray:
            mistakes.add((*path, key), _stray(key))
        return None if stray else table
    name = table["preset"]
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        mistakes.add((*path, "preset"), f"must be one of {', '.join(PRESETS)}; for any other server give its command")
        return None
    beside = [key for key in _NOT_BESIDE if key in table]
    for key in beside:
        mistakes.add((*path, key), _NOT_BESIDE[key])
    if beside:
        return None
    told = _told(table, preset, path, folder, of_access)
    own = {key: value for key, value in table.items() if key != "url" and key not in PRESET_KEYS}
    return preset.expanded(told, own)


def _stray(key: str) -> str:
    names = ", ".join(PRESETS)
    if key in _SECRETS:
        return f"goes with a preset; add preset = one of {names}, or put it into env (a command) or headers (a url)"
    return f"goes with a preset; add preset = one of {names}, or remove it"


def _told(table: Table, preset: Preset, path: KeyPath, folder: Path, mistakes: Mistakes) -> PresetSettings:
    """Return what the table says of the application; where it is wrong, without it."""
    given = {key: value for key, value in table.items() if key in PresetSettings.model_fields}
    given = {key: value for key, value in given.items() if key not in _ACCESS or value != ""}  # As good as not there.
    try:
        told = PresetSettings.model_validate(given)
    except ValidationError as error:
        mistakes.add_invalid(path, error, PresetSettings)
        return PresetSettings(preset=preset.name, simulate=given.get("simulate") is True)
    _check(told, preset, table, path, mistakes)
    if told.ca_file is None or told.simulate:
        return told
    file = folder / Path(told.ca_file).expanduser()
    if not file.is_file():
        mistakes.add((*path, "ca_file"), f"there is no file {file}; correct the path")
    return told.model_copy(update={"ca_file": str(file)})


def _check(told: PresetSettings, preset: Preset, table: Table, path: KeyPath, mistakes: Mistakes) -> None:
    """Note what is missing or another application's, unless the user has set the variable."""
    (other,) = (secret for secret in _SECRETS if secret != preset.secret)
    if other in table:
        mistakes.add((*path, other), f"is not what {preset.title} has; write {preset.secret}")
        return
    variables = as_table(table.get("env")) or {}
    if told.simulate:
        return
    if told.url is None and preset.variable("url") not in variables:
        mistakes.add((*path, "url"), f"is missing; give the address of {preset.title}, such as {preset.example}")
    by_variable = {preset.variable(preset.secret), preset.variable(f"{preset.secret}_file")}
    if getattr(told, preset.secret) is None and not by_variable.intersection(variables):
        mistakes.add(
            (*path, preset.secret),
            f"is missing; give what stands in {preset.title} under {preset.secret_found}, "
            f'best as {{ file = "secrets/{preset.secret_file}" }}',
        )
