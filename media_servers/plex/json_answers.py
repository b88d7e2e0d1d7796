"""Answers in JSON as the XML they stand for: some that speak Plex's API write JSON whatever they are asked for."""

import json
from typing import cast
from xml.etree.ElementTree import Element

# In XML an item's element is named by what it holds; in JSON all are Metadata.
_TAGS = {"track": "Track", "photo": "Photo"} | dict.fromkeys(("show", "season", "artist", "album"), "Directory")


def parsed_json(text: str) -> Element:
    """Return the object, as a root that holds what is in it. Raises ValueError for what is no JSON."""
    document: dict[str, object] = json.loads(text)
    container = document.get("MediaContainer")
    if isinstance(container, dict):
        return _element("MediaContainer", cast("dict[str, object]", container))
    return Element("JSON")  # Of something else.


def _element(tag: str, fields: dict[str, object]) -> Element:
    made = Element(tag)
    for name, value in fields.items():
        entries = cast("list[object]", value) if isinstance(value, list) else [value]
        for entry in entries:
            if isinstance(entry, dict):
                table = cast("dict[str, object]", entry)
                tag = _TAGS.get(str(table.get("type")), "Video") if name == "Metadata" else name
                made.append(_element(tag, table))
            elif isinstance(entry, bool):
                made.set(name, str(int(entry)))
            elif entry is not None:
                made.set(name, str(entry))
    return made
