"""Everything that is wrong with one configuration, in one error, for the person who wrote it."""

import difflib
from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from actors.config import BreakerPolicy, Section, ServerConfig, ToolConfig
from actors.errors import ConfigurationError
from mcp_orchestrator.config.daemon import DaemonSettings
from mcp_orchestrator.config.models import KeyPath, OrchestratorSettings

_HOMES: Mapping[str, type[Section]] = {
    "[orchestrator]": OrchestratorSettings,
    "[daemon]": DaemonSettings,
    "[servers.NAME]": ServerConfig,
    "[servers.NAME.breaker]": BreakerPolicy,
    "[servers.NAME.tools.TOOL]": ToolConfig,
}
_SAYS = {
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le:.0f}",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
}
_PATTERNS: Mapping[tuple[str | int, bool], str] = {  # By field, and whether the mistake is in the key of an entry.
    ("url", False): "must begin with http:// or https:// and name a host",
    ("api_key", False): "must be letters and digits without spaces: copy it again",
    ("token", False): "must be letters and digits without spaces: copy it again",
    ("host", False): "must be a host name or an address",
    ("hosts", False): "must be a host name or an address",
    ("state_dir", False): "must be an absolute path, or begin with ~",
    ("env", True): "must be the name of a variable",
    ("headers", True): "must be the name of a header",
    ("headers", False): "must be one line of Latin-1 text",
}


class Mistakes:
    """What was found so far. Secrets are safe: no text from the configuration is shown, only keys and numbers.

    One mistake a key: the second would only be an echo of the first.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: dict[KeyPath, str] = {}
        self._written: dict[KeyPath, str] = {}

    def written_as(self, path: KeyPath, place: str) -> None:
        """Remember that the value of `path` was written elsewhere: in a variable, in the table of a client."""
        self._written[path] = place

    def moved(self, path: KeyPath, to: KeyPath) -> None:
        """Remember that the value of `to` was written as `path`: in another spelling."""
        self._written[to] = self._written.get(path, shown(path))

    def add(self, path: KeyPath, text: str) -> None:
        """Note that what stands at `path` is wrong; `text` follows the path: "must be …; write …"."""
        self._found.setdefault(path, text)

    def add_invalid(
        self, path: KeyPath, error: ValidationError, model: type[Section], *, also: Iterable[str] = ()
    ) -> None:
        """Note all that `model` found wrong with the table at `path`. `also`: more keys the table may have."""
        for one in error.errors(include_url=False):
            inner, kind = one["loc"], one["type"]
            if kind == "extra_forbidden":
                home, known = _table_at(model, inner[:-1])
                self.add(path + inner, unknown_key(str(inner[-1]), {*known, *(also if home is model else ())}, home))
            elif kind == "value_error":  # A rule of our own: its words are made for this.
                self.add(path + inner, one["msg"].removeprefix("Value error, "))
            else:
                self.add(path + tuple(part for part in inner if part != "[key]"), _says(inner, kind, one))

    def check(self) -> None:
        """Raise all of it as one ConfigurationError, if there is any."""
        if not self._found:
            return
        found = [f"{self._place(path)}{text}" for path, text in self._found.items()]
        if len(found) == 1:
            raise ConfigurationError(f"{self._source}: {found[0]}")
        raise ConfigurationError("\n- ".join([f"{self._source}: {len(found)} mistakes", *found]))

    def _place(self, path: KeyPath) -> str:
        """Name the key as its author wrote it: of all remembered places, the one nearest to `path`."""
        for length in range(len(path), 0, -1):
            if place := self._written.get(path[:length]):
                return f"{place}{shown(path[length:], begins=False)}: "
        return f"{shown(path)}: " if path else ""


def shown(path: KeyPath, *, begins: bool = True) -> str:
    """Write a path as TOML would: servers.sonarr.command[0], servers."a.b".url."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if part.replace("_", "").replace("-", "").isalnum() else f'."{part}"'
    return text.removeprefix(".") if begins else text


def nearest(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that was most likely meant."""
    return next(iter(difflib.get_close_matches(key.lower().replace("-", "_"), sorted(known), n=1, cutoff=0.7)), None)


def unknown_key(key: str, known: Iterable[str], home: type[Section] | None = None) -> str:
    """Say that `key` is unknown, and what to do: the likely meant key, or the table where it belongs."""
    for title, model in _HOMES.items():
        if model is not home and key in model.model_fields and key != "name":
            return f"unknown here; it belongs in {title}"
    if meant := nearest(key, known):
        return f"unknown key; did you mean {meant}?"
    return "unknown key; remove it"


def _table_at(model: type[Section], inner: KeyPath) -> tuple[type[Section], set[str]]:
    """Find the model of a table inside `model`, and the keys it may have."""
    if inner:
        model = BreakerPolicy if inner[0] == "breaker" else ToolConfig
    return model, set(model.model_fields) - {"name"}


def _says(inner: KeyPath, kind: str, one: ErrorDetails) -> str:
    """Put one finding of pydantic into words that follow the key."""
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get((inner[0], inner[-1] == "[key]"), "must not hold a NUL character")
    says = _SAYS[kind].format_map(one.get("ctx", {}))
    if kind == "literal_error" and isinstance(one["input"], str):
        return says
    if kind == "string_type" and isinstance(one["input"], int | float):
        return f"{says}: put it in quotes"
    return f"{says}, not {_kind(one['input'])}"


def _kind(value: object) -> str:
    """Name a value where a number or a table belongs, without showing text, which may be secret."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    names: dict[type, str] = {type(None): "null", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")
