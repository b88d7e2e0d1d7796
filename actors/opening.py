"""How a connection is opened: which era, which transport, by asking the server or by what is remembered of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from actors.config import ServerConfig
from actors.control import ControlSlot, Errand
from actors.errors import MCPConnectionError, MCPOrchestratorError, MCPToolError, ServerUnavailableError
from actors.mcp import conversations
from actors.mcp.envelope import MODERN_VERSIONS
from actors.mcp.era import VERSION_REFUSED, Finding, Legacy, Probe, Silent
from actors.mcp.session import Belief, Session, Way


@dataclass(frozen=True, slots=True)
class Anew:
    """Open another connection in place of this one: it is of no use for what comes next. No failure."""


End: TypeAlias = Session | Anew | MCPOrchestratorError


class Opening:
    """Opens one connection after another to one server, and learns from each.

    * `belief`: what is known of it, from earlier runs too; a belief that the server contradicts is dropped, and the
      next connect asks anew.
    * A child that stays silent when it is asked for its era is replaced by one that hears initialize first: there are
      servers whom any other first message spoils.
    * A URL that takes no POST is tried as HTTP+SSE, in the same connect.
    """

    def __init__(
        self,
        *,
        config: ServerConfig,
        capabilities: Mapping[str, Any],
        control: ControlSlot,
        belief: Belief,
        on_end: Callable[[End], None],
    ) -> None:
        self._config, self._capabilities, self._control, self._on_end = config, capabilities, control, on_end
        self.belief = belief
        self._guess: Belief | None = None  # What this connect tries next.
        self._refusal: MCPOrchestratorError | None = None  # Of the transport that was tried first.
        self._probed = self._shaken = False  # On this connection.

    def config(self) -> ServerConfig:
        """Return how to connect, with the transport decided."""
        return self._config.model_copy(update={"transport": self._way}) if self._config.url else self._config

    def begin(self) -> None:
        """Say the first word on a connection that was just made with `config`."""
        self._probed = self._shaken = False
        if self._says_initialize_first:
            self._shake_hands()
        else:
            self._probe()

    @property
    def _way(self) -> Way:
        if self._config.url is None:
            return "stdio"
        if self._config.transport != "auto":
            return self._config.transport
        believed = (self._guess or self.belief).transport
        return believed if believed and self._config.protocol != "modern" else "http"  # HTTP+SSE is legacy.

    @property
    def _says_initialize_first(self) -> bool:
        if self._config.protocol != "auto":
            return self._config.protocol == "legacy"
        return self._way == "sse" or (self._guess or self.belief).era == "legacy"

    def _probe(self) -> None:
        self._probed = True
        probe = Probe(capabilities=self._capabilities, log_level=self._config.log_level, transport=self._way)
        # Over HTTP a silent server is a fault; a silent child may be one that waits for initialize.
        limit_s = self._config.probe_timeout_s if self._way == "stdio" else self._config.handshake_timeout_s
        self._control.run(Errand(conversation=conversations.discover(probe), limit_s=limit_s, on_end=self._found))

    def _shake_hands(self) -> None:
        self._shaken = True
        conversation = conversations.handshake(self._capabilities, self._way)
        limit_s = self._config.handshake_timeout_s
        self._control.run(Errand(conversation=conversation, limit_s=limit_s, on_end=self._shook))

    def _found(self, end: Finding) -> None:
        match end:
            case Session():
                self._succeed(end)
            case MCPOrchestratorError():
                self._fail(end)
            case Silent(error) if self._config.protocol == "modern" or self.belief.era == "modern":
                self.belief = Belief()
                self._fail(error)
            case Silent(error) if self._shaken:  # Another one would do the same again.
                self._fail(self._refusal or error)
            case Silent():
                self._guess = Belief(era="legacy", transport=self._way)
                self._on_end(Anew())
            case Legacy(refusal=MCPOrchestratorError() as passing) if self._config.protocol == "modern":
                self._fail(MCPConnectionError(f'{passing.message}; if that does not pass: set protocol = "auto"'))
            case Legacy() if self._config.protocol == "modern":
                refusal = f'it does not speak {MODERN_VERSIONS[0]}: set protocol = "auto"'
                self._fail(ServerUnavailableError(refusal, state="config"))
            case Legacy() if self._shaken:  # It has refused both.
                self._fail(self._refusal or MCPConnectionError("it refuses both server/discover and initialize"))
            case Legacy():
                self._shake_hands()

    def _shook(self, end: Session | MCPOrchestratorError) -> None:
        if isinstance(end, Session):
            self._succeed(end)
            return
        is_modern = isinstance(end, MCPToolError) and end.code == VERSION_REFUSED
        if is_modern and self._config.protocol == "auto" and not self._probed:
            self._refusal = end
            self._probe()
        elif is_modern and self._config.protocol == "legacy":
            refusal = f'it speaks no legacy revision: set protocol = "auto" ({end.message})'
            self._fail(ServerUnavailableError(refusal, state="config"))
        elif self._way == "http" and self._config.transport == "auto" and _is_refusal(end):
            self._refusal = end
            self._guess = Belief(era="legacy", transport="sse")
            self._on_end(Anew())
        else:
            # It did answer, and not as one that is what we thought; or it opened a stream that is of no use.
            if _is_refusal(end) or isinstance(end, MCPToolError) or (self._way == "sse" and end.executed != "no"):
                self.belief = Belief()
            # What passes, or what the user can mend, is more than that the first transport was the wrong one.
            self._fail(end if isinstance(end, ServerUnavailableError) else self._refusal or end)

    def _succeed(self, session: Session) -> None:
        self.belief = Belief(era=session.era, transport=session.transport)
        self._guess = self._refusal = None
        self._on_end(session)

    def _fail(self, error: MCPOrchestratorError) -> None:
        self._guess = self._refusal = None
        self._on_end(error)


def _is_refusal(error: MCPOrchestratorError) -> bool:
    """Say if the server refused the request by its HTTP status, for no reason that passes."""
    is_for_later = isinstance(error, ServerUnavailableError)
    return error.status is not None and 400 <= error.status < 500 and not is_for_later
