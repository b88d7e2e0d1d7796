"""What callers send: JSON objects, in which every key is known."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

Seconds = Annotated[float, Strict(), Field(gt=0)]
_MOST_CALLS = 1000  # In a batch. Arbitrary.


class Body(BaseModel):
    """Takes nothing that it does not know, and turns nothing into something else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallBody(Body):
    """One call of a tool."""

    server: str | None = Field(
        default=None, description="Name or alias of the server; null: whichever offers the tool, by priority"
    )
    tool: str = Field(description="Name or alias of the tool, as its server has it", min_length=1)
    params: dict[str, Any] = Field(default_factory=dict[str, Any], description="Arguments of the tool")
    timeout: Seconds | None = Field(default=None, description="Seconds until its outcome; null: as configured")


class BatchCallBody(CallBody):
    """One call of a batch."""

    critical: Annotated[bool, Strict()] = Field(default=False, description="See `cancel_on_critical_failure`")


class BatchBody(Body):
    """Many calls at once."""

    calls: list[BatchCallBody] = Field(description="In any order; outcomes come in this one", max_length=_MOST_CALLS)
    timeout: Seconds | None = Field(default=None, description="Seconds for all of it; null: each call has its own")
    max_parallel: Annotated[int, Strict(), Field(ge=1)] | None = Field(
        default=None, description="Calls under way at once; null: as configured"
    )
    cancel_on_critical_failure: Annotated[bool, Strict()] = Field(
        default=False, description="Give the rest up when a call fails that is `critical`"
    )


class BreakerBody(Body):
    """What a circuit breaker is to say, whatever happens."""

    state: Literal["open", "closed"] = Field(description="open: calls are refused, as for maintenance; closed: none is")
    reason: str = Field(default="", description="For people: incidents and explanations say it", max_length=500)
    for_s: Seconds | None = Field(default=None, description="Seconds; null: until it is reset, or the process ends")
