"""What a request needs a token for. Pure. What is not named here needs one: a new path is shut until somebody opens it.

* MCP needs "call", whatever its method. So do calls through the control API.
* What only looks needs "read"; what changes anything, "admin".
* Whether the daemon lives, and the files of its pages, which hold nothing of anybody's, need none.
"""

from mcp_orchestrator.access.identity import TokenScope

MCP = "/mcp"
_CALLS = ("/api/v1/call", "/api/v1/batch")
_FOR_ALL = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json", "/favicon.ico", "/robots.txt"})
_FOLDERS_FOR_ALL = ("/dashboard/", "/.well-known/")  # In the second nothing is: clients look there for OAuth.
_LOOKS = ("GET", "HEAD")


def needed(method: str, path: str) -> TokenScope | None:
    """Return what the token of a request must be good for; None: it needs none."""
    path = path.rstrip("/") or "/"
    if path == MCP or (path in _CALLS and method == "POST"):
        return "call"
    if method not in _LOOKS:
        return "admin"
    return None if path in _FOR_ALL or f"{path}/".startswith(_FOLDERS_FOR_ALL) else "read"
