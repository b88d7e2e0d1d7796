"""What a caller gets when a tool answered."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from actors.call import Call, Result
from actors.errors import MCPToolError


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetadata:
    """How a call went. Times in seconds; `protocol`: the revision spoken, such as "2025-11-25"."""

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
        """The content blocks, raw."""
        content = self.raw.get("content")
        return content if isinstance(content, list) else []

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
        except ValueError:
            return texts[0]


def _texts(result: Result) -> list[str]:
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    return [str(block.get("text", "")) for block in blocks if isinstance(block, dict) and block.get("type") == "text"]


def shaped(call: Call, result: Result, metadata: CallMetadata) -> "Result | ToolResult | MCPToolError":
    """Return what `call` is settled with: raw for most methods; a tool's answer, or its failure, for tools/call."""
    if call.method != "tools/call":
        return result
    if result.get("isError") is True:
        text = " ".join(_texts(result)) or "the tool failed and said nothing"
        return MCPToolError(text, executed="yes", result=result)
    return ToolResult(raw=result, metadata=metadata)
