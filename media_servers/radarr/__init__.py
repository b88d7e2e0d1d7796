"""MCP server for Radarr: movies, what is missing and what is coming."""
