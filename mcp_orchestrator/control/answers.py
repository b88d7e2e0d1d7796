"""How things are, as the OpenAPI document describes it. Times are seconds; `at` and `…_at`, seconds since 1970.

Answers are written as they are, not by these models: they describe them. A test holds the two together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float | None, Field(description="Seconds; null if nobody knows, or if there was none")]
At = Annotated[float, Field(description="Seconds since 1970")]
State = Literal[
    "disconnected", "connecting", "ready", "reconnecting", "throttled", "auth_required", "config", "draining",
    "crash_loop", "stopped", "disabled", "parked",
]  # fmt: skip


class Answer(BaseModel):
    """Knows all its fields."""

    model_config = ConfigDict(extra="forbid")


class Breaker(Answer):
    """A circuit breaker."""

    state: Literal["closed", "open", "half_open"] = Field(description="open: calls are refused; half_open: one tries")
    failure_count: int = Field(description="Failures in a row; of one that is not closed, those that opened it")
    success_count: int = Field(description="Successes in a row since it is half-open")
    last_failure_time: float | None = Field(description="Seconds since 1970; null without one")
    threshold: int = Field(description="Failures in a row that open it")
    timeout: float = Field(description="Seconds that it stays open the first time")
    success_threshold: int = Field(description="Successes in a row that close it")
    retry_after: Seconds = Field(description="Seconds until it lets a call pass; null if it is not open, or not known")
    forced: str = Field(description="Why it is forced to be what it is; empty if it is not")
    forced_for: Seconds = Field(description="Seconds until that ends; null: not by itself")
    tools_open: list[str] = Field(description="Tools whose own breaker is not closed")


class Latency(Answer):
    """Of all answered calls."""

    p50: Seconds
    p95: Seconds
    p99: Seconds


class Health(Answer):
    """What its pings said."""

    state: Literal["unknown", "up", "down"] = Field(description="By the last pings")
    misses: int = Field(description="Pings in a row without an answer")
    checks: int = Field(description="Pings so far")
    last_check_at: float | None = Field(description="Seconds on the process's own clock, not since 1970")
    response_time_s: Seconds = Field(description="Seconds that the last answer took")


class Incident(Answer):
    """Something that happened to a server and that a person may want to know."""

    at: At
    server: str = Field(description="Its name")
    kind: str = Field(description="connected, lost, connect_failed, breaker_open, crashed, and others")
    text: str = Field(description="Why, in words; may be empty")


class Server(Answer):
    """Everything known of one server."""

    server: str = Field(description="Its name in the configuration")
    state: State = Field(description="What it is in")
    reason: str = Field(description="Why; may be empty")
    connected: bool = Field(description="Whether it is ready")
    transport: Literal["stdio", "http", "sse"] = Field(description="How it is reached")
    era: Literal["", "legacy", "modern"] = Field(description="Of the protocol; empty before the first connection")
    protocol: str = Field(description="Revision that is spoken; empty before the first connection")
    capabilities: dict[str, Any] = Field(description="As the server declared them")
    server_info: str = Field(description="Name and version, as it told them")
    pid: int | None = Field(description="Of its child process; null without one")
    generation: int = Field(description="How often its actor was started")
    connection: int = Field(description="How many connections that one has had; 0 without one")
    circuit_breaker: Breaker
    in_flight: int = Field(description="Calls that are at the server")
    waiting: int = Field(description="Calls that wait to be sent")
    max_concurrent: int = Field(description="Calls that may be at the server at once")
    owed: int = Field(description="Calls that have no outcome yet")
    failed_connects: int = Field(description="Failed tries to connect, in a row")
    retry_after: Seconds = Field(description="Seconds to the next try to connect; null if none is planned")
    tools: int = Field(description="How many it lists")
    fresh: bool = Field(description="Whether they were listed on the connection that is open now")
    calls: int = Field(description="Calls so far")
    failures: int = Field(description="Of these, how many failed")
    failed_with: dict[str, int] = Field(description="How many, by kind of error")
    retries: int = Field(description="Attempts beyond each call's first")
    connects: int = Field(description="Connections so far")
    notifications_dropped: int = Field(description="Notifications that came faster than they were taken")
    latency: Latency
    health: Health
    last_incident: Incident | None = Field(description="The last thing that happened to it")
    enabled: bool = Field(description="Whether it is to be used at all")
    explain: list[str] = Field(description="In sentences: what state it is in, why, and what happens next")
    priority: int = Field(description="Of servers that offer the same tool, the one with the lowest is called")


class Store(Answer):
    """Where what should outlive the process is kept."""

    model_config = ConfigDict(extra="allow")


class Statistics(Answer):
    """The numbers of all servers together, since the state was first kept."""

    total_calls: int = Field(description="Calls so far")
    total_health_checks: int = Field(description="Pings so far")
    calls_per_server: dict[str, int] = Field(description="Calls so far, by server")
    succeeded: int = Field(description="Calls that a tool answered")
    failures: int = Field(description="Calls that failed")
    failures_per_server: dict[str, int] = Field(description="Calls that failed, by server")
    failed_with: dict[str, int] = Field(description="Calls that failed, by kind of error")
    tool_errors: int = Field(description="Of these, calls that the server answered with an error")
    notifications_dropped: int = Field(description="Notifications that came faster than they were taken")
    retries: int = Field(description="Attempts beyond each call's first")
    pending_calls: int = Field(description="Calls that have no outcome yet")
    unaccounted_calls: int = Field(description="Calls that neither ended nor are pending: anything but 0 is a bug")
    latency_per_server: dict[str, Latency] = Field(description="Of answered calls, by server")
    connected_servers: list[str] = Field(description="Those that are ready")
    incidents: int = Field(description="How many are kept")
    store: Store
    children: int = Field(description="Child processes there are")


class Configuration(Answer):
    """Where the configuration in force is from."""

    path: str | None = Field(description="Its file; null without one")
    loaded_at: At
    error: str = Field(description="Why the file as it is now is not in force; empty if it is")


class Incidents(Answer):
    """Incidents."""

    incidents: list[Incident] = Field(description="Oldest first")


class Overview(Incidents):
    """All that is to be seen at one glance."""

    version: str = Field(description="Of this program")
    pid: int = Field(description="Of this process")
    started_at: At
    now: At
    state: Literal["serving", "draining", "broken"] = Field(description="Whether calls are taken")
    reason: str = Field(description="Why not; empty if they are")
    endpoint: str | None = Field(description="Path of the MCP gateway here; null without one")
    configuration: Configuration
    servers: list[Server] = Field(description="In the order of the configuration")
    statistics: Statistics


class Servers(Answer):
    """All servers."""

    servers: list[Server] = Field(description="In the order of the configuration")


class Explanation(Answer):
    """A server in sentences."""

    server: str = Field(description="Its name")
    explain: list[str] = Field(description="What state it is in, why, and what happens next")


class Stderr(Answer):
    """What a child process wrote for people."""

    server: str = Field(description="Its name")
    lines: list[str] = Field(description="The last 200, of its last child if there is none now")


class Repeatable(Answer):
    """Whether calls may be repeated when an answer is lost."""

    yes: bool = Field(description="They may")
    why: str = Field(description="By whose word")


class Tool(Answer):
    """A tool as its server lists it, and what is known of it besides."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="As its server has it")
    server: str = Field(description="Whose it is")
    published: str | None = Field(description="What the gateway calls it; null: hidden there")
    repeatable: Repeatable


class Tools(Answer):
    """Tools."""

    tools: list[Tool] = Field(description="In the order of the configuration, then the servers' own")


class ServerSample(Answer):
    """One server within one interval."""

    calls: int = Field(description="Calls that were accepted in it")
    failures: int = Field(description="Calls that failed in it")
    in_flight: int = Field(description="Calls at the server at its end")
    p50: Seconds = Field(description="Seconds within which half of the calls answered in it were; null without any")
    p95: Seconds = Field(description="Likewise 95 %")


class Sample(Answer):
    """One interval."""

    at: float = Field(description="When it ended, seconds since 1970")
    calls: int = Field(description="Calls that were accepted in it")
    failures: int = Field(description="Calls that failed in it")
    servers: dict[str, ServerSample] = Field(description="By name")


class History(Answer):
    """The last five minutes."""

    interval_s: float = Field(description="Seconds from one sample to the next")
    samples: list[Sample] = Field(description="Oldest first")
