"""Who is told that lists or resources have changed. All on the loop's thread."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from actors.call import ServerName
from mcp_orchestrator.access import Identity
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.gateway.catalogue import OneCatalogue
from mcp_orchestrator.gateway.refusals import INVALID_PARAMS, RefusedError

Kind = Literal["tools", "prompts", "resources"]
UPDATED = "notifications/resources/updated"
_CHANGED: Mapping[str, Kind] = {
    "notifications/tools/list_changed": "tools",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
}
MOST_SUBSCRIPTIONS = 1000  # Of one hearer. Arbitrary.


def kind_changed(method: str) -> Kind | None:
    """Return the list of which a notification says that it has changed; None: it says something else."""
    return _CHANGED.get(method)


class Hearer(Protocol):
    """A caller with a stream to be told on."""

    def changed(self, kind: Kind) -> None:
        """Hear that a list is not what it was."""
        ...

    def updated(self, params: Mapping[str, Any]) -> None:
        """Hear that a resource he has subscribed to is not what it was."""
        ...


_NOBODY: tuple[None, dict[Hearer, None]] = (None, {})


class Fanout:
    """Keeps the hearers, and asks servers for the changes of a resource as long as one of them wants to hear."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, catalogue: OneCatalogue) -> None:
        self._orchestrator, self._catalogue = orchestrator, catalogue
        self._hearers: dict[Hearer, None] = {}
        self._is_open = False
        self._subscribed: dict[str, tuple[ServerName, dict[Hearer, None]]] = {}
        self._uris: dict[Hearer, dict[str, None]] = {}

    def begin(self) -> None:
        """Tell of lists from now on: before, nobody was given one."""
        self._is_open = True

    def add(self, hearer: Hearer) -> None:
        """Tell him from now on."""
        self._hearers[hearer] = None

    def remove(self, hearer: Hearer) -> None:
        """Tell him nothing more."""
        self._hearers.pop(hearer, None)
        for uri in list(self._uris.get(hearer, ())):
            self.unsubscribe(hearer, uri)

    async def owner(self, uri: str, identity: Identity) -> ServerName:
        """Return the server that has this resource. RefusedError: none has, or he may not see it."""
        owner = await self._catalogue.owner(uri, identity)
        if owner is None:
            raise RefusedError(INVALID_PARAMS, f"Resource not found: {uri}", {"uri": uri})
        return owner

    def subscribe(self, hearer: Hearer, owner: ServerName, uri: str) -> None:
        """Tell him of this resource. RefusedError: of too many; or MCPToolError: its server tells of no changes."""
        uris = self._uris.get(hearer, {})
        if len(uris) >= MOST_SUBSCRIPTIONS and uri not in uris:
            raise RefusedError(
                INVALID_PARAMS, f"{MOST_SUBSCRIPTIONS} resources are subscribed to: unsubscribe from one"
            )
        if uri not in self._subscribed:
            self._orchestrator.subscribe_resource(owner, uri)
        self._subscribed.setdefault(uri, (owner, {}))[1][hearer] = None
        self._uris.setdefault(hearer, {})[uri] = None

    def unsubscribe(self, hearer: Hearer, uri: str) -> None:
        """Tell him no more of this resource; whether he was told does not matter."""
        owner, hearers = self._subscribed.get(uri, _NOBODY)
        if owner is None or hearers.pop(hearer, self) is self:
            return
        del self._uris[hearer][uri]
        if not self._uris[hearer]:
            del self._uris[hearer]
        if hearers:
            return
        del self._subscribed[uri]
        if owner in self._orchestrator.config.servers:  # Else a reload has taken it away.
            self._orchestrator.unsubscribe_resource(owner, uri)

    def changed(self, kind: Kind) -> None:
        """Tell everybody of a list."""
        for hearer in list(self._hearers) if self._is_open else ():
            hearer.changed(kind)

    def updated(self, params: Mapping[str, Any]) -> None:
        """Tell of a resource whoever has subscribed to it."""
        _, hearers = self._subscribed.get(str(params.get("uri")), _NOBODY)
        for hearer in list(hearers):
            hearer.updated(params)
