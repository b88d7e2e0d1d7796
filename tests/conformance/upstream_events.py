"""The events of a legacy server's streams, kept so that a stream that was closed can be taken up again."""

from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage


class Events(EventStore):
    """All of them, for as long as the process lives: a run of the suite is short."""

    def __init__(self) -> None:
        self._events: list[tuple[str, JSONRPCMessage | None]] = []  # With the stream's name; the id is the position.

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep one; None is what opens a stream and says nothing."""
        self._events.append((stream_id, message))
        return str(len(self._events) - 1)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Send what came later on the same stream."""
        last = int(last_event_id)
        stream = self._events[last][0]
        for number, (where, message) in enumerate(self._events[last + 1 :], last + 1):
            if where == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream
