"""Callers of revisions before 2026-07-28: initialize, then a session. On the loop's thread."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from actors.catalogue import table
from actors.errors import MCPOrchestratorError
from actors.mcp.envelope import LEGACY_VERSIONS
from mcp_orchestrator.access import Identity
from mcp_orchestrator.access.answers import Receive, Send
from mcp_orchestrator.gateway.dispatch import Asker, Dispatch
from mcp_orchestrator.gateway.fanout import Fanout
from mcp_orchestrator.gateway.http_request import Headers, TurnedAwayError, takes_events
from mcp_orchestrator.gateway.logs import LEVELS
from mcp_orchestrator.gateway.messages import check_is_message, is_request
from mcp_orchestrator.gateway.owning import Owning
from mcp_orchestrator.gateway.presence import Presence
from mcp_orchestrator.gateway.refusals import (
    INTERNAL,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    RefusedError,
    ended_badly,
    invalid,
)
from mcp_orchestrator.gateway.sessions import Session, Sessions
from mcp_orchestrator.gateway.shapes import for_legacy
from mcp_orchestrator.gateway.streams import Answer, Events, Message, WayBack, send_json, send_whole
from mcp_orchestrator.gateway.welcome import Welcome

SESSION_HEADER = "mcp-session-id"
_WITH_BATCHES = "2025-03-26"
_MOST_IN_A_BATCH = 100  # Arbitrary.


class Legacy:
    """Answers what comes in within sessions. A caller who goes away has given nothing up: he says so if he does."""

    def __init__(
        self, dispatch: Dispatch, fanout: Fanout, welcome: Welcome, sessions: Sessions, owning: Owning
    ) -> None:
        self._dispatch, self._fanout, self._welcome, self.sessions = dispatch, fanout, welcome, sessions
        self._owning = owning

    async def post(self, message: Mapping[str, Any], headers: Headers, send: Send) -> None:
        """Answer a request, take a notification or a response."""
        if message.get("method") == "initialize" and "id" in message:
            await self._initialize(message, headers.identity, send)
            return
        session = self._session(headers)
        if not is_request(message):
            self.take(session, message)
            await send_whole(send, 202, b"", ())
            return
        answer = Answer(send, may_stream=takes_events(headers))
        try:
            reply = await self.reply(session, message, answer)
        except BaseException:
            answer.break_off()
            raise
        await answer.finish(200, reply)

    async def post_batch(self, messages: list[object], headers: Headers, send: Send) -> None:
        """Answer a batch with a batch."""
        replies = await self.batch(self._session(headers), messages, Answer(send, may_stream=False))
        await (send_json(send, 200, replies) if replies else send_whole(send, 202, b"", ()))

    async def batch(self, session: Session, messages: list[object], way: WayBack) -> list[Message]:
        """Return the messages that answer a batch, which only one revision has."""
        if session.protocol != _WITH_BATCHES or not 0 < len(messages) <= _MOST_IN_A_BATCH:
            raise RefusedError(INVALID_REQUEST, "the body must be one message")
        asked = list[Mapping[str, Any]]()
        for message in map(table, messages):
            check_is_message(message)
            if is_request(message) and message["method"] != "initialize":
                asked.append(message)
            else:
                self.take(session, message)
        return await asyncio.gather(*(self.reply(session, message, way) for message in asked))

    async def get(self, headers: Headers, receive: Receive, send: Send) -> None:
        """Keep a stream open for what servers say unasked."""
        if not takes_events(headers):
            raise TurnedAwayError(406, INVALID_REQUEST, "Accept must have text/event-stream")
        session = self._session(headers)
        events = Events(send, ((SESSION_HEADER.encode(), session.session_id.encode()),))
        with Presence(receive):
            try:
                end = session.open(events)
                events.keep_alive()
                await end.wait()
                await events.finish()
            finally:
                session.closed(events)
                events.break_off()

    async def delete(self, headers: Headers, send: Send) -> None:
        """End a session."""
        self.sessions.end(self._session(headers))
        await send_whole(send, 200, b"", ())

    def end_streams(self) -> None:
        """Close the streams of all sessions in good order."""
        for session in self.sessions.all():
            session.close_stream()
            session.questions.end("the gateway is shutting down")

    def begin(self, message: Mapping[str, Any], identity: Identity) -> Session | None:
        """Return the session that an initialize begins; `welcome` answers it. None: there are too many already."""
        wanted = table(message.get("params")).get("protocolVersion")
        if not isinstance(wanted, str):
            raise invalid("params.protocolVersion must be text")
        protocol = wanted if wanted in LEGACY_VERSIONS else LEGACY_VERSIONS[0]
        session = self.sessions.begin(protocol, table(table(message.get("params")).get("capabilities")), identity)
        if session is not None:
            self._fanout.add(session)
            self._dispatch.tally.answered("initialize", {})
        return session

    def welcome(self, session: Session, message: Mapping[str, Any]) -> Message:
        """Return the message that answers an initialize."""
        result = self._welcome.initialized(session.protocol, session.identity)
        return {"jsonrpc": "2.0", "id": message["id"], "result": result}

    async def _initialize(self, message: Mapping[str, Any], identity: Identity, send: Send) -> None:
        session = self.begin(message, identity)
        if session is None:
            raise TurnedAwayError(503, INTERNAL, "there are too many sessions")
        reply = self.welcome(session, message)
        await send_json(send, 200, reply, ((SESSION_HEADER.encode(), session.session_id.encode()),))

    def _session(self, headers: Headers) -> Session:
        session_id = headers.get(SESSION_HEADER)
        if session_id is None:
            raise TurnedAwayError(400, INVALID_REQUEST, "Mcp-Session-Id is missing: initialize comes first")
        session = self.sessions.get(session_id, headers.identity)
        if session is None:
            raise TurnedAwayError(404, INVALID_REQUEST, "Session not found: initialize anew")
        return session

    @staticmethod
    def take(session: Session, message: Mapping[str, Any]) -> None:
        """Take what wants no answer: a response, or a notification."""
        if "method" not in message:
            session.questions.answered(message)
        elif message.get("method") == "notifications/cancelled":
            request_id = table(message.get("params")).get("requestId")
            task = session.under_way.get(request_id) if isinstance(request_id, str | int) else None
            if task is not None:
                task.cancel()

    async def reply(self, session: Session, message: Mapping[str, Any], way: WayBack) -> Message:
        """Return the message that answers a request."""
        request_id, method, tally = message["id"], message["method"], self._dispatch.tally
        if request_id in session.under_way:
            return RefusedError(INVALID_REQUEST, "this id is in use").body(request_id)
        work = asyncio.ensure_future(self._result(session, method, message.get("params"), way))
        session.under_way[request_id] = work
        try:
            result = await work
        except RefusedError as error:
            tally.refused(method)
            return error.body(request_id)
        except asyncio.CancelledError:
            tally.given_up(method)
            if (task := asyncio.current_task()) is not None and task.cancelling():  # Not by him: everything ends.
                raise
            return RefusedError(INTERNAL, "cancelled").body(request_id)  # HTTP wants an answer; he does not.
        else:
            tally.answered(method, result)
            return {"jsonrpc": "2.0", "id": request_id, "result": result}
        finally:
            del session.under_way[request_id]

    async def _result(self, session: Session, method: str, params: object, way: WayBack) -> Message:
        given = table(params)
        if self._dispatch.knows(method):
            asker = Asker(
                is_modern=False,
                tell=way.tell,
                capabilities=session.questions.capabilities if way.may_stream else {},
                log_level=session.log_level,
                ask=partial(session.questions.ask, way.ask),
                put=way.ask,
                own=self._owning.of(session),
                identity=session.identity,
            )
            return for_legacy(await self._dispatch.answer(method, given, asker))
        match method:
            case "ping":
                pass
            case "logging/setLevel":
                if not isinstance(level := given.get("level"), str) or level not in LEVELS:
                    raise invalid(f"params.level must be one of {', '.join(LEVELS)}")
                session.log_level = given["level"]
                self._owning.of(session).log_level_changed()
            case "resources/subscribe":
                await self._subscribe(session, _uri(given))
            case "resources/unsubscribe":
                if not self._owning.of(session).unsubscribe(_uri(given)):
                    self._fanout.unsubscribe(session, _uri(given))
            case _:
                raise RefusedError(METHOD_NOT_FOUND, f"Method not found: {method}")
        return {}

    async def _subscribe(self, session: Session, uri: str) -> None:
        try:
            owner, own = await self._fanout.owner(uri, session.identity), self._owning.of(session)
            if own.serves(owner):
                await own.subscribe(owner, uri)
            else:
                self._fanout.subscribe(session, owner, uri)
        except MCPOrchestratorError as error:
            ended_badly("resources/subscribe", error)


def _uri(params: Mapping[str, Any]) -> str:
    if not isinstance(uri := params.get("uri"), str):
        raise invalid("params.uri must be the URI of a resource")
    return uri
