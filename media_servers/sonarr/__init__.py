"""MCP server for Sonarr: series, their episodes, what is missing and what is coming."""
