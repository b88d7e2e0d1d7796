"""Traces as the variables of OpenTelemetry say, and what is said if that cannot be."""

import sys

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.observing.tracing import NO_TRACES, traces
from tests.fixtures.collector import Collector, collecting
from tests.fixtures.faces import blocking
from tests.fixtures.serving import free_port


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENDPOINT", "PROTOCOL", "TRACES_PROTOCOL", "TRACES_ENDPOINT"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


def one_call(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one, and have its span sent."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    made = traces()
    with blocking("a") as (orchestrator, _):
        orchestrator.trace(made.tracer)
        orchestrator.call_tool("a", "status")
    made.close()


def test_a_span_reaches_the_collector_that_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        one_call(collector, monkeypatch)

        assert [span.name for span in collector.spans] == ["tools/call status"]
        assert collector.resource["service.name"] == "mcp-orchestrator"
        assert collector.resource["service.version"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_SERVICE_NAME", "mine"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=mine,service.version=7")],
)
def test_who_we_are_can_be_said_otherwise(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with collecting() as collector:
        one_call(collector, monkeypatch)

        assert collector.resource["service.name"] == "mine"
        assert (collector.resource["service.version"] == "7") == ("version" in value)


def test_without_an_exporter_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    with collecting() as collector:
        one_call(collector, monkeypatch)

        assert collector.spans == []


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", 'OTEL_TRACES_EXPORTER is "zipkin": take otlp, or none'),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": take http/protobuf'),
    ],
)
def test_what_we_cannot_do_is_an_error_that_names_the_variable(
    variable: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigurationError) as error:
        traces()

    assert str(error.value) == text


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(ConfigurationError) as error:
        traces()

    assert str(error.value) == "daemon.tracing: traces need what is not installed: pip install '.[otel]' in a clone"


@pytest.mark.slow
def test_a_collector_that_is_away_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = Collector(f"http://127.0.0.1:{free_port()}")

    one_call(away, monkeypatch)

    assert "the collector of traces does not answer: the last spans are lost" in caplog.messages


def test_no_traces_cost_nothing_and_change_nothing() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        del scope, receive, send

    assert NO_TRACES.tracer is None
    assert NO_TRACES.around(app) is app
    NO_TRACES.close()
