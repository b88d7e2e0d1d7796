"""What `mcp-orchestrator serve` may be told: the table `[daemon]`. Nothing else reads it."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from actors.config import Count, Flag, Section

HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,253}$")]


class DaemonSettings(Section):
    """Where the daemon listens, what it serves, and its limits. Options of the command line go before these."""

    host: HostName = Field(
        default="127.0.0.1", description="address to listen at; one that others can reach needs a token"
    )
    port: Annotated[int, Strict(), Field(ge=0, le=65535)] = Field(
        default=8600, description="port to listen at; 0: any that is free"
    )
    hosts: tuple[HostName, ...] = Field(
        default=(), description="further names under which callers reach it, for example through a proxy"
    )
    tokens_file: str | None = Field(
        default=None, description="where tokens are kept; not set: `tokens.json` beside the configuration"
    )
    meta_tools: Literal["off", "beside", "instead"] = Field(
        default="off",
        description="`search_tools`, `call_tool` and `explain_server`, beside all other tools or in their place",
    )
    dashboard: Flag = Field(default=True, description="serve the dashboard at `/`")
    metrics: Flag = Field(default=True, description="serve metrics for Prometheus at `/metrics`")
    audit: Flag = Field(default=True, description="log who called what, never with which arguments")
    tracing: Flag = Field(default=False, description="make OpenTelemetry traces; needs the extra `otel`")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe event to log; `-v` goes before it"
    )
    log_format: Literal["text", "json"] = Field(default="text", description="of the log on stderr, an event a line")
    watch_config: Flag = Field(default=True, description="reload the configuration when its file changes")
    max_connections: Count = Field(default=1000, description="callers' connections open at once")
    max_streams: Count = Field(default=500, description="event streams open at once, of all callers")
    max_session_connections: Count = Field(
        default=100, description="connections open at once, of all sessions, to servers with `per_session`"
    )
    max_body_bytes: Count = Field(default=4 * 1024 * 1024, description="larger requests are refused")
