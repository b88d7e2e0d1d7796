"""One MCP endpoint over all servers, for callers of every revision."""

from mcp_orchestrator.gateway.application import Gateway

__all__ = ["Gateway"]
