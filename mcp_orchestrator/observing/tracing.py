"""Traces of a daemon, as the standard variables of OpenTelemetry say: `OTEL_EXPORTER_OTLP_ENDPOINT` and the others."""

import logging
import os
from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING

from actors.calling import Tracer
from actors.errors import ConfigurationError
from actors.mcp.envelope import CLIENT_INFO

if TYPE_CHECKING:  # The extra may be missing.
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import SpanExporter

    from mcp_orchestrator.observing.spans import Asgi

logger = logging.getLogger(__name__)

_LAST_SPANS_S = 2.0  # For a collector to take them, at the end.


class Traces:
    """What makes spans, and sends them: nothing, as long as nobody wants any. `tracer`: for an orchestrator."""

    tracer: Tracer | None = None

    def around(self, app: "Asgi") -> "Asgi":
        """Return an ASGI application in which the caller's HTTP headers say what its calls are part of."""
        return app

    def close(self) -> None:
        """Send what is left. Blocks, a few seconds at most."""


NO_TRACES = Traces()


def traces(environ: Mapping[str, str] = os.environ) -> Traces:
    """Begin to send spans by OTLP over HTTP. ConfigurationError: the extra is missing, or a variable is of no use."""
    try:
        return _OverHttp(environ)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        wanted = "pip install '.[otel]' in a clone"
        raise ConfigurationError(f"daemon.tracing: traces need what is not installed: {wanted}") from error


class _OverHttp(Traces):
    """Reads the variables when it is made; the SDK reads its own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- the extra may be missing
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- as above

        from mcp_orchestrator.observing.spans import CallSpans  # noqa: PLC0415 -- as above

        self._exporter = _exporter(environ)
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        if self._exporter is not None:
            self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self.tracer = CallSpans(self._provider)

    def around(self, app: "Asgi") -> "Asgi":
        """See Traces."""
        from mcp_orchestrator.observing.spans import InContext  # noqa: PLC0415 -- as above

        return InContext(app)

    def close(self) -> None:
        """See Traces."""
        ending = Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(_LAST_SPANS_S)
        if ending.is_alive() and self._exporter is not None:
            logger.warning("the collector of traces does not answer: the last spans are lost")
            self._exporter.shutdown()  # It tries again no more.
            ending.join(_LAST_SPANS_S)


def _exporter(environ: Mapping[str, str]) -> "SpanExporter | None":
    """Return what sends spans; None: OTEL_TRACES_EXPORTER says that nothing does."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- as above

    exporter = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter == "none":
        return None
    if exporter != "otlp":
        raise ConfigurationError(f'OTEL_TRACES_EXPORTER is "{exporter}": take otlp, or none')
    for variable in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        protocol = environ.get(variable) or "http/protobuf"
        if protocol != "http/protobuf":
            raise ConfigurationError(f'{variable} is "{protocol}": take http/protobuf')
    return OTLPSpanExporter()


def _resource() -> "Resource":
    """Return who we are, as far as OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES do not say it."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- as above

    said = Resource.create()
    ours = {"service.version": CLIENT_INFO["version"], **said.attributes}
    if str(said.attributes.get("service.name", "")).startswith("unknown_service"):
        ours["service.name"] = "mcp-orchestrator"
    return Resource(ours)
