"""The gateway: one MCP endpoint over all servers, as an ASGI application."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

from actors.call import ServerName
from actors.catalogue import table
from actors.mcp.envelope import MODERN_VERSIONS
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES, Entry, ListMethod
from actors.runtime import Runtime
from actors.status import ServerStatus
from actors.transport import TransportFactory
from mcp_orchestrator.access import identity_of
from mcp_orchestrator.access.answers import Receive, Scope, Send
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.config import Source
from mcp_orchestrator.gateway import ladder
from mcp_orchestrator.gateway.catalogue import OneCatalogue
from mcp_orchestrator.gateway.dispatch import Dispatch
from mcp_orchestrator.gateway.fanout import Fanout
from mcp_orchestrator.gateway.hearing import Hearing
from mcp_orchestrator.gateway.http_request import (
    LOOPBACK,
    Headers,
    TurnedAwayError,
    body_of,
    check_is_json,
    check_where_from,
)
from mcp_orchestrator.gateway.legacy import SESSION_HEADER, Legacy
from mcp_orchestrator.gateway.logs import Listeners
from mcp_orchestrator.gateway.messages import NO_NEW_WORK, check_is_message, is_new_work, parsed
from mcp_orchestrator.gateway.meta_tools import NAMES, MetaTools, Mode
from mcp_orchestrator.gateway.modern import Modern, status_of
from mcp_orchestrator.gateway.owning import Owning
from mcp_orchestrator.gateway.refusals import INTERNAL, INVALID_REQUEST, RefusedError
from mcp_orchestrator.gateway.sessions import Session, Sessions
from mcp_orchestrator.gateway.shelves import Shelves
from mcp_orchestrator.gateway.stdio import Conversation, Lines
from mcp_orchestrator.gateway.streams import send_json, send_whole
from mcp_orchestrator.gateway.tally import Numbers
from mcp_orchestrator.gateway.welcome import Welcome

logger = logging.getLogger(__name__)

PATH = "/mcp"
_EXPIRE_EVERY_S = 60.0


class Gateway:
    """Serves all servers of a configuration at /mcp, to callers of every revision; each message says which it is of.

    It is an ASGI application with an orchestrator of its own, `orchestrator`, which it starts and ends: by the
    server's lifespan events, or by `async with`. One event loop, which it is started on, has all of its state.

    >>> import uvicorn
    >>> from mcp_orchestrator.gateway import Gateway
    >>> uvicorn.run(Gateway("orchestrator.toml"), host="127.0.0.1", port=8600)

    * `config`, `runtime`, `transport_factory`: as of AsyncMCPOrchestrator.
    * `hosts`: the host names under which it may be called, by whatever page a browser shows; others are turned away.
      None: somebody in front has looked.
    * `meta_tools`: whether callers get `search_tools`, `call_tool` and `explain_server`: "off", "beside" all others, or
      "instead" of them; None: as the configuration says.
    """

    def __init__(
        self,
        config: Source,
        *,
        hosts: Sequence[str] | None = LOOPBACK,
        meta_tools: Mode | None = None,
        runtime: Runtime | None = None,
        transport_factory: TransportFactory | None = None,
    ) -> None:
        self._hosts, self._is_closing = hosts, False
        self._expiring: asyncio.TimerHandle | None = None
        self._hearing = Hearing()
        self.orchestrator = AsyncMCPOrchestrator(
            config,
            on_notification=self._hearing.on_notification,
            runtime=runtime,
            transport_factory=transport_factory,
        )
        loop_time = _loop_time
        self._shelves, listeners = Shelves(self._fetched, loop_time), Listeners()
        mode = meta_tools or self.orchestrator.config.daemon.meta_tools
        reserved = frozenset[str]() if mode == "off" else NAMES
        hearing = self._hearing
        catalogue = OneCatalogue(self._servers, hearing.status, lambda: hearing.version, self._shelves, reserved)
        self._fanout = Fanout(self.orchestrator, catalogue)
        self._dispatch = dispatch = Dispatch(
            self.orchestrator, catalogue, listeners, MetaTools(mode, self.orchestrator, catalogue)
        )
        welcome = Welcome(self._statuses)
        self._sessions = Sessions(loop_time, self._session_ended)
        self._owning = Owning(self.orchestrator, self._hearing.status)
        self._modern = Modern(dispatch, catalogue, self._fanout, welcome)
        self._legacy = Legacy(dispatch, self._fanout, welcome, self._sessions, self._owning)
        self._hearing.lead_to(catalogue, self._shelves, self._fanout, listeners, self._sessions, self._owning)
        self.orchestrator.watch(self._hearing)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""
        await self.close()

    async def start(self) -> dict[str, bool]:
        """Connect all servers and wait for their lists of tools; return which are ready. Never raises for a server."""
        self._hearing.begin()
        self._expire()
        until = _loop_time() + self.orchestrator.config.start_timeout_s
        ready = await self.orchestrator.connect_all()
        await self._hearing.listed(self._statuses, max(0.0, until - _loop_time()))
        self._fanout.begin()
        return ready

    def conversation(self, lines: Lines, started: asyncio.Future[Any]) -> Conversation:
        """Return one caller over a pipe. `started`: the outcome of `start`, whenever that comes."""
        return Conversation(self._legacy, self._modern, lines, started)

    def end_streams(self) -> None:
        """End the streams of those who only listen, and open no new ones. The first part of an end.

        What is answered without a server still is: who has a call under way may want to know what there is.
        """
        self._is_closing = True
        self._modern.end_all()
        self._legacy.end_streams()

    def own_connections(self) -> dict[str, int]:
        """Return how many connections sessions have for themselves alone, and of the calls over them, for good.

        {connections, total_calls, failures, pending_calls, unaccounted_calls}; `orchestrator.get_stats` has all others.
        """
        return self._owning.numbers()

    def numbers(self) -> Numbers:
        """Return how many callers there are, and what they asked for so far. For any thread."""
        sessions, own = self._sessions.all(), self.own_connections()
        return Numbers(
            sessions=len(sessions),
            streams=sum(session.listens for session in sessions) + self._modern.listening,
            own_connections=own["connections"],
            unaccounted_calls=own["unaccounted_calls"],
            requests=self._dispatch.tally.requests.copy(),
        )

    async def close(self, *, graceful: bool = True) -> list[str]:
        """Let calls under way finish, if `graceful`, and end everything; return what is left behind."""
        self.end_streams()
        self._hearing.end()
        if self._expiring is not None:
            self._expiring.cancel()
        await self._shelves.close()
        left = await self.orchestrator.shutdown(graceful=graceful)  # With the sessions' own connections.
        await self._owning.close()
        return left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
        if path not in (PATH, ""):
            await send_json(send, 404, {"error": f"nothing here; MCP is at {PATH}"})
            return
        request_id: list[object] = [None]
        try:
            await self._admit(scope["method"], Headers(scope["headers"], identity_of(scope)), receive, send, request_id)
        except TurnedAwayError as error:
            body = RefusedError(error.code, error.message).body(request_id[0])
            await send_json(send, error.status, body, _BESIDE.get(error.status, ()))
        except RefusedError as error:
            await send_json(send, status_of(error.code), error.body(request_id[0]))
        except ConnectionError:
            pass  # He has gone before he had said everything.
        except Exception:
            logger.exception("a request could not be answered")
            with suppress(RuntimeError):  # An answer has begun.
                await send_json(send, 500, RefusedError(INTERNAL, "Internal error").body(request_id[0]))

    async def _admit(
        self, http_method: str, headers: Headers, receive: Receive, send: Send, request_id: list[object]
    ) -> None:
        if self._hosts is not None:
            check_where_from(headers, self._hosts)
        version = headers.get(ladder.VERSION_HEADER)
        has_session = headers.get(SESSION_HEADER) is not None and version not in MODERN_VERSIONS
        if http_method == "POST":
            check_is_json(headers)
            await self._post(
                parsed(await body_of(receive, headers, self.orchestrator.config.daemon.max_body_bytes)),
                headers,
                receive,
                send,
                request_id,
            )
        elif http_method == "GET" and has_session:
            if self._is_closing:
                raise TurnedAwayError(503, INTERNAL, "the gateway is shutting down")
            await self._legacy.get(headers, receive, send)
        elif http_method == "DELETE" and has_session:
            await self._legacy.delete(headers, send)
        else:
            raise TurnedAwayError(405, INVALID_REQUEST, "POST a message here")

    async def _post(
        self, body: object, headers: Headers, receive: Receive, send: Send, request_id: list[object]
    ) -> None:
        if isinstance(body, list):
            await self._legacy.post_batch(cast("list[object]", body), headers, send)
            return
        message = table(body)
        if isinstance(message.get("id"), str | int):
            request_id[0] = message["id"]
        check_is_message(message)
        if self._is_closing and is_new_work(message):
            raise TurnedAwayError(503, INTERNAL, NO_NEW_WORK)
        if not ladder.is_modern(message, headers):
            await self._legacy.post(message, headers, send)
        elif "method" not in message:
            raise TurnedAwayError(400, INVALID_REQUEST, "a response answers nothing here")
        elif "id" not in message:
            await send_whole(send, 202, b"", ())
        else:
            await self._modern.post(message, headers, receive, send)

    def _expire(self) -> None:
        self._sessions.expire()
        self._expiring = asyncio.get_running_loop().call_later(_EXPIRE_EVERY_S, self._expire)

    def _session_ended(self, session: Session) -> None:
        self._fanout.remove(session)
        self._owning.end(session)

    def _servers(self) -> Mapping[ServerName, Any]:
        return self.orchestrator.config.servers

    def _statuses(self) -> list[ServerStatus]:
        servers = self.orchestrator.config.servers
        return [self._hearing.status(name) for name, config in servers.items() if config.enabled]

    async def _fetched(self, server: ServerName, kind: ListMethod, timeout_s: float) -> list[Entry]:
        lists = {
            PROMPTS.method: self.orchestrator.list_prompts,
            RESOURCES.method: self.orchestrator.list_resources,
            TEMPLATES.method: self.orchestrator.list_resource_templates,
        }
        return await lists[kind.method](server, timeout=timeout_s)


_BESIDE: Mapping[int, tuple[tuple[bytes, bytes], ...]] = {
    405: ((b"allow", b"POST"),),
    503: ((b"retry-after", b"5"), (b"connection", b"close")),
}


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
