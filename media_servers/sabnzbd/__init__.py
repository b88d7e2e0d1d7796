"""MCP server for SABnzbd: the download queue, its history and settings."""
