"""What a caller gets when a tool answered."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from actors.call import Call, Result
from actors.errors import MCPToolError


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetadata:
    """How a call went. Times in seconds; `protocol`: the revision spoken, such as "2025-11-25".

    `attempts`: how often it was tried; each answer to a question of its server is one more.
    """

    server: str
    tool: str | None
    request_id: int
    attempts: int
    queued_s: float
    duration_s: float
    protocol: str


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """A tool's answer. `raw` is the result as the server sent it, nothing added or dropped."""

    raw: Result
    metadata: CallMetadata

    @property
    def content(self) -> list[dict[str, Any]]:
        """The content blocks, raw; what is no object is left out."""
        return _blocks(self.raw)

    @property
    def structured_content(self) -> Any:  # noqa: ANN401 -- any JSON
        """The structured content; None if the server sent none."""
        return self.raw.get("structuredContent")

    @cached_property
    def data(self) -> Any:  # noqa: ANN401 -- any JSON
        """The structured content, else the JSON of a single text block, else its text, else the list of texts.

        Worked out at the first look, on the thread that looks.
        """
        if "structuredContent" in self.raw:
            return self.structured_content
        texts = _texts(self.raw)
        if len(texts) != 1:
            return texts
        try:
            return json.loads(texts[0])
        except (ValueError, RecursionError):  # The latter: JSON, nested too deep for anybody's good.
            return texts[0]


def _blocks(result: Result) -> list[dict[str, Any]]:
    content = result.get("content")
    blocks = cast("list[object]", content) if isinstance(content, list) else []
    return [cast("dict[str, Any]", block) for block in blocks if isinstance(block, dict)]


def _texts(result: Result) -> list[str]:
    texts = (block.get("text") for block in _blocks(result) if block.get("type") == "text")
    return [str(text) if isinstance(text, str | int | float) else "" for text in texts]  # Lists may be too deep.


def shaped(call: Call, result: Result, metadata: CallMetadata) -> "Result | ToolResult | MCPToolError":
    """Return what `call` is settled with: raw for most methods; a tool's answer, or its failure, for tools/call."""
    if call.method != "tools/call":
        return result
    if result.get("isError") is True:
        text = " ".join(_texts(result)) or "the tool failed and said nothing"
        return MCPToolError(text, executed="yes", result=result)
    return ToolResult(raw=result, metadata=metadata)
