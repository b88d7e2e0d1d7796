"""A server in hand: its tools as methods, each call a future. Run it: python examples/handles.py."""

import sys

from mcp_orchestrator import MCPOrchestrator

CONFIG = {
    "orchestrator": {"state": "memory"},
    "servers": {"sonarr": {"command": [sys.executable, "-m", "media_servers.sonarr", "--simulate"], "aliases": ["tv"]}},
}

with MCPOrchestrator(CONFIG) as orchestrator:
    sonarr = orchestrator.server("tv")

    found = sonarr.search_series(term="tide", limit=1)  # Under way; both run at once.
    wanted = sonarr["get_wanted"](limit=1)  # For names that are no Python names.
    print("found:", found.result(timeout=10).data["items"][0]["title"])
    print("wanted:", wanted.result(timeout=10).data["total"], "episodes")

    print("state:", sonarr.status["state"])
    print("tools:", ", ".join(sonarr.tools))
