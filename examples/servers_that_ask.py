"""A server that asks the user before it goes on. Run it: python examples/servers_that_ask.py."""

import sys
from typing import Any

from mcp_orchestrator import Elicitation, MCPOrchestrator

# The smallest server there is that asks: it answers a call with a question, and the call that brings the answer along
# with a result. Servers of every earlier revision of MCP ask in another way; the handler below serves all alike.
SERVER = """
import json, sys
FORM = {"type": "object", "properties": {"when": {"type": "string"}, "seats": {"type": "integer", "default": 2}}}
QUESTION = {"method": "elicitation/create", "params": {"message": "For when?", "requestedSchema": FORM}}
for line in sys.stdin:
    asked = json.loads(line)
    result = {"resultType": "complete"}
    if asked["method"] == "server/discover":
        result |= {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
    elif asked["method"] == "tools/list":
        result |= {"tools": [{"name": "book_table", "inputSchema": {"type": "object"}}]}
    elif "inputResponses" in asked["params"]:
        answer = asked["params"]["inputResponses"]["table"]
        said = "{when}, {seats} seats".format(**answer["content"]) if answer["action"] == "accept" else "no table"
        result |= {"content": [{"type": "text", "text": said}]}
    else:
        result = {"resultType": "input_required", "inputRequests": {"table": QUESTION}}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""
CONFIG = {
    "orchestrator": {"state": "memory"},
    "servers": {"restaurant": {"command": [sys.executable, "-c", SERVER]}},
}


def ask_the_user(asked: Elicitation) -> dict[str, Any]:
    """Answer for the user, on a thread that may wait: a real program would show a form here."""
    print(f"{asked.server} asks: {asked.message}", list(asked.requested_schema["properties"]))
    return {"action": "accept", "content": {"when": "Friday"}}  # Or {"action": "decline"}, or "cancel".


with MCPOrchestrator(CONFIG, on_elicitation=ask_the_user) as orchestrator:
    # Calls that may have to wait for somebody need a timeout that somebody can keep.
    booked = orchestrator.call_tool("restaurant", "book_table", timeout=300)
    print("booked:", booked.data)
