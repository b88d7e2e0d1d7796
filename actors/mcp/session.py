"""What an opening agreed on with a server, and what is thought of one before it is asked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from actors.caller import Caller
from actors.catalogue import table
from actors.mcp.envelope import bare, enclosed, envelope
from actors.mcp.texts import text_of

Era: TypeAlias = Literal["", "legacy", "modern"]  # "": nobody knows yet.
Way: TypeAlias = Literal["", "stdio", "http", "sse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is thought of a server until it proves otherwise; worth keeping per command or URL."""

    era: Era = ""
    transport: Way = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What one connection speaks. `capabilities`, `instructions` as the server sent them.

    `envelope`: the keys in the `_meta` of every modern request; None in the legacy era, which has no such thing.
    """

    era: Era = ""
    protocol: str = ""
    transport: Way = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict[str, Any])
    server_info: str = ""
    instructions: str = ""
    envelope: Mapping[str, Any] | None = None

    @property
    def is_modern(self) -> bool:
        """Whether every request stands alone, without a session on the server."""
        return self.envelope is not None

    @property
    def cancels_by_hanging_up(self) -> bool:
        """Whether the end of a request's stream is its cancellation; else a notification is."""
        return self.is_modern and self.transport == "http"

    def offers(self, capability: str, feature: str = "") -> bool:
        """Say if the server declared `capability`, and the `feature` of it."""
        if capability not in self.capabilities:
            return False
        return not feature or table(self.capabilities[capability]).get(feature) is True

    def enclose(self, params: Mapping[str, Any] | None, caller: Caller | None = None) -> Mapping[str, Any] | None:
        """Return `params` as a request on this connection has to have them."""
        if self.envelope is None:
            return params if caller is None else bare(params)
        if caller is None:
            return enclosed(params, self.envelope)
        return enclosed(params, envelope(self.protocol, caller.capabilities, caller.log_level))


def server_name(info: object) -> str:
    """Return name and version as a server gave them, in one line."""
    known = table(info)
    return " ".join(filter(None, (text_of(known.get(key)) for key in ("name", "version"))))
