"""Whether it lives, and whether it is ready."""

import asyncio
import json

from actors.errors import OutcomeUnknownError
from mcp_orchestrator.observing.probes import Answer, Probe, liveness
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.observed import Seen, observing

REQUIRED = {**LEGACY, "required": True}


async def ready(seen: Seen) -> tuple[int, object]:
    """Return what the probe says."""
    asked = await seen.get("/readyz").done()
    return asked.status, json.loads(asked.body)


def out_of_order(scripts: Scripts, name: str) -> None:
    """Let no connection to a server come about any more."""
    scripts.wire(name).script("initialize", *[OutcomeUnknownError("secret-canary")] * 20)


@on_a_loop
async def test_it_lives_though_no_server_does() -> None:
    scripts = Scripts()
    out_of_order(scripts, "a")
    async with observing({"a": REQUIRED}, scripts, start_timeout_s=0.05) as seen:
        asked = await seen.get("/healthz").done()

        assert (asked.status, json.loads(asked.body)) == (200, {"status": "ok"})
        assert asked.headers["cache-control"] == "no-store"


@on_a_loop
async def test_it_does_not_live_once_nobody_takes_a_turn() -> None:
    async with observing({"a": {}}) as seen:
        await seen.gateway.orchestrator.shutdown(graceful=False)

        answer = await liveness(seen.gateway.orchestrator)

        assert answer == Answer(503, {"status": "failed", "reason": "supervisor or router takes no turn"})


@on_a_loop
async def test_however_many_ask_it_looks_once_a_second() -> None:
    now, asked = [0.0], [0]
    go_on = asyncio.Event()

    async def ask() -> Answer:
        asked[0] += 1
        await go_on.wait()
        return Answer(200, {"asked": asked[0]})

    probe = Probe(ask, lambda: now[0])
    at_once = [asyncio.ensure_future(probe.answer()) for _ in range(100)]
    await asyncio.sleep(0)
    at_once[0].cancel()  # Whoever asked first has gone away: the others have their answer all the same.
    go_on.set()
    answers = await asyncio.gather(*at_once[1:])
    now[0] = 0.9
    again = await probe.answer()
    now[0] = 1.0
    later = await probe.answer()

    assert {answer.body["asked"] for answer in (*answers, again)} == {1}
    assert later.body["asked"] == 2


@on_a_loop
async def test_it_is_ready_from_the_start_to_the_drain() -> None:
    async with observing({"a": REQUIRED}) as seen:
        assert await ready(seen) == (503, {"status": "starting"})

        seen.observed.is_now("serving")
        assert await ready(seen) == (200, {"status": "ready"})

        seen.observed.is_now("draining")
        assert await ready(seen) == (503, {"status": "draining"})

        await seen.gateway.orchestrator.shutdown(graceful=False)
        seen.observed.is_now("serving")
        assert await ready(seen) == (503, {"status": "draining"})


@on_a_loop
async def test_only_what_is_required_is_waited_for_by_its_name_and_state_alone() -> None:
    scripts = Scripts()
    for name in ("a", "b", "off"):
        out_of_order(scripts, name)
    servers = {"a": REQUIRED, "b": LEGACY, "off": {**REQUIRED, "enabled": False}, "good": REQUIRED}
    async with observing(servers, scripts, start_timeout_s=0.05) as seen:
        seen.observed.is_now("serving")

        assert await ready(seen) == (503, {"status": "waiting for servers", "servers": {"a": "reconnecting"}})


@on_a_loop
async def test_a_required_server_whose_breaker_is_open_cannot_be_called() -> None:
    async with observing({"a": REQUIRED}) as seen:
        seen.observed.is_now("serving")
        seen.gateway.orchestrator.force_circuit_breaker("a", "open", "maintenance")
        await eventually(lambda: seen.gateway.orchestrator.get_statuses()[0].refuses)

        waits = {"status": "waiting for servers", "servers": {"a": "circuit breaker open"}}
        assert await ready(seen) == (503, waits)

        seen.gateway.orchestrator.reset_circuit_breaker("a")
        await eventually(lambda: not seen.gateway.orchestrator.get_statuses()[0].refuses)
        assert await ready(seen) == (200, {"status": "ready"})
