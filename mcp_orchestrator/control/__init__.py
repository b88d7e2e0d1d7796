"""The control API: everything that the orchestrator knows and can do, over HTTP. Needs the extra `daemon`."""
