"""The program that the official conformance suite starts, once a scenario.

The suite says by the last argument where its server is, and by variables of the environment which scenario it plays
(`MCP_CONFORMANCE_SCENARIO`), at which revision (`MCP_CONFORMANCE_PROTOCOL_VERSION`) and what the program has to know
for it (`MCP_CONFORMANCE_CONTEXT`, JSON). The last line on stdout is "finished" if nothing went wrong here: the suite
itself does not look at exit statuses when it runs many scenarios.
"""

import os
import sys


def main() -> None:
    """Play the scenario that the environment names. Exit status 1 and a reason on stderr: it could not be played."""
    name = os.environ["MCP_CONFORMANCE_SCENARIO"]
    if name.startswith("auth/"):
        raise SystemExit("this client has no authorization flow")
    # Not before: the suite starts all scenarios at once, and two thirds of them end above.
    from tests.conformance.scenarios import play  # noqa: PLC0415

    play(name, os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"], sys.argv[-1])
    sys.stdout.write("finished\n")


if __name__ == "__main__":
    main()
