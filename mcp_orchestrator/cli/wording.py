"""How texts, numbers and times are written for a person. Pure."""

import time
from collections.abc import Mapping
from typing import Any

from actors.catalogue import table
from actors.status import Incident

_KINDS = {"config": "is configured wrongly", "auth_required": "refuses our credentials"}  # Others say it themselves.


def printable(text: str) -> str:
    """Return `text`, which a server may have written, as one line without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else " " if char.isspace() else ascii(char)[1:-1] for char in text)


def milliseconds(seconds: float | None) -> str:
    """Write a latency with two digits that count: "4.5", "12", "1500"; "-" for none."""
    if seconds is None:
        return "-"
    ms = seconds * 1000
    return f"{ms:.1f}" if ms < 10 else f"{ms:.0f}"


def duration(seconds: float) -> str:
    """Write how long something took: "8 ms", "1.5 s", "2 min"."""
    if seconds < 1:
        return f"{milliseconds(seconds)} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def clock_time(wall: float) -> str:
    """Write a time of day, local, from seconds since 1970."""
    return time.strftime("%H:%M:%S", time.localtime(wall))


def incident_line(incident: Incident) -> str:
    """Write an incident without its time: "plex lost: the server's process exited with code 1"."""
    kind = _KINDS.get(incident.kind, incident.kind.replace("_", " "))
    text = "" if incident.text in ("", incident.kind) else f": {printable(incident.text)}"
    return f"{incident.server} {kind}{text}"


def count(number: int, one: str) -> str:
    """Write a number with its noun: "1 server", "2 servers"."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def summary(tool: Mapping[str, Any]) -> str:
    """Return what a tool does in a few words: its first sentence, else its title."""
    description = tool.get("description")
    if isinstance(description, str) and description.strip():
        sentence, stop, _ = printable(description.strip().partition("\n")[0]).partition(". ")
        return (sentence + stop).strip()
    title = tool.get("title") or table(tool.get("annotations")).get("title")
    return printable(title) if isinstance(title, str) else ""
