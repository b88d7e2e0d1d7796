"""The control API: everything that the orchestrator knows and can do, over HTTP. Needs the extra `daemon`."""

from mcp_orchestrator.control.api import Control, control_api
from mcp_orchestrator.control.configuration_source import ConfigurationSource
from mcp_orchestrator.control.refusals import refuse_http

__all__ = ["ConfigurationSource", "Control", "control_api", "refuse_http"]
