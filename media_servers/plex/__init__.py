"""MCP server for Plex: libraries, what is being watched, and what to watch next."""
