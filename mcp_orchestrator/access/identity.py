"""Who a request comes from, as everything behind the door sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

TokenScope: TypeAlias = Literal["call", "read", "admin"]  # Tools; status, metrics and events; everything.

_KEY = "mcp_orchestrator.identity"  # In an ASGI scope.


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One caller. `tools`: patterns of the tools and prompts that he may see and call; none: all.

    They stand for `server__tool`, both as the configuration and the server call it: what the gateway calls a tool
    depends on prefixes, aliases and who else is there, and a change of these must not change who may do what.
    """

    name: str
    scopes: frozenset[TokenScope] = field(default_factory=frozenset[TokenScope])
    tools: tuple[str, ...] = ()

    def may(self, scope: TokenScope) -> bool:
        """Say if he may do what this scope is for. "admin" may everything."""
        return scope in self.scopes or "admin" in self.scopes

    def may_call(self, name: str) -> bool:
        """Say if he may call a tool, or use a prompt, by its name as above."""
        return not self.tools or any(fnmatchcase(name, pattern) for pattern in self.tools)

    def may_read(self, server: str) -> bool:
        """Say if he may see the resources of a server: of one that a pattern names, be it for some of its tools.

        Nothing says which resources belong to which tools. What counts of a pattern is what stands before `__`.
        """
        return not self.tools or any(fnmatchcase(server, pattern.partition("__")[0]) for pattern in self.tools)


EVERYTHING = Identity(name="local", scopes=frozenset({"admin"}))  # Where no token is asked for.


def identity_of(scope: Mapping[str, Any]) -> Identity:
    """Return who a request comes from; whoever mounts a part of ours by itself lets everybody do everything."""
    identity = scope.get(_KEY, EVERYTHING)
    return identity if isinstance(identity, Identity) else EVERYTHING


def identified(scope: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """Return a scope that says so."""
    return {**scope, _KEY: identity}
