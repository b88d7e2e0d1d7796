"""Who called what, and how that ended: a line each, under a logger of its own. Never arguments, results or tokens.

In words, "agent calls sabnzbd__get_queue: ok", and in fields: who, what, outcome, duration_ms, request_id.
"""

import asyncio
import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from actors.errors import CallCancelledError, MCPOrchestratorError, MCPTimeoutError, MCPToolError
from actors.results import CallMetadata
from mcp_orchestrator.access.identity import Identity

NAME = "mcp_orchestrator.audit"
logger = logging.getLogger(NAME)

_LONGEST = 100  # Characters of what a caller may have made up.
_BY_EXECUTED = {"no": "not_executed", "yes": "executed", "unknown": "unknown"}


@dataclass(slots=True)
class Line:
    """How one call ends. `what`: as of `call`. `request_id`: its number, where there is one.

    `outcome`: ok, error (of the tool), refused (as no usable request), denied (to this token), timeout, cancelled,
    not_executed, executed (but the answer is of no use) or unknown.
    """

    what: str
    outcome: str = "ok"
    request_id: int | None = None

    def answered(self, metadata: CallMetadata) -> None:
        """Take down who has answered: perhaps nobody was named."""
        self.what, self.request_id = f"{metadata.server}__{metadata.tool}", metadata.request_id

    def ended_badly(self, error: MCPOrchestratorError) -> None:
        """Take down an error."""
        self.request_id = error.request_id
        match error:
            case MCPToolError():
                self.outcome = "error"
            case MCPTimeoutError():
                self.outcome = "timeout"
            case CallCancelledError():
                self.outcome = "cancelled"
            case _:
                self.outcome = _BY_EXECUTED[error.executed]


def switch(*, on: bool) -> None:
    """Have lines written from now on, or none. The daemon does so; who mounts a part of it, if he wants them."""
    logger.setLevel(logging.INFO if on else logging.CRITICAL)


@contextmanager
def call(identity: Identity, what: str) -> Generator[Line]:
    """Write a line when a call has ended. `what`: server__tool, or the server and the method."""
    line, began = Line(what), time.perf_counter()
    try:
        yield line
    except MCPOrchestratorError as error:
        line.ended_badly(error)
        raise
    except asyncio.CancelledError:
        line.outcome = "cancelled"
        raise
    except Exception:
        line.outcome = "refused"
        raise
    finally:
        if logger.isEnabledFor(logging.INFO):
            _called(identity, line, round((time.perf_counter() - began) * 1000))


def denied(identity: Identity, what: str) -> None:
    """Write that somebody asked for what he may not have."""
    _called(identity, Line(what, outcome="denied"), 0)


def administered(identity: Identity, what: str, status: int) -> None:
    """Write that somebody changed something. `what`: method and path; `status`: what he was answered."""
    _write("changes", {"who": identity.name, "what": _shown(what), "outcome": status})


def turned_away(who: str, what: str, why: str, client: str) -> None:
    """Write that somebody was not let in. `client`: his address, or his proxy's."""
    _write("is turned away from", {"who": who, "what": _shown(what), "outcome": why, "client": client})


def _called(identity: Identity, line: Line, took_ms: int) -> None:
    fields: dict[str, object] = {"who": identity.name, "what": _shown(line.what), "outcome": line.outcome}
    fields["duration_ms"] = took_ms
    if line.request_id is not None:
        fields["request_id"] = line.request_id
    _write("calls", fields)


def _write(does: str, fields: dict[str, object]) -> None:
    logger.info("%s %s %s: %s", fields["who"], does, fields["what"], fields["outcome"], extra=fields)


def _shown(text: str) -> str:
    """Return text that ends no line and begins none: whoever asks may have made it up."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return short if short.isprintable() else ascii(short)
