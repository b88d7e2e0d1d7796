"""What one connection is to hear unasked: a modern server's one subscription, a legacy server's resources.

Source: MCP 2026-07-28, subscriptions; MCP 2025-11-25, resources.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from actors.backoff import backoff_s
from actors.call import Outcome, SendTicket
from actors.catalogue import table
from actors.channel import Channel
from actors.config import LONGEST_S, ServerConfig
from actors.errors import MCPOrchestratorError, MCPToolError, ServerUnavailableError
from actors.mcp.envelope import SUBSCRIPTION_ID
from actors.mcp.jsonrpc import REFUSALS
from actors.mcp.session import Session
from actors.runtime import Runtime
from actors.transport import Handle, Request

# What is asked for where the server offers it: capability, its feature, and the key of the filter.
_ANNOUNCED = (
    ("tools", "listChanged", "toolsListChanged"),
    ("prompts", "listChanged", "promptsListChanged"),
    ("resources", "listChanged", "resourcesListChanged"),
)

_STOOD_S = 30.0  # A subscription that lasted so long was a good one. Proxies cut what is silent for a minute or two.


class Listening:
    """Keeps one subscriptions/listen under way on a modern connection, and a legacy server's resources subscribed.

    * A subscription that ends, in good order or not, is begun again after a back-off; one that is refused is not. The
      back-off starts anew only after one that stood for a while: each costs a list besides.
    * A server that has no room for one now (HTTP 429) is well: its calls go on, and it is asked again when it said.
    * Nothing is replayed: `on_gap` hears, when the server has acknowledged, that it may have missed changes before.
    * `subscribed`: the URIs somebody wants to hear of; it outlives connections, and the actor.
    """

    def __init__(  # noqa: PLR0913 -- all of it comes from one place, the connection's life
        self,
        *,
        config: ServerConfig,
        channel: Channel,
        runtime: Runtime,
        subscribed: dict[str, None],
        on_gap: Callable[[], None],
        on_trouble: Callable[[Outcome], None],
    ) -> None:
        self._config, self._channel, self._clock, self._jitter = config, channel, runtime.clock, runtime.jitter
        self._subscribed, self._on_gap, self._on_trouble = subscribed, on_gap, on_trouble
        self._session = Session()
        self._exchange: int | None = None
        self._handle: Handle | None = None
        self._failures = 0  # In a row.
        self._began_at, self._due = 0.0, math.inf
        self._nobodys: set[int] = set()  # Subscriptions given up; each reports once more.

    def begin(self, session: Session) -> None:
        """Subscribe on a connection that was just opened."""
        self._session, self._failures = session, 0
        if session.is_modern:
            self._listen()
        elif session.offers("resources", "subscribe"):
            for uri in self._subscribed:
                self._channel.tell(_resource("subscribe", uri))

    def end(self) -> None:
        """Take note that the connection is over."""
        self._session, self._due = Session(), math.inf
        self._let_go()

    def subscribe(self, uri: str) -> None:
        """Hear of changes of this resource, now and on every later connection."""
        if uri not in self._subscribed:
            self._subscribed[uri] = None
            self._refilter(_resource("subscribe", uri))

    def unsubscribe(self, uri: str) -> None:
        """Hear no more of it."""
        if uri in self._subscribed:
            del self._subscribed[uri]
            self._refilter(_resource("unsubscribe", uri))

    def acknowledged(self, params: Mapping[str, Any]) -> None:
        """Take note that the server listens to us listening."""
        if self._is_ours(table(params.get("_meta")).get(SUBSCRIPTION_ID)):
            self._on_gap()

    def cancelled(self, params: Mapping[str, Any]) -> None:
        """Take note that the server has ended the subscription, as it says so on pipes."""
        if self._is_ours(params.get("requestId")):
            self._let_go()
            self._listen_later()

    def owns(self, exchange: int) -> bool:
        """Say whether this exchange was begun here."""
        return exchange == self._exchange or exchange in self._nobodys

    def finish(self, exchange: int, outcome: Outcome) -> None:
        """Take the end of a subscription in."""
        if exchange in self._nobodys:
            self._nobodys.remove(exchange)
            return
        self._exchange = self._handle = None
        if not isinstance(outcome, MCPToolError) or outcome.code not in REFUSALS:
            self._listen_later()
        if isinstance(outcome, ServerUnavailableError) and outcome.state == "throttled":
            self._due = max(self._due, self._clock() + (outcome.retry_after_s or 0.0))
        elif isinstance(outcome, MCPOrchestratorError):
            self._on_trouble(outcome)

    def next_due(self) -> float:
        """When to listen again."""
        return self._due

    def tick(self) -> None:
        """Let time pass."""
        if self._clock() >= self._due:
            self._listen()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._due = math.inf
        wanted = self._filter()
        if not wanted:
            return
        request = Request(id=0, method="subscriptions/listen", params={"notifications": wanted}, replay_safe=True)
        self._began_at = self._clock()
        self._exchange, self._handle = self._channel.begin(request, self._began_at + LONGEST_S, SendTicket())

    def _filter(self) -> dict[str, Any]:
        session = self._session
        wanted: dict[str, Any] = {key: True for name, feature, key in _ANNOUNCED if session.offers(name, feature)}
        if self._subscribed and session.offers("resources", "subscribe"):
            wanted["resourceSubscriptions"] = list(self._subscribed)
        return wanted

    def _listen_later(self) -> None:
        config = self._config
        if self._clock() - self._began_at >= _STOOD_S:
            self._failures = 0
        base_s, cap_s = config.reconnect_base_s, config.reconnect_cap_s
        pause_s = backoff_s(self._failures, base_s=base_s, cap_s=cap_s, jitter=self._jitter())
        self._failures += 1
        self._due = self._clock() + pause_s

    def _refilter(self, legacy: Request) -> None:
        """Say to the server there is, if any, that the wanted resources have changed."""
        if not self._session.offers("resources", "subscribe"):
            return
        if self._session.is_modern:
            if self._exchange is not None:
                self._channel.cancel(self._exchange)
            self._let_go()
            self._listen()
        else:
            self._channel.tell(legacy)

    def _let_go(self) -> None:
        if self._exchange is not None and self._handle is not None:
            handle = self._handle
            self._nobodys.add(self._exchange)
            self._exchange = self._handle = None
            handle.abort()

    def _is_ours(self, request_id: object) -> bool:
        return type(request_id) is int and request_id == self._exchange


def _resource(verb: str, uri: str) -> Request:
    return Request(id=0, method=f"resources/{verb}", params={"uri": uri}, replay_safe=True)
