"""Progress of a call: asked for in its params, told to whoever wants to know. Source: MCP 2025-11-25, progress."""

from collections.abc import Mapping
from typing import Any

from actors.call import Call, RunLater
from actors.catalogue import table


def asked_for(call: Call, token: int) -> Mapping[str, Any]:
    """Return the params to send: the caller's, with a token if he wants progress."""
    if call.on_progress is None:
        return call.params
    return {**call.params, "_meta": {**table(call.params.get("_meta")), "progressToken": token}}


def report(call: Call, params: Mapping[str, Any], run_later: RunLater) -> None:
    """Tell the caller what a notification says, on the callbacks thread; one that says nothing usable is dropped."""
    on_progress, done, total, text = call.on_progress, *map(params.get, ("progress", "total", "message"))
    if on_progress is None or not isinstance(done, int | float):
        return
    known = total if isinstance(total, int | float) else None
    said = text if isinstance(text, str) else None
    run_later(lambda: on_progress(done, known, said))
