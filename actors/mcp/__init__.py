"""The MCP client: formats, conversations, transports. Knows no actor."""
