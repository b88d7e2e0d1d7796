"""What Prometheus reads at `/metrics`. Made when it asks; nothing is counted for it while calls are under way."""

import platform
import threading
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from actors.mcp.envelope import CLIENT_INFO
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.control.configuration_source import ConfigurationSource
from mcp_orchestrator.gateway.tally import Numbers
from mcp_orchestrator.observing.incidents import IncidentLog
from mcp_orchestrator.observing.of_servers import PREFIX, of_servers, unaccounted

STORE_MODES = ("disk", "memory")


class Metrics(Collector):
    """Of one daemon, in a registry of their own: two of them in one process do not meet.

    `incidents`: counts them; `gateway`: returns its numbers of the moment; `configuration`: where it is from.
    """

    def __init__(
        self,
        orchestrator: AsyncMCPOrchestrator,
        incidents: IncidentLog,
        gateway: Callable[[], Numbers],
        configuration: ConfigurationSource,
    ) -> None:
        self._orchestrator, self._incidents = orchestrator, incidents
        self._gateway, self._configuration = gateway, configuration
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all of them, and the Content-Type: what `accept`, a request's header, asks for. For any thread."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def describe(self) -> Iterable[Metric]:
        """Say nothing beforehand: the registry would collect to find out."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield what is read off the orchestrator, the gateway and the process. See Collector."""
        orchestrator = self._orchestrator
        statuses, gateway = orchestrator.get_statuses(), self._gateway()
        yield from of_servers(statuses, orchestrator.get_health())
        lost = unaccounted(statuses) + gateway.unaccounted_calls
        yield _gauge("unaccounted_calls", "Calls neither ended nor owed: anything but 0 is a bug", lost)
        yield from self._of_the_whole()
        yield from _of_gateway(gateway)
        family = CounterMetricFamily(PREFIX + "incidents", "Incidents since the start", labels=["server", "kind"])
        for (server, kind), count in self._incidents.counts.copy().items():
            family.add_metric([server, kind], count)
        yield family

    def _of_the_whole(self) -> Iterator[Metric]:
        orchestrator, source = self._orchestrator, self._configuration
        statistics = orchestrator.get_stats()
        version = [CLIENT_INFO["version"], platform.python_version()]
        build = GaugeMetricFamily(PREFIX + "build_info", "What runs here; always 1", labels=["version", "python"])
        build.add_metric(version, 1.0)
        yield build
        yield _gauge(
            "serving",
            "Whether calls are taken: not while it drains, or when it is broken",
            orchestrator.refusal() is None,
        )
        yield _gauge("pending_calls", "Calls that are owed an outcome", orchestrator.get_pending_calls())
        yield _gauge("children", "Child processes", statistics["children"])
        yield _gauge("threads", "Threads of Python", threading.active_count())
        store = GaugeMetricFamily(PREFIX + "store_mode", "Where state is kept: 1 for that", labels=["mode"])
        for known in STORE_MODES:
            store.add_metric([known], float(known == statistics["store"].get("mode")))
        yield store
        yield _gauge("config_last_reload_successful", "Whether the file as it is now is in force", not source.error)
        yield _gauge("config_last_reload_success_timestamp_seconds", "When what is in force was read", source.loaded_at)


def _of_gateway(numbers: Numbers) -> Iterator[Metric]:
    yield _gauge("gateway_sessions", "Sessions of callers of revisions before 2026-07-28", numbers.sessions)
    yield _gauge("gateway_own_connections", "Connections that sessions share with nobody", numbers.own_connections)
    yield _gauge("gateway_streams", "Event streams open for what servers say unasked", numbers.streams)
    family = CounterMetricFamily(
        PREFIX + "gateway_requests", "Requests of callers that have ended, by how", labels=["method", "result"]
    )
    for (method, result), count in numbers.requests.items():
        family.add_metric([method, result], count)
    yield family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, float(value))
