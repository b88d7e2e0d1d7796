"""What the OpenAPI document says is valid, whole and true; and the documentation knows every route."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate
from pydantic import BaseModel

from actors.errors import MCPToolError
from mcp_orchestrator import AsyncMCPOrchestrator
from mcp_orchestrator.control import answers, control_api, outcomes
from tests.fixtures.controlled import controlling
from tests.fixtures.faces import asynchronous
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.terminal import ROOT

Json = dict[str, Any]

LOOKS: Mapping[str, type[BaseModel]] = {
    "/overview": answers.Overview,
    "/servers": answers.Servers,
    "/servers/a": answers.Server,
    "/servers/a/explain": answers.Explanation,
    "/servers/a/tools": answers.Tools,
    "/servers/a/stderr": answers.Stderr,
    "/tools": answers.Tools,
    "/statistics": answers.Statistics,
    "/incidents": answers.Incidents,
    "/configuration": answers.Configuration,
    "/history": answers.History,
}
ORDERS: Mapping[tuple[str, str], tuple[object, type[BaseModel]]] = {
    ("POST", "/servers/a/health-check"): (None, outcomes.HealthCheck),
    ("PUT", "/servers/a/breaker"): ({"state": "closed", "for_s": 5}, outcomes.Order),
    ("DELETE", "/servers/a/breaker"): (None, outcomes.Order),
    ("POST", "/servers/a/disconnect"): (None, outcomes.Order),
    ("POST", "/servers/a/reconnect"): (None, outcomes.Order),
    ("POST", "/servers/a/connect"): (None, outcomes.Order),
    ("POST", "/call"): ({"server": "a", "tool": "status"}, outcomes.Called),
    ("POST", "/batch"): ({"calls": [{"server": "x", "tool": "t"}, {"tool": "status"}]}, outcomes.Batch),
    ("POST", "/servers/a/disable"): (None, outcomes.Order),
    ("POST", "/servers/a/enable"): (None, outcomes.Order),
}


@pytest.fixture(scope="module")
def document() -> Json:
    """Return the document of an application that has the control API and nothing else."""
    with asynchronous("a") as (orchestrator, _):
        return openapi(orchestrator)


def openapi(orchestrator: AsyncMCPOrchestrator) -> Json:
    app = FastAPI()
    app.include_router(control_api(orchestrator))
    return app.openapi()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.removeprefix("/api/v1"), operation


def test_the_document_is_valid_openapi(document: Json) -> None:
    validate(document)


def test_every_field_of_every_shape_says_what_it_is(document: Json) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, one in schema.get("properties", {}).items()
        if not one.get("description") and "$ref" not in one  # Those have it where they lead to.
    ]

    assert silent == []
    assert all(schema.get("description") for schema in document["components"]["schemas"].values())


def test_every_operation_has_a_name_of_its_own_a_tag_and_says_what_it_is_refused_with(document: Json) -> None:
    found = list(operations(document))

    assert len({operation["operationId"] for _, _, operation in found}) == len(found)
    for _, path, operation in found:
        assert operation["tags"], path
        assert operation["description"], path
        assert {"200", "401", "403"} <= operation["responses"].keys(), path


def test_mistakes_have_our_shape_and_no_other(document: Json) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_documentation_has_every_route_and_every_status(document: Json) -> None:
    page = (ROOT / "docs" / "control-api.md").read_text(encoding="utf-8")

    missing = [f"{method} {path}" for method, path, _ in operations(document) if f"`{method} {path}`" not in page]
    statuses = {status for _, _, operation in operations(document) for status in operation["responses"]}
    assert missing == []
    assert [status for status in sorted(statuses) if f"| {status} |" not in page] == []


@on_a_loop
async def test_what_is_shown_has_exactly_the_fields_that_are_described() -> None:
    async with controlling("a", servers={"b": {"enabled": False}}) as (controlled, _):
        await controlled.answer("POST", "/call", {"server": "a", "tool": "status"})
        for path, model in LOOKS.items():
            model.model_validate(await controlled.get(path), strict=True)


@on_a_loop
async def test_what_orders_and_calls_are_answered_with_has_exactly_the_fields_that_are_described() -> None:
    async with controlling("a") as (controlled, _):
        for (method, path), (body, model) in ORDERS.items():
            model.model_validate(await controlled.answer(method, path, body), strict=True)


@on_a_loop
async def test_refusals_have_exactly_the_fields_that_are_described() -> None:
    async with controlling("a") as (controlled, scripts):
        for method, path in (("GET", "/servers/x"), ("POST", "/call"), ("POST", "/reload")):
            _, error = await controlled.refusal(method, path)
            outcomes.Error.model_validate(error, strict=True)
        scripts.hold = True
        asked = controlled.ask("POST", "/call", {"server": "a", "tool": "status"})
        await eventually(lambda: bool(scripts.wire("a").exchanges))
        scripts.wire("a").exchanges[-1].write()
        scripts.wire("a").exchanges[-1].end(MCPToolError("no", executed="yes", code=-32603, data=[1]))
        await asked.done()
        outcomes.Refusal.model_validate(asked.messages[0], strict=True)


def test_every_route_is_tried_here(document: Json) -> None:
    tried = {("GET", path.replace("/a", "/{name}") if path.startswith("/servers/a") else path) for path in LOOKS}
    tried |= {(method, path.replace("/servers/a", "/servers/{name}")) for method, path in ORDERS}

    routes = {(method, path) for method, path, _ in operations(document)}

    assert routes - tried == {("GET", "/events"), ("POST", "/reload")}  # Of which other tests tell.
