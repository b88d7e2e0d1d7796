"""The headers of MCP over HTTP: those of every POST, those of a GET, and what a modern request says of itself. Pure.

Source: the Streamable HTTP pages of the revisions 2025-03-26 to 2026-07-28.
"""

from collections.abc import Mapping

from actors.mcp.header_values import header_value
from actors.transport import Request

SESSION_ID = "Mcp-Session-Id"
PROTOCOL_VERSION = "MCP-Protocol-Version"
METHOD, NAME = "Mcp-Method", "Mcp-Name"
LAST_EVENT_ID = "Last-Event-ID"

_OURS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "Accept-Encoding": "identity",
}
_FRAMING = ("Content-Length", "Transfer-Encoding")
_RESERVED = {name.lower() for name in (*_OURS, *_FRAMING, SESSION_ID, PROTOCOL_VERSION, METHOD, NAME, LAST_EVENT_ID)}
_RESERVED_PREFIX = "mcp-param-"

# Where a request keeps the name that its header repeats.
_NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
# Most sets of headers that are kept, and the longest name in one: a guess at what a busy connection says again.
_MOST_KEPT, _LONGEST_KEPT = 1024, 256


def post_headers(configured: Mapping[str, str]) -> Mapping[str, str]:
    """Return what every POST carries: the protocol's own, and those of the configuration that are not its business."""
    theirs = {
        name: value
        for name, value in configured.items()
        if name.lower() not in _RESERVED and not name.lower().startswith(_RESERVED_PREFIX)
    }
    return {"User-Agent": "mcp-orchestrator", **theirs, **_OURS}


def get_headers(posted: Mapping[str, str], last_event_id: str | None = None) -> Mapping[str, str]:
    """Return the headers of a GET for events, from those of a POST in the same session. The id goes out as UTF-8."""
    headers = {name: value for name, value in posted.items() if name != "Content-Type"}
    headers["Accept"] = "text/event-stream"
    if last_event_id is not None:
        headers[LAST_EVENT_ID] = last_event_id.encode(errors="replace").decode("latin-1")
    return headers


class ModernHeaders:
    """Says in headers what a modern request says in its body. Any thread.

    What says the same is the same object: a connection repeats the head of such a request without making it anew.
    """

    def __init__(self, configured: Mapping[str, str]) -> None:
        self._bare = post_headers(configured)
        self._kept: dict[tuple[str, str, str | None], Mapping[str, str]] = {}

    def headers_for(self, request: Request, version: str) -> Mapping[str, str]:
        """Return what to send this request with; `version`: the one in its `_meta`. Never with a session."""
        name = _name_of(request)
        key = (version, request.method, name)
        headers = self._kept.get(key)
        if headers is None:
            headers = {**self._bare, PROTOCOL_VERSION: version, METHOD: header_value(request.method)}
            if name is not None:
                headers[NAME] = header_value(name)
            self._keep(key, headers)
        return {**headers, **request.headers} if request.headers else headers

    def _keep(self, key: tuple[str, str, str | None], headers: Mapping[str, str]) -> None:
        if len(key[2] or "") > _LONGEST_KEPT:
            return
        if len(self._kept) >= _MOST_KEPT:  # Names without end, as of resources: none of them comes again.
            self._kept.clear()
        self._kept[key] = headers


def _name_of(request: Request) -> str | None:
    key = _NAMED_BY.get(request.method)
    if key is None or request.params is None:
        return None
    name = request.params.get(key)
    return name if isinstance(name, str) else None
