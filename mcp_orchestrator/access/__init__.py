"""Who gets in: tokens, what each may do, and from where."""

from mcp_orchestrator.access.identity import EVERYTHING, Identity, TokenScope, identity_of

__all__ = ["EVERYTHING", "Identity", "TokenScope", "identity_of"]
