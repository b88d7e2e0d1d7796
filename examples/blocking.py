"""One call after the other, and what a call can end with. Run it: python examples/blocking.py."""

import os
import sys
from pathlib import Path

from mcp_orchestrator import MCPOrchestrator, MCPTimeoutError, MCPToolError, NotExecutedError, OutcomeUnknownError

os.environ.setdefault("PYTHON", sys.executable)  # media.toml asks for it: the Python that has the media servers.

with MCPOrchestrator(Path(__file__).with_name("media.toml")) as orchestrator:
    queue = orchestrator.call_tool("sabnzbd", "get_queue", {"limit": 3})
    print(f"{queue.data['total']} downloads, answered in {queue.metadata.attempts} attempt")
    for item in queue.data["items"]:
        print(f"  {item['name']}: {item['progress']} %")

    try:
        orchestrator.call_tool("sonarr", "add_series", {"tvdb_id": 700001}, timeout=10)
    except MCPToolError as error:  # The server answered, and the answer is an error.
        print(f"refused: {error.message}")
    except NotExecutedError as error:  # It never reached the server: safe to repeat, best after retry_after_s.
        print(f"try again in {error.retry_after_s} s")
    except OutcomeUnknownError:  # It went out and its answer was lost: look before you repeat it.
        print("look first")
    except MCPTimeoutError as error:  # By its deadline; `executed` says whether it had gone out.
        print(f"no answer in time, executed: {error.executed}")
