"""From the methods of one class to an MCP server: strict arguments, annotations, errors of one sentence."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from media_servers import VERSION
from media_servers.deadline import begin
from media_servers.errors import BackendError

try:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.shared.exceptions import MCPError
    from mcp.types import INVALID_PARAMS, CallToolResult, InputRequiredResult, ToolAnnotations
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "mcp":
        raise
    # All there is on stderr, without a traceback: it is what an orchestrator shows of a dead child.
    sys.exit("the media servers need the MCP SDK: pip install '.[media]' in a clone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one call does to the world, in the words of MCP's tool annotations.

    * `idempotent`: a repeat with the same arguments changes nothing more. It may be answered by an error.
    * `destructive`: something may be lost that no other tool brings back.
    * `outside`: it reaches beyond the application, to indexers or to any URL.
    """

    read_only: bool = False
    idempotent: bool = False
    destructive: bool = False
    outside: bool = False


READS = Effect(read_only=True, idempotent=True)
LOOKS_UP = Effect(read_only=True, idempotent=True, outside=True)
SETS = Effect(idempotent=True)
OVERWRITES = Effect(idempotent=True, destructive=True)
DELETES = Effect(idempotent=True, destructive=True)
ADDS = Effect(idempotent=True, outside=True)
FETCHES = Effect(outside=True)


def tool(method: Callable[..., Any], title: str, effect: Effect) -> Tool:
    """Make a tool of a method that may block: the SDK runs it on a worker thread.

    Its docstring, as one line, is the description: what it does, what it returns, what it costs. Its parameters
    carry their own. An argument it does not have is refused, where the SDK would drop it: a misspelt
    `delete_files` must not pass for False.
    """
    annotations = ToolAnnotations(
        title=title,
        read_only_hint=effect.read_only,
        idempotent_hint=effect.idempotent,
        destructive_hint=effect.destructive,
        open_world_hint=effect.outside,
    )
    description = " ".join((method.__doc__ or "").split())
    made = Tool.from_function(method, title=title, description=description, annotations=annotations)
    arguments = made.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    made.parameters = _untitled(arguments.model_json_schema())
    made.fn_metadata.output_schema = _untitled(made.fn_metadata.output_schema)
    return made


def _untitled(schema: Any) -> Any:  # noqa: ANN401 -- a part of a JSON schema
    """Leave out pydantic's titles, which repeat the names: a sixth of what an agent would read."""
    if isinstance(schema, list):
        return [_untitled(part) for part in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    table = cast("dict[str, object]", schema)
    # A property that is called title is a schema itself.
    return {name: _untitled(part) for name, part in table.items() if not (name == "title" and isinstance(part, str))}


class MediaServer(MCPServer[Any]):
    """An MCP server whose errors are one clear sentence each, without the SDK's framing.

    Logs go to stderr, and only what an operator must see: a refused call is the caller's business.
    """

    def __init__(self, name: str, *, title: str, instructions: str, tools: Sequence[Tool]) -> None:
        super().__init__(
            name, title=title, instructions=instructions, version=VERSION, tools=list(tools), log_level="WARNING"
        )
        self._parameters = {made.name: tuple(made.parameters["properties"]) for made in tools}

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Run the tool; what it refuses, and only that, is rephrased."""
        if name not in self._parameters:
            # A protocol error, as the specification has it: nothing was run.
            raise MCPError(INVALID_PARAMS, f"There is no tool {name!r:.80}: tools/list names those there are.")
        begin()
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            match error.__cause__:
                case BackendError() as refusal:
                    raise ToolError(str(refusal)) from error
                case ValidationError() as invalid:
                    raise ToolError(self._sentence(name, invalid)) from invalid  # The SDK logs by this cause.
                case _:
                    raise

    def _sentence(self, name: str, invalid: ValidationError) -> str:
        """Say what is wrong with the arguments and what would be right, without pydantic's layout and links."""
        faults: list[str] = []
        for fault in invalid.errors(include_url=False, include_context=False):
            where = ".".join(str(part) for part in fault["loc"])
            if fault["type"] == "extra_forbidden":
                known = ", ".join(self._parameters[name]) or "none"
                faults.append(f"it takes no argument {where!r}, only these: {known}")
            elif fault["type"] == "missing":
                faults.append(f"the argument {where!r} is missing")
            else:
                told = fault["msg"].removeprefix("Value error, ")
                faults.append(f"{where}: {told[:1].lower()}{told[1:]} (given: {fault['input']!r:.80})")
        return f"{name} refuses its arguments: {'; '.join(faults)}."
