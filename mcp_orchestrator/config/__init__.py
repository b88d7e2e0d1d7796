"""The configuration of an orchestrator: a file or a dict in, an object or one clear error out."""

from mcp_orchestrator.config.daemon import DaemonSettings
from mcp_orchestrator.config.loading import load
from mcp_orchestrator.config.models import OrchestratorConfig, OrchestratorSettings, Source, switched

__all__ = ["DaemonSettings", "OrchestratorConfig", "OrchestratorSettings", "Source", "load", "switched"]
