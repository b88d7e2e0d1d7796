"""Progress of a call: asked for in its params, told to whoever wants to know. Source: MCP, progress; all revisions."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeGuard

from actors.call import Call, RunLater
from actors.catalogue import table
from actors.notices import Relay
from actors.statistics import Statistics


def asked_for(call: Call, token: int) -> Mapping[str, Any]:
    """Return the params to send: the caller's, with our token if he wants progress.

    A token of his own never goes along: tokens are ours to give out, as request ids are.
    """
    meta = table(call.params.get("_meta"))
    if call.on_progress is not None:
        return {**call.params, "_meta": {**meta, "progressToken": token}}
    if "progressToken" not in meta:
        return call.params
    return {**call.params, "_meta": {key: value for key, value in meta.items() if key != "progressToken"}}


class Progress:
    """Tells the callers of one server how far their calls are: in order, on the callbacks thread, with an end."""

    def __init__(self, run_later: RunLater, statistics: Statistics) -> None:
        self._relay, self._statistics = Relay(run_later), statistics

    def report(self, call: Call, params: Mapping[str, Any]) -> bool:
        """Tell the caller what a notification says. False: it says nothing usable, or nobody wants to know it."""
        on_progress, done, total, text = call.on_progress, *map(params.get, ("progress", "total", "message"))
        if on_progress is None or call.future.done() or not _is_number(done):
            return False
        said = partial(on_progress, done, total if _is_number(total) else None, text if isinstance(text, str) else None)
        self._statistics.notifications_dropped += not self._relay.hand(said, text)
        return True

    def log(self, call: Call, params: Mapping[str, Any]) -> bool:
        """Tell the caller of a log message of his call. False: he has not said that he wants to hear them."""
        on_log = None if call.caller is None else call.caller.on_log
        if on_log is not None and not call.future.done():
            self._statistics.notifications_dropped += not self._relay.hand(partial(on_log, params), params)
        return on_log is not None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
