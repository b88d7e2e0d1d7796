"""What servers ask over a session's own connections: asked of its caller as it is, and answered as he does."""

import asyncio
from collections.abc import Generator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

from actors.call import Result, ServerName
from actors.catalogue import table
from actors.inputs import METHOD_UNKNOWN, InputRefusedError, Question
from mcp_orchestrator.gateway.questions import PATIENCE_S, Put, UnansweredError, asked_for
from mcp_orchestrator.gateway.sessions import Session
from mcp_orchestrator.gateway.streams import Message

_ASKABLE = ("sampling", "elicitation", "roots")


class PassedOn:
    """See Inputs: `capabilities` and `question` are for actors, what `question` returns for threads apart."""

    def __init__(self, session: Session, loop: asyncio.AbstractEventLoop) -> None:
        self._session, self._loop = session, loop
        declared = {name: table(session.declared[name]) for name in _ASKABLE if name in session.declared}
        # That his folders have changed, no server is told: it may ask again.
        self.capabilities: Mapping[str, Any] = declared | ({"roots": {}} if "roots" in declared else {})
        self._puts: dict[ServerName, list[Put]] = {}  # The streams of calls under way, the last one last.
        self._asking: dict[ServerName, dict[asyncio.Task[Any], None]] = {}

    def question(self, server: str, method: str, params: Mapping[str, Any]) -> Question:
        """See Inputs."""
        if asked_for(method) not in self.capabilities:
            raise InputRefusedError(f"{method}: this client offers no such method", METHOD_UNKNOWN)
        return partial(self._answer, ServerName(server), method, params)

    @contextmanager
    def during(self, server: ServerName, put: Put | None) -> Generator[None]:
        """Ask by `put` what a server asks meanwhile. Where no call is under way any more, nobody waits for answers."""
        puts = self._puts.setdefault(server, [])
        mine: Put = put or _nowhere
        puts.append(mine)
        try:
            yield
        finally:
            puts.remove(mine)
            if not puts:
                for task in self._asking.pop(server, {}):
                    task.cancel()

    def _answer(self, server: ServerName, method: str, params: Mapping[str, Any]) -> Result:
        asking = self._ask(server, method, params)
        try:
            answer = asyncio.run_coroutine_threadsafe(asking, self._loop)
        except RuntimeError as error:  # The loop is closed by now.
            asking.close()
            raise InputRefusedError("this client has ended") from error
        try:
            return dict(answer.result(PATIENCE_S + 1.0))
        except UnansweredError as error:
            raise InputRefusedError(str(error), error.code) from error
        except (CancelledError, TimeoutError) as error:
            raise InputRefusedError("nobody waits for the answer any more") from error

    async def _ask(self, server: ServerName, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        puts = self._puts.get(server, [])
        task = asyncio.current_task()
        if puts and task is not None:  # Else it asks by itself, and goes on whatever calls there are.
            asking = self._asking.setdefault(server, {})
            asking[task] = None
            task.add_done_callback(lambda done: asking.pop(done, None))
        return await self._session.questions.ask(_first([*reversed(puts), self._session.put]), method, params)


def _first(puts: list[Put]) -> Put:
    """Return what puts a message where it can be put, and all that follows there too."""
    chosen: list[Put] = []

    def put(message: Message) -> bool:
        if chosen:
            return chosen[0](message)
        chosen.extend(islice((way for way in puts if way(message)), 1))
        return bool(chosen)

    return put


def _nowhere(_: Message) -> bool:
    return False
