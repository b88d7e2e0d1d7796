"""What changes something: orders to servers, their circuit breakers, the configuration."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from actors.errors import ServerUnavailableError
from actors.status import ServerStatus
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control import outcomes
from mcp_orchestrator.control.awaited_status import AwaitedStatus
from mcp_orchestrator.control.bodies import BreakerBody
from mcp_orchestrator.control.configuration_source import ConfigurationSource
from mcp_orchestrator.control.facts import Facts
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.refusals import Json, NothingDoneError, callers_mistakes

ServerPath = Annotated[str, Path(description="Name or alias of a server")]

_NO_SOURCE = (
    "there is no file to read again: the application was made with its configuration. "
    "Give control_api(…, configuration=…) one, or call reload() on the orchestrator"
)


class Orders:
    """Gives orders to the servers of one orchestrator, and answers how they are afterwards."""

    def __init__(self, orchestrator: AsyncMCPOrchestrator, facts: Facts) -> None:
        self._orchestrator, self._facts = orchestrator, facts

    def check_serving(self) -> None:
        """ServerUnavailableError when no order is taken any more."""
        state, reason = self._facts.state()
        if state != "serving":
            raise ServerUnavailableError(reason, state=state)

    async def connect(self, server: str, *, anew: bool = False) -> Response:
        """Have a server connected; `anew`: drop a connection that there is."""
        name = self._enabled(server)
        order = self._orchestrator.reconnect if anew else self._orchestrator.connect
        return self._done(name, done=await order(name))

    async def disconnect(self, server: str) -> Response:
        """Have a server disconnected until somebody connects it again."""
        name = self._facts.name(server)
        return self._done(name, done=await self._orchestrator.disconnect(name))

    async def switch(self, server: str, *, on: bool) -> Response:
        """Have a server used, or not."""
        name = self._facts.name(server)
        order = self._orchestrator.enable if on else self._orchestrator.disable
        with AwaitedStatus(self._orchestrator, name, lambda status: (status.state != "disabled") is on) as shown:
            if await order(name):
                await shown.come()
        return self._done(name, done=self._orchestrator.config.servers[name].enabled is on)

    async def check_health(self, server: str) -> Response:
        """Ping a server."""
        return Json(await self._orchestrator.health_check_detailed(self._enabled(server)))

    async def force_breaker(self, server: str, wish: BreakerBody) -> Response:
        """Hold a circuit breaker."""

        def force(name: str) -> bool:
            with callers_mistakes():
                return self._orchestrator.force_circuit_breaker(name, wish.state, wish.reason, for_s=wish.for_s)

        return await self._breaker(
            server, force, lambda status: bool(status.breaker.forced) and status.breaker.state.value == wish.state
        )

    async def reset_breaker(self, server: str) -> Response:
        """Hold it no longer."""
        return await self._breaker(
            server, self._orchestrator.reset_circuit_breaker, lambda status: not status.breaker.forced
        )

    async def _breaker(
        self, server: str, order: Callable[[str], bool], shows: Callable[[ServerStatus], bool]
    ) -> Response:
        name = self._enabled(server)
        with AwaitedStatus(self._orchestrator, name, shows) as shown:
            if not order(name):
                raise NothingDoneError(
                    f"{name} has no actor just now, whose breaker it would be: POST to its /connect first"
                )
            await shown.come()
        return self._done(name, done=True)

    def _enabled(self, server: str) -> str:
        name = self._facts.name(server)
        if not self._orchestrator.config.servers[name].enabled:
            raise NothingDoneError(f"{name} is disabled: POST to its /enable first")
        return name

    def _done(self, name: str, *, done: bool) -> Response:
        return Json({"done": done, "server": self._facts.server(name)})


def add_orders(router: APIRouter, orders: Orders) -> None:
    """Add the routes of a server's connection."""
    told = _told(orders, "Servers")

    @router.post("/servers/{name}/connect", **told, response_model=outcomes.Order)
    async def connect(name: ServerPath) -> Response:
        """Connect a server, as at the start. `done` is false if it did not come up; it is tried again by itself."""
        return await orders.connect(name)

    @router.post("/servers/{name}/reconnect", **told, response_model=outcomes.Order)
    async def reconnect(name: ServerPath) -> Response:
        """Drop the connection of a server, if there is one, and make another; what it lacked may be there now."""
        return await orders.connect(name, anew=True)

    @router.post("/servers/{name}/disconnect", **told, response_model=outcomes.Order)
    async def disconnect(name: ServerPath) -> Response:
        """Disconnect a server, until somebody connects it again. Its calls are refused meanwhile."""
        return await orders.disconnect(name)

    @router.post("/servers/{name}/enable", **told, response_model=outcomes.Order)
    async def enable(name: ServerPath) -> Response:
        """Use a server, whatever the configuration says, until the process ends."""
        return await orders.switch(name, on=True)

    @router.post("/servers/{name}/disable", **told, response_model=outcomes.Order)
    async def disable(name: ServerPath) -> Response:
        """Use a server no more, whatever the configuration says, until the process ends; its calls may finish."""
        return await orders.switch(name, on=False)


def add_care(router: APIRouter, orders: Orders) -> None:
    """Add the routes of a server's health and circuit breaker."""
    told = _told(orders, "Servers")

    @router.post("/servers/{name}/health-check", **told, response_model=outcomes.HealthCheck)
    async def health_check(name: ServerPath) -> Response:
        """Ping a server now, and wait for its answer."""
        return await orders.check_health(name)

    @router.put("/servers/{name}/breaker", **told, response_model=outcomes.Order)
    async def force_breaker(name: ServerPath, body: BreakerBody) -> Response:
        """Hold the circuit breaker of a server open (for maintenance: calls are refused) or closed."""
        return await orders.force_breaker(name, body)

    @router.delete("/servers/{name}/breaker", **told, response_model=outcomes.Order)
    async def reset_breaker(name: ServerPath) -> Response:
        """Hold the circuit breaker of a server no longer."""
        return await orders.reset_breaker(name)


def add_reload(router: APIRouter, orders: Orders, facts: Facts, live: Live, source: ConfigurationSource | None) -> None:
    """Add the route that reads the configuration again."""

    @router.post("/reload", **_told(orders, "Configuration"), response_model=outcomes.Reloaded)
    async def reload() -> Response:
        """Read the configuration again. A mistake in it is 422, and changes nothing; nor does what is as it was."""
        if source is None:
            raise NothingDoneError(_NO_SOURCE)
        touched = await source.reload()
        live.look()
        return Json({"touched": touched, "configuration": facts.configuration()})


def _told(orders: Orders, tag: str) -> dict[str, Any]:
    return {"tags": [tag], "dependencies": [Depends(orders.check_serving)], "responses": outcomes.OF_ORDERS}
