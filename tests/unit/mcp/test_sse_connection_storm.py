"""Sessions over HTTP+SSE in which anything may happen at any moment: every exchange is reported once, and truly."""

import json
import os
import socket
from collections import Counter
from contextlib import suppress
from queue import Empty
from random import Random
from threading import Lock

from actors.call import Outcome
from actors.errors import MCPOrchestratorError
from actors.transport import ConnectionLost, Event, Released
from tests.fixtures.asking import LIMIT_S, Asked
from tests.fixtures.raw_server import HungUpError, Peer, RawRequest, RawServer
from tests.fixtures.sse_server import STREAM, SseAsker, asking, event

SESSIONS = int(os.environ.get("SEEDS", "1000")) // 10
CALLS = 12
FATES = ["answer"] * 6 + ["answer first", "answer twice", "answer and hang", "refuse", "fail", "hang up", "ignore"]


class ChanceServer:
    """Deals with each request by chance. `seen`: the ids of those that arrived."""

    def __init__(self, seed: int) -> None:
        self._random, self._lock = Random(seed), Lock()
        self.seen: set[int] = set()
        self._stream: Peer | None = None
        self.raw = RawServer(self._serve)

    def _serve(self, peer: Peer) -> None:
        with suppress(OSError):
            while True:
                request = peer.request()
                if request.method == "GET":
                    self._open(peer)
                elif not self._deal_with(peer, request):
                    return

    def _open(self, peer: Peer) -> None:
        if self._random.random() < 0.1:
            peer.answer(status="503 Busy")
            return
        self._stream = peer
        peer.send(STREAM, b"\r\n", event("/message?sessionId=1", "endpoint"))
        peer.wait_for_the_end()
        raise HungUpError

    def _deal_with(self, peer: Peer, request: RawRequest) -> bool:
        number = json.loads(request.body)["id"]
        with self._lock:
            self.seen.add(number)
            fate = self._random.choice(FATES)
            ends_stream = self._random.random() < 0.02
        answer = event(json.dumps({"id": number, "result": {"of": number}}))
        if fate == "answer first":
            self._say(answer)
        match fate:
            case "refuse":
                peer.answer(status="404 Gone")
            case "fail":
                peer.answer(status="500 Broken")
            case "hang up":
                return False
            case "answer and hang":
                self._say(answer)
                peer.wait_for_the_end()
            case _:
                peer.answer(status="202 Accepted")
        if fate in {"answer", "answer twice"}:
            self._say(answer * (2 if fate == "answer twice" else 1))
        if ends_stream and self._stream is not None:
            self._stream.sock.shutdown(socket.SHUT_RDWR)
        return True

    def _say(self, data: bytes) -> None:
        with self._lock, suppress(OSError):
            if self._stream is not None:
                self._stream.send(data)


def call_by_chance(random: Random, asker: SseAsker) -> list[Asked]:
    asked: list[Asked] = []
    for _ in range(CALLS):
        asked.append(asker.ask())
        if random.random() < 0.1:
            random.choice(asked).ticket.withdraw()
        if random.random() < 0.15:
            random.choice(asked).handle.abort()
        if random.random() < 0.3:
            wait_a_little(asked[-1], 0.01)
    return asked


def wait_a_little(asked: Asked, seconds: float) -> None:
    """Let the exchange come to its end, if it has one: some would last for ever."""
    with suppress(Empty):
        asked.reports.put(asked.reports.get(timeout=seconds))


def events_until_released(asker: SseAsker) -> list[Event]:
    events: list[Event] = []
    while not events or not isinstance(events[-1], Released):
        events.append(asker.events.get(timeout=LIMIT_S))
    return events


def test_every_exchange_is_reported_once_and_says_what_the_server_saw() -> None:
    seen = Counter[str]()
    for seed in range(SESSIONS):
        random, server = Random(seed), ChanceServer(seed)
        with server.raw, asking(server.raw.url) as asker:
            asked = call_by_chance(random, asker)
            if random.random() < 0.5:
                asker.connection.close()
            for one in asked:
                wait_a_little(one, 0.05)
            asker.connection.abort()
            events = events_until_released(asker)

            assert sum(isinstance(event, ConnectionLost) for event in events) <= 1, seed
            outcomes: list[Outcome] = [one.reports.get_nowait() for one in asked]
            assert all(one.reports.empty() for one in asked), seed
            for number, outcome in enumerate(outcomes, 1):
                executed = outcome.executed if isinstance(outcome, MCPOrchestratorError) else "yes"
                kind = type(outcome).__name__
                seen[kind] += 1
                assert executed != "yes" or outcome == {"of": number}, seed
                # Told that it was not executed, the server has not seen it, unless it said so itself.
                assert executed != "no" or number not in server.seen or kind == "SessionLostError", seed

    print(dict(seen))  # noqa: T201 -- a storm whose calls all end the same way proves nothing
    assert {"dict", "SessionLostError", "OutcomeUnknownError", "NotExecutedError", "MCPConnectionError"} <= set(seen)
