"""Which era a server speaks, found by asking it: `server/discover`, and what the answers mean. Pure.

Source: MCP 2026-07-28, versioning and backwards compatibility; what real servers answer to the probe is in
docs/decisions.md. Positive evidence makes a server modern; any other answer makes it legacy; what is no answer of
the server is no verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from actors.call import Outcome
from actors.catalogue import table
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from actors.mcp.envelope import LEGACY_VERSIONS, MODERN_VERSIONS, completed, enclosed, envelope
from actors.mcp.session import Session, Way, server_name
from actors.mcp.texts import shown, text_of
from actors.transport import Request

VERSION_REFUSED = -32022
HEADERS_REFUSED = -32020
_BAD_PARAMS = -32602  # What an unknown tool is told, for one.
_MOST_SHOWN = 10  # Of versions that are unheard of.
_MODERN_ONLY = frozenset({VERSION_REFUSED, HEADERS_REFUSED, -32021})  # The last: a capability is missing.


@dataclass(frozen=True, slots=True)
class Legacy:
    """The server answered as only legacy ones do. The same connection will do for initialize.

    `refusal`: by HTTP alone, as whatever is between says it too, for the moment; None: the server's own word.
    """

    refusal: MCPOrchestratorError | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """A child said nothing, or ended: as some legacy ones do, which are of no use after it."""

    error: MCPOrchestratorError


Finding: TypeAlias = Session | Legacy | Silent | MCPOrchestratorError  # The last: no verdict.


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Asks one server, on one connection. `capabilities`: ours. `log_level`: None asks for no log messages."""

    capabilities: Mapping[str, Any]
    log_level: str | None
    transport: Way

    def ask(self) -> Request:
        """Return the question."""
        return Request(id=0, method="server/discover", params=enclosed(None, self._envelope), replay_safe=True)

    def finding(self, outcome: Outcome) -> Finding:
        """Return what an answer to the question says."""
        if isinstance(outcome, dict):
            is_discovery = isinstance(completed(outcome), dict)
            return self._by_versions(outcome, outcome.get("supportedVersions") if is_discovery else None)
        if isinstance(outcome, MCPToolError):
            return self._by_error(outcome)
        if isinstance(outcome, ServerUnavailableError):
            return outcome
        if self.transport == "stdio":  # What has not seen the question was not spoiled by it.
            return outcome if outcome.executed == "no" else Silent(outcome)
        junk = isinstance(outcome, OutcomeUnknownError) and (_is_in(outcome.status, 200) or _is_in(outcome.status, 400))
        refused = isinstance(outcome, MCPConnectionError) and _is_in(outcome.status, 400)
        return Legacy(outcome) if junk or refused else outcome

    @property
    def _envelope(self) -> Mapping[str, Any]:
        return envelope(MODERN_VERSIONS[0], self.capabilities, self.log_level)

    def _by_error(self, error: MCPToolError) -> Finding:
        if error.code == VERSION_REFUSED and (listed := table(error.data).get("supported")):
            found = self._by_versions({}, listed)
            # What it lists and refuses all the same is no common ground.
            return _no_common_version(error.message) if isinstance(found, Session) else found
        return error if error.code in _MODERN_ONLY else Legacy()

    def _by_versions(self, answer: Mapping[str, Any], versions: object) -> Finding:
        listed = cast("list[object]", versions) if isinstance(versions, list) else []
        if any(version in listed for version in MODERN_VERSIONS):
            info = table(answer.get("_meta")).get("io.modelcontextprotocol/serverInfo")
            return Session(
                era="modern",
                protocol=MODERN_VERSIONS[0],
                transport=self.transport,
                capabilities=table(answer.get("capabilities")),
                server_info=server_name(info),
                instructions=text_of(answer.get("instructions")),
                envelope=self._envelope,
            )
        if any(version in listed for version in LEGACY_VERSIONS) or not listed:
            return Legacy()
        return _no_common_version(f"it speaks {', '.join(map(shown, listed[:_MOST_SHOWN]))}")


def speaks_our_version(outcome: Outcome) -> bool:
    """Say if this refuses a version and lists one that we speak: then the same once more."""
    if not isinstance(outcome, MCPToolError) or outcome.code != VERSION_REFUSED:
        return False
    listed = table(outcome.data).get("supported")
    return isinstance(listed, list) and any(version in listed for version in MODERN_VERSIONS)


def casts_doubt(outcome: Outcome, session: Session) -> bool:
    """Say if an answer makes one ask anew: a server refuses all requests of the other era by HTTP status."""
    if not isinstance(outcome, MCPOrchestratorError) or not _is_in(outcome.status, 400):
        return False
    if not session.is_modern:
        return _is_for_want_of_an_envelope(outcome, session)
    if isinstance(outcome, MCPToolError):
        if outcome.code == VERSION_REFUSED:
            return not speaks_our_version(outcome)
        return outcome.code not in _MODERN_ONLY | {_BAD_PARAMS}
    return isinstance(outcome, MCPConnectionError)


def is_of_another_era(outcome: Outcome, session: Session) -> bool:
    """Say if an answer on an open connection shows that the server behind it is of the other era by now."""
    if session.is_modern:
        probe = Probe(capabilities={}, log_level=None, transport=session.transport)
        return session.transport == "http" and isinstance(probe.finding(outcome), Legacy)
    return _is_for_want_of_an_envelope(outcome, session)


def as_meant_in(session: Session, outcome: Outcome) -> Outcome:
    """Return an outcome with the codes of the modern era in it read by a legacy server's word: they are its own there.

    It may have run the request, unless it refused it by HTTP status.
    """
    if session.is_modern or not isinstance(outcome, MCPToolError) or outcome.code not in _MODERN_ONLY:
        return outcome
    if not _is_in(outcome.status, 400):
        outcome.executed = "unknown"
    return outcome


def _is_for_want_of_an_envelope(outcome: Outcome, session: Session) -> bool:
    """Say if a legacy request was refused as a modern server does it, by its status and one of its first checks."""
    if session.transport != "http" or not isinstance(outcome, MCPToolError):
        return False
    # A legacy server says "bad params" too, but with its answer, and not instead of it.
    return outcome.code in _MODERN_ONLY or (outcome.code == _BAD_PARAMS and _is_in(outcome.status, 400))


def _no_common_version(what: str) -> ServerUnavailableError:
    ours = ", ".join((*MODERN_VERSIONS, *LEGACY_VERSIONS))
    return ServerUnavailableError(f"no protocol version in common: {what}; we speak {ours}", state="config")


def _is_in(status: int | None, hundred: int) -> bool:
    return status is not None and hundred <= status < hundred + 100
