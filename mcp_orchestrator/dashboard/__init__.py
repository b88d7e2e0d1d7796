"""The dashboard: one page over the control API, made of plain files. It needs no build step and asks nobody else."""

from mcp_orchestrator.dashboard.application import Dashboard

__all__ = ["Dashboard"]
