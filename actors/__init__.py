"""What one MCP server is to us: its actor, its policies, its wire."""
