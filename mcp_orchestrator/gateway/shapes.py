"""What a caller of each era finds in a result, whatever the server that made it speaks. Pure."""

from collections.abc import Mapping
from typing import Any

from actors.catalogue import table
from actors.mcp.envelope import CLIENT_INFO, PROTOCOL_VERSION

SERVER_INFO: Mapping[str, Any] = CLIENT_INFO  # One name and version for both sides of us.
PREFIX = PROTOCOL_VERSION.removesuffix("protocolVersion")
_KEY = f"{PREFIX}serverInfo"
_OF_MODERN = ("resultType", "ttlMs", "cacheScope")
_CACHEABLE = frozenset(
    {"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"}
)


def for_modern(method: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result with what revision 2026-07-28 wants in it; what the server said of that stays."""
    shaped = {"resultType": "complete", **result}
    if method in _CACHEABLE and shaped["resultType"] == "complete":
        shaped.setdefault("ttlMs", 0)
        shaped.setdefault("cacheScope", "private")
    shaped["_meta"] = {**table(result.get("_meta")), _KEY: SERVER_INFO}
    return shaped


def for_legacy(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without what came with revision 2026-07-28; structured content is an object, or left out."""
    shaped = {key: value for key, value in result.items() if key not in _OF_MODERN}
    if "structuredContent" in shaped and not isinstance(shaped["structuredContent"], dict):
        del shaped["structuredContent"]
    if _KEY in (meta := table(shaped.get("_meta"))):
        shaped["_meta"] = {key: value for key, value in meta.items() if key != _KEY}
    return shaped
