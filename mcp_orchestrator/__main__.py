"""`python -m mcp_orchestrator`: the command line."""

import sys

from mcp_orchestrator.cli import main

sys.exit(main())
