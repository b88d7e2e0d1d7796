"""What one server may be told in the configuration. Durations in seconds, sizes in bytes."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from actors.call import ServerName, ToolName

LONGEST_S = 365 * 86400.0  # Below what locks can wait for: beyond, they raise. What sockets cannot, transports see to.
# Strict: `true` is no number of seconds, and no deadline is infinite.
Seconds = Annotated[float, Strict(), Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]  # Else pydantic takes "no" for false, and "off", and 0.
Count = Annotated[int, Strict(), Field(ge=1)]
# What the operating system takes as a word, and HTTP as a header: found here, not at the first connect.
Word = Annotated[str, Field(pattern=r"^[^\x00]*$")]
VariableName = Annotated[str, Field(pattern=r"^[^\x00=]+$")]
# As RFC 5424 ranks them, the least severe first.
LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\t\x20-\x7e\u0080-\u00ff]*$")]


class Section(BaseModel):
    """Base of every table of the configuration: frozen, and an unknown key is an error.

    What may hold a secret (a command's arguments, variables, headers, a URL's query) is in no repr and no error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BreakerPolicy(Section):
    """When a server is left alone, and for how long. The figures are a first guess, not a measurement."""

    failure_threshold: Count = Field(default=5, description="failed calls in a row that open the breaker")
    success_threshold: Count = Field(default=2, description="calls that must succeed, half-open, to close it")
    open_s: Seconds = Field(default=5.0, description="first open period; doubles each time in a row, ±20 %")
    open_cap_s: Seconds = Field(default=30.0, description="longest open period, before jitter")
    lease_s: Seconds = Field(default=10.0, description="how long one call may hold the half-open door")
    forgive_after_s: Seconds = Field(default=120.0, description="time closed after which the open period starts anew")


class ToolConfig(Section):
    """What is known of one tool better than its server says it."""

    timeout_s: Seconds | None = Field(default=None, description="per call; not set: the server's")
    idempotent: Flag | None = Field(default=None, description="may be repeated; not set: the tool's annotations decide")
    max_concurrent: Count | None = Field(default=None, description="calls of this tool under way at once")
    aliases: tuple[str, ...] = Field(default=(), description="other names of the tool on this server")


class ServerConfig(Section):
    """One MCP server: how to reach it, and how to treat it."""

    name: ServerName = Field(description="as callers say it; from the table's name")
    enabled: Flag = Field(default=True, description="false: known, never connected")
    command: tuple[Word, ...] | None = Field(
        default=None, repr=False, description="program and arguments of a stdio server"
    )
    env: Mapping[VariableName, Word] = Field(
        default={}, repr=False, description="added to the child's minimal environment"
    )
    cwd: Word | None = Field(default=None, description="the child's working folder")
    url: str | None = Field(
        default=None, pattern=r"^https?://[^/\s]+", repr=False, description="endpoint of an HTTP server"
    )
    headers: Mapping[HeaderName, HeaderValue] = Field(
        default={}, repr=False, description="sent with every HTTP request"
    )
    transport: Literal["auto", "http", "sse"] = Field(
        default="auto", description="of a url: Streamable HTTP, or the HTTP+SSE of 2024-11-05; auto: whichever answers"
    )
    protocol: Literal["auto", "legacy", "modern"] = Field(
        default="auto", description="legacy: revisions up to 2025-11-25; modern: 2026-07-28; auto: ask the server"
    )
    probe_timeout_s: Seconds = Field(
        default=10.0, description="silence of a child, asked which protocol it speaks, that is taken for legacy"
    )
    log_level: LogLevel | None = Field(
        default=None, description="least severe log message to ask the server for; not set: none is asked for"
    )
    required: Flag = Field(
        default=False, description="a daemon without it is not ready to serve (`/readyz`); calls do not care"
    )
    aliases: tuple[str, ...] = Field(default=(), description="other names of the server")
    priority: Annotated[int, Strict()] = Field(default=100, description="lowest first, where a call names no server")

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,32}$")] | None = Field(
        default=None,
        description="what the gateway puts before names of its tools and prompts, with two underscores; not set: the "
        'server\'s name; `""`: nothing',
    )
    expose: tuple[str, ...] = Field(
        default=(), description="patterns, such as `get_*`, of the tools and prompts that the gateway offers; none: all"
    )
    hide: tuple[str, ...] = Field(
        default=(), description="patterns of those that it does not offer, nor lets be called"
    )
    per_session: Flag = Field(
        default=False,
        description="the gateway connects once more for each session that calls it, so that the server can ask its "
        "caller; what it logs, and what changes, is that session's alone",
    )

    timeout_s: Seconds = Field(default=30.0, description="deadline of a call that names none")
    attempt_timeout_s: Seconds | None = Field(
        default=None,
        description="limit of one attempt, from its begin or from its last report of progress, which a caller asks for "
        "with `on_progress`; not set: the call's deadline",
    )
    connect_timeout_s: Seconds = Field(default=5.0, description="TCP and TLS connect; also the answer to a ping")
    handshake_timeout_s: Seconds = Field(
        default=30.0, description="for the handshake, the connect included, and for a list of tools"
    )
    max_concurrent: Count = Field(default=10, description="calls under way at once")
    max_waiting: Count = Field(default=4096, description="calls that may wait for a slot; more are refused")
    max_retries: Annotated[int, Strict(), Field(ge=0)] = Field(default=3, description="attempts after the first")
    retry_base_s: Seconds = Field(default=0.1, description="first back-off of a call; doubles")
    retry_cap_s: Seconds = Field(default=2.0, description="longest back-off of a call")
    reconnect_base_s: Seconds = Field(default=0.5, description="first back-off of the connection; doubles")
    reconnect_cap_s: Seconds = Field(default=30.0, description="longest back-off of the connection")
    max_response_bytes: Count = Field(default=16 * 1024 * 1024, description="larger answers are thrown away")
    keepalive_reuse_s: Seconds = Field(
        default=2.0, description="idle time after which only repeatable calls reuse a socket"
    )
    trust_annotations: Flag | None = Field(
        default=None, description="believe readOnlyHint, idempotentHint; not set: stdio only"
    )
    output_schema: Literal["enforce", "ignore"] = Field(
        default="enforce", description="what to do with structured content that breaks the tool's own outputSchema"
    )
    breaker: BreakerPolicy = Field(default=BreakerPolicy(), description="the circuit breaker")
    tools: Mapping[ToolName, ToolConfig] = Field(default={}, description="per tool")

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either command (a stdio server) or url (an HTTP server)")
        if self.command is not None and not self.command:
            raise ValueError("command is empty: give the program and its arguments")
        if self.command is not None and self.headers:
            raise ValueError("headers go with url, not with command")
        if self.url is not None and (self.env or self.cwd):
            raise ValueError("env and cwd go with command, not with url")
        if self.command is not None and self.transport != "auto":
            raise ValueError("transport goes with url, not with command")
        if self.transport == "sse" and self.protocol == "modern":
            raise ValueError('transport = "sse" speaks legacy revisions only: leave protocol at "auto"')
        return self

    @property
    def trusts_annotations(self) -> bool:
        """Whether hints decide what may be repeated: those of our own child yes, of a far server only if set."""
        return self.command is not None if self.trust_annotations is None else self.trust_annotations

    def tool(self, name: ToolName) -> ToolConfig:
        """Return what is configured for this tool, or the defaults."""
        return self.tools.get(name, _NO_TOOL_CONFIG)


_NO_TOOL_CONFIG = ToolConfig()
