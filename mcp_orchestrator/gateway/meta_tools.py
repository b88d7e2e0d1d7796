"""Three tools of the gateway's own, by which a model finds, calls and understands all others. On the loop's thread.

A list of a thousand tools fills a model's context before it has read the question; these three cost little, and the
schemas of those it needs come when it asks for them.
"""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

from actors.catalogue import Tool
from mcp_orchestrator.access import Identity
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.gateway.catalogue import OneCatalogue, Tools
from mcp_orchestrator.gateway.search import Index

Mode = Literal["off", "beside", "instead"]

SEARCH, CALL, EXPLAIN = "search_tools", "call_tool", "explain_server"
NAMES = frozenset({SEARCH, CALL, EXPLAIN})
MOST_FOUND = 50
_USUALLY = 10
_LONGEST = 300  # Characters of a description.
_READS = {"readOnlyHint": True, "openWorldHint": False}

TOOLS: list[Tool] = [
    {
        "name": SEARCH,
        "title": "Search tools",
        "description": "Find tools by words of what they do, best match first, with the schemas of their arguments. "
        f"Run them with {CALL}.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "words, such as: pause download; empty: the first of all"},
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": _USUALLY},
            },
            "required": ["query"],
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "tools": {"type": "array", "items": {"type": "object"}},
                "found": {"type": "integer", "description": "how many there are in all"},
            },
            "required": ["tools", "found"],
        },
        "annotations": _READS,
    },
    {
        "name": CALL,
        "title": "Call a tool",
        "description": f"Run a tool that {SEARCH} has found. Its result is the tool's own.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": f"as {SEARCH} gives it"},
                "arguments": {"type": "object", "description": "as the tool's inputSchema says"},
            },
            "required": ["name"],
        },
        "annotations": {"destructiveHint": True, "openWorldHint": True},
    },
    {
        "name": EXPLAIN,
        "title": "Explain a server",
        "description": "Say in sentences how a server is, why, and what happens next; without a name, of all in short.",
        "inputSchema": {"type": "object", "properties": {"server": {"type": "string"}}},
        "outputSchema": {
            "type": "object",
            "properties": {"servers": {"type": "array", "items": {"type": "object"}}},
            "required": ["servers"],
        },
        "annotations": _READS,
    },
]


class MetaTools:
    """What they answer. `mode`: whether they are listed, and whether all others are too."""

    def __init__(self, mode: Mode, orchestrator: AsyncMCPOrchestrator, catalogue: OneCatalogue) -> None:
        self._mode, self._orchestrator, self._catalogue = mode, orchestrator, catalogue
        self._indexed: tuple[Tools, Index] | None = None

    def listed(self, others: list[Tool]) -> list[Tool]:
        """Return the list of tools that callers get, of whom these are all others."""
        if self._mode == "off":
            return others
        return TOOLS if self._mode == "instead" else [*TOOLS, *others]

    def has(self, name: str) -> bool:
        """Say if this is the name of one of them."""
        return self._mode != "off" and name in NAMES

    def search(self, arguments: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
        """Return the result of search_tools: of what this caller may call."""
        query, limit = arguments.get("query", ""), arguments.get("limit", _USUALLY)
        if not isinstance(query, str):
            return failed("query must be text")
        if type(limit) is not int or not 1 <= limit <= MOST_FOUND:
            return failed(f"limit must be a whole number from 1 to {MOST_FOUND}")
        tools = self._catalogue.tools()
        if self._indexed is None or self._indexed[0] is not tools:
            self._indexed = tools, Index(tools.modern)
        his = [n for n, origin in enumerate(tools.names.offered.values()) if identity.may_call(origin.full_name)]
        found = self._indexed[1].search(query, his)
        return _said({"tools": [_in_short(tools.modern[n]) for n in found[:limit]], "found": len(found)})

    def explain(self, arguments: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
        """Return the result of explain_server: of those servers of which this caller may use something."""
        config = self._orchestrator.config
        known = [name for name in config.servers if identity.may_read(name)]
        wanted = arguments.get("server")
        if wanted is None:
            return _said({"servers": [self._explained(name, short=True) for name in known]})
        meant = [name for name in known if wanted == name or wanted in config.servers[name].aliases]
        if not meant:
            return failed(f"Unknown server: {wanted}. There are: {', '.join(known)}")
        return _said({"servers": [self._explained(meant[0], short=False)]})

    def unknown(self, name: str, identity: Identity) -> dict[str, Any]:
        """Return the result of call_tool for a tool that there is not: with what may have been meant."""
        names = [tool["name"] for tool in self._catalogue.listed(identity, is_modern=True)]
        close = ", ".join(get_close_matches(name, names, cutoff=0.5))
        return failed(f"Unknown tool: {name}. {f'Similar: {close}.' if close else f'{SEARCH} finds tools.'}")

    def _explained(self, server: str, *, short: bool) -> dict[str, Any]:
        sentences = self._orchestrator.explain(server)
        return {
            "server": server,
            "connected": self._orchestrator.is_connected(server),
            "tools": self._orchestrator.get_server_status(server)["tools"],
            "sentences": sentences[:1] if short else sentences,
        }


def failed(text: str) -> dict[str, Any]:
    """Return a result that a model reads, and then does better."""
    return {"content": [{"type": "text", "text": f"{text}. Nothing was executed."}], "isError": True}


def _said(what: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(what, ensure_ascii=False, separators=(",", ":"))
    return {"content": [{"type": "text", "text": text}], "structuredContent": what}


def _in_short(tool: Tool) -> dict[str, Any]:
    kept = {key: tool[key] for key in ("name", "description", "inputSchema", "annotations") if key in tool}
    text = kept.get("description")
    if isinstance(text, str) and len(text) > _LONGEST:
        kept["description"] = text[:_LONGEST].rsplit(maxsplit=1)[0] + " …"
    return kept
