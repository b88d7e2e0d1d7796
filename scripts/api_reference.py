"""Writes docs/api.md from the public names, their signatures and docstrings; `--check` only says if it is current."""

import dataclasses
import inspect
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import mcp_orchestrator
from mcp_orchestrator import MCPOrchestratorError
from mcp_orchestrator.face import Face

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
SECTIONS = {
    "The faces": ("MCPOrchestrator", "AsyncMCPOrchestrator", "ServerHandle"),
    "What goes in": ("ToolCall", "load", "OrchestratorConfig", "ServerConfig", "ToolConfig", "BreakerPolicy"),
    "What comes out": (
        "ToolResult",
        "CallMetadata",
        "CallFuture",
        "CallOutcome",
        "FailedCall",
        "Incident",
        "Notification",
        "Repeatable",
    ),
    "What servers ask": ("Elicitation", "Sampling"),
}
# Public among our modules only.
OUR_OWN = ("tell_when_done", "watch", "branch", "refusal", "get_statuses", "get_health")
INTRODUCTION = """# Python interface

Everything here is imported from `mcp_orchestrator`; what is not here may change without notice. This page is made from
the code by `scripts/api_reference.py`. The settings are described in [configuration](configuration.md), what servers
may ask in [protocol](protocol.md), and there are [examples](../examples). What is to be known beside the outcomes of
calls is logged, by `logging`, as `actors`, `supervisors` and `mcp_orchestrator`.

```python
from mcp_orchestrator import MCPOrchestrator

with MCPOrchestrator({"sonarr": {"command": ["python", "-m", "media_servers.sonarr", "--simulate"]}}) as orchestrator:
    sonarr = orchestrator.server("sonarr")
    found = sonarr.search_series(term="tide")          # a future: the call is under way
    print(found.result().data)                         # a ToolResult's data, or the call's one error
```
"""


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    for title, names in SECTIONS.items():
        parts += [f"## {title}\n", *(_entry(name) for name in names)]
    parts += ["## Errors\n", _errors()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _entry(name: str) -> str:
    thing = getattr(mcp_orchestrator, name)
    if not inspect.isclass(thing):
        return f"### `{name}{_signature(thing)}`\n\n{_text(thing)}\n"
    lines = [f"### `{name}`\n", _text(thing), ""]
    if thing is mcp_orchestrator.MCPOrchestrator:
        lines += [f"#### `MCPOrchestrator{_signature(thing)}`\n", _text(Face).partition("\n\n")[2], ""]
    if thing is mcp_orchestrator.AsyncMCPOrchestrator:
        awaited = [f"`{one}`" for one, member in vars(thing).items() if _is_awaited(one, member)]
        lines += textwrap.wrap(f"Awaited are {', '.join(awaited)}; all others are not.", 120, break_on_hyphens=False)
        lines.append("")
    if dataclasses.is_dataclass(thing):
        lines += [*(f"* `{field.name}: {_type(field.type)}`" for field in dataclasses.fields(thing)), ""]
    for method, function in _methods(thing):
        if not inspect.isfunction(function):
            lines += [f"#### `.{method}`\n", _text(function), ""]
        else:
            lines += [f"#### `{method}{_signature(function)}`\n", _text(function), ""]
    return "\n".join(lines) + "\n"


def _methods(thing: type) -> Iterator[tuple[str, object]]:
    """Yield what a class of ours defines, the faces with what they share."""
    kinds = thing.__mro__[:-1] if thing is mcp_orchestrator.MCPOrchestrator else (thing,)
    for kind in kinds:
        for name, member in vars(kind).items():
            ours = inspect.isfunction(member) or type(member) in (property, cached_property)
            if (
                ours
                and not name.startswith("_")
                and name not in OUR_OWN
                and inspect.getdoc(member) not in (None, "See MCPOrchestrator.")
            ):
                yield name, member


def _is_awaited(name: str, member: object) -> bool:
    return inspect.iscoroutinefunction(member) and not name.startswith("_")


def _errors() -> str:
    rows, more = ["| Error | When | Is also |", "|---|---|---|"], ""
    for name in mcp_orchestrator.__all__:
        thing = getattr(mcp_orchestrator, name)
        if inspect.isclass(thing) and issubclass(thing, MCPOrchestratorError):
            also = [base.__name__ for base in thing.__mro__[1:] if base not in (BaseException, Exception, object)]
            when, _, rest = _text(thing).partition("\n\n")
            rows.append(f"| `{name}` | {when} | {', '.join(f'`{one}`' for one in also)} |")
            more += f"\n\n#### `{name}`\n\n{rest}" if rest and thing is not MCPOrchestratorError else ""
    return f"{_text(MCPOrchestratorError)}\n\n" + "\n".join(rows) + more


class _Environ:
    """Stands for `os.environ` in a signature, whose own repr is this machine's business."""

    def __repr__(self) -> str:
        return "os.environ"


def _signature(function: object) -> str:
    signature = inspect.signature(function)  # type: ignore[arg-type]  # a function or a class
    named = [
        one.replace(default=_Environ()) if one.default is os.environ else one for one in signature.parameters.values()
    ]
    text = str(signature.replace(parameters=named))
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text)
    text = re.sub(r"-> '(.*)'$", r"-> \1", text).replace("(self, ", "(").replace("(self)", "()")
    return re.sub(r"[~+](?=[A-Z])", "", text)  # So typing marks its variables.


def _type(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", text)


def _text(thing: object) -> str:
    """Return the docstring, its examples as code."""
    text = inspect.getdoc(thing) or ""
    text = re.sub(r"(?m)((?:^(?:>>>|\.\.\.).*\n?)+)", r"```python\n\1\n```", text)
    return re.sub(r"(?m)^(?:>>>|\.\.\.) ?", "", text).replace("\n\n```", "\n```")


def main() -> int:
    """Write the page, or with `--check` compare only. Exit status 1: it is out of date."""
    new, old = page(), PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if "--check" in sys.argv[1:]:
        sys.stdout.write("" if new == old else f"{PAGE} is out of date: run scripts/api_reference.py\n")
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
