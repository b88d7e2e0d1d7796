"""Who gets in: tokens, what each may do, and from where."""

from mcp_orchestrator.access.guard import Guard
from mcp_orchestrator.access.identity import EVERYTHING, Identity, TokenScope, identity_of
from mcp_orchestrator.access.tokens import Tokens, check_bind, tokens_of

__all__ = ["EVERYTHING", "Guard", "Identity", "TokenScope", "Tokens", "check_bind", "identity_of", "tokens_of"]
