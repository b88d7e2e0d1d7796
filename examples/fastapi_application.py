"""The control API in a FastAPI application of your own. Run it: python examples/fastapi_application.py.

To serve it and look around: uvicorn examples.fastapi_application:app, then http://127.0.0.1:8000/docs.
"""

import sys
import time
from threading import Thread

import requests
import uvicorn
from fastapi import FastAPI

from mcp_orchestrator import AsyncMCPOrchestrator
from mcp_orchestrator.control import control_api

CONFIG = {
    "orchestrator": {"state": "memory"},
    "servers": {"radarr": {"command": [sys.executable, "-m", "media_servers.radarr", "--simulate"]}},
}

# These three lines are all: servers are connected when the application starts, and disconnected when it ends.
orchestrator = AsyncMCPOrchestrator(CONFIG)
app = FastAPI(title="Films")
app.include_router(control_api(orchestrator))


@app.get("/films")
async def films(term: str) -> list[str]:
    """Return the titles that are found: a route of the application's own, on the same orchestrator."""
    found = await orchestrator.call_tool("radarr", "search_movies", {"term": term})
    return [film["title"] for film in found.data["items"]]


def main() -> None:
    """Serve the application for a moment, and ask it a few things."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    serving = Thread(target=server.run)
    serving.start()
    while not server.started:
        time.sleep(0.05)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    print("found:", requests.get(f"{url}/films", {"term": "nosferatu"}, timeout=10).json())
    for line in requests.get(f"{url}/api/v1/servers/radarr/explain", timeout=10).json()["explain"][:2]:
        print(line)
    pause = {"state": "open", "reason": "a new disk", "for_s": 60}
    requests.put(f"{url}/api/v1/servers/radarr/breaker", json=pause, timeout=10).raise_for_status()
    refused = requests.post(f"{url}/api/v1/call", json={"server": "radarr", "tool": "get_movies"}, timeout=10)
    print(refused.status_code, refused.json()["error"]["message"])

    server.should_exit = True
    serving.join()


if __name__ == "__main__":
    main()
