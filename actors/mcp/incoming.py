"""What a server sends over HTTP, sorted: for the listener, for the request that waits for it, for nobody."""

from dataclasses import replace
from threading import Lock

from actors.call import Outcome
from actors.errors import MCPToolError
from actors.mcp.jsonrpc import Answer
from actors.transport import Listener, Received


class Incoming:
    """One for each connection. Any thread.

    `dropped_answers`: those that nobody waited for, because they came twice, late, with an id that is none of ours, or
    on a stream where the specification wants none.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = Lock()
        self.dropped_answers = 0

    def take(
        self, messages: list[Answer | Received], request_id: int | None, *, in_stream: bool = False
    ) -> Outcome | None:
        """Tell the listener what is meant for it, and return the outcome of the request if its answer is there.

        An error that names no request of ours answers it too, unless its own answer is there: on a POST of its own
        nothing else can be meant. One that names another request says nothing of this one, which may be running.
        None: no request waits here (any more).

        `in_stream`: the server has opened a stream for the request, so it had taken it: that an error which names no
        request says "refused" does not mean that nothing runs.
        """
        outcome: Outcome | None = None
        by_id = False
        for message in messages:
            if isinstance(message, Received):
                self._listener(message if request_id is None else replace(message, exchange=request_id))
                continue
            mine = request_id is not None and not by_id and message.ends(request_id)
            stray = type(message.id) is not int and not isinstance(message.outcome, dict)
            meant = mine or (request_id is not None and outcome is None and stray)
            if not meant or outcome is not None:
                self._drop()
            if meant:
                outcome, by_id = message.outcome, mine
                if in_stream and not mine and isinstance(outcome, MCPToolError):
                    outcome.executed = "unknown"
        return outcome

    def _drop(self) -> None:
        with self._lock:
            self.dropped_answers += 1
