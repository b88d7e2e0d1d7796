"""The control API: everything that the orchestrator knows and can do, over HTTP. Needs the extra `daemon`."""

from mcp_orchestrator.control.api import Control
from mcp_orchestrator.control.configuration_source import ConfigurationSource

__all__ = ["ConfigurationSource", "Control"]
