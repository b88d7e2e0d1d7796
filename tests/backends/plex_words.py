"""What a Plex Media Server says, for PlexStub: one tree, written as XML or JSON, and its error pages."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from xml.sax.saxutils import quoteattr

from tests.backends.stub import Answer

Fact: TypeAlias = str | int | float | bool | None
ITEM_TAGS = frozenset({"Video", "Track", "Photo"})
# In JSON nearly every child is in a list, even an only one. Not these, within a session or an activity.
ALONE = frozenset({"User", "Player", "Session", "TranscodeSession", "Context"})
HEADERS: Mapping[str, str] = {"X-Plex-Protocol": "1.0", "Cache-Control": "no-cache"}
PHRASES: Mapping[int, str] = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Node:
    """An element. A fact that is None is left out, in JSON too: Plex writes no null."""

    tag: str
    facts: Mapping[str, Fact]
    inside: list["Node"] = field(default_factory=list["Node"])

    @property
    def is_item(self) -> bool:
        """Has a ratingKey or is of a kind that has: in JSON it is called Metadata, whatever its tag."""
        return self.tag in ITEM_TAGS or (self.tag == "Directory" and "ratingKey" in self.facts)


def container(inside: Iterable[Node], **facts: Fact) -> Node:
    """Return the root of every answer."""
    nodes = list(inside)
    return Node("MediaContainer", {"size": len(nodes), **facts}, nodes)


def slim(node: Node, query: Mapping[str, str]) -> Node:
    """Leave out of every item what `excludeElements` and `excludeFields` name."""
    elements = set(query.get("excludeElements", "").split(",")) if node.is_item else set[str]()
    fields = set(query.get("excludeFields", "").split(",")) if node.is_item else set[str]()
    facts = {name: value for name, value in node.facts.items() if name not in fields}
    return Node(node.tag, facts, [slim(child, query) for child in node.inside if child.tag not in elements])


def said(root: Node, *, as_json: bool, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a tree. In JSON a container without children has no key for them, not an empty list."""
    if as_json:
        body, media_type = json.dumps({root.tag: _document(root)}, ensure_ascii=False), "application/json"
    else:
        body, media_type = f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(root)}\n', "text/xml;charset=utf-8"
    return Answer(body=body.encode(), media_type=media_type, headers={**HEADERS, **(headers or {})})


def nothing(headers: Mapping[str, str] | None = None) -> Answer:
    """Answer 200 without a body, as after a change."""
    return Answer(media_type="text/html", headers={**HEADERS, **(headers or {})})


def page(status: int, *, of_root: bool = False) -> Answer:
    """Answer with an error page: HTML, whatever was accepted. The one of `/` sends a browser to the web client."""
    phrase = PHRASES[status]
    script = ""
    if of_root:
        script = (
            "<script>window.location = window.location.href.match(/(^.+\\/)[^\\/]*$/)[1] + 'web/index.html';</script>"
        )
    body = f"<html><head>{script}<title>{phrase}</title></head><body><h1>{status} {phrase}</h1></body></html>"
    return Answer(status=status, body=body.encode(), media_type="text/html", headers=HEADERS)


def maintenance(status: str) -> Answer:
    """Answer as while the database is worked on: XML, whatever was accepted."""
    response = _element(Node("Response", {"code": 503, "title": "Maintenance", "status": status}))
    return Answer(
        status=503,
        body=f'<?xml version="1.0" encoding="UTF-8"?>\n{response}\n'.encode(),
        media_type="text/xml;charset=utf-8",
        headers=HEADERS,
    )


def _element(node: Node) -> str:
    facts = "".join(f" {name}={_quoted(value)}" for name, value in node.facts.items() if value is not None)
    if not node.inside:
        return f"<{node.tag}{facts}/>"
    return f"<{node.tag}{facts}>{''.join(map(_element, node.inside))}</{node.tag}>"


def _quoted(value: str | float) -> str:
    return quoteattr(str(int(value)) if isinstance(value, bool) else str(value))


def _document(node: Node) -> dict[str, Any]:
    document: dict[str, Any] = {name: value for name, value in node.facts.items() if value is not None}
    for child in node.inside:
        name = "Metadata" if child.is_item else child.tag
        if child.tag == "Meta" or node.tag == "SearchResult" or (child.tag in ALONE and node.tag != "MediaContainer"):
            document[name] = _document(child)
        else:
            document.setdefault(name, []).append(_document(child))
    return document
