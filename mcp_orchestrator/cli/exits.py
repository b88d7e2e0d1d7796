"""What an exit code of the command line means, and how an error reads in one line."""

import enum

from actors.errors import (
    CallCancelledError,
    ConfigurationError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    ServerUnavailableError,
    UnknownServerError,
)
from mcp_orchestrator.cli.wording import printable


class ExitCode(enum.IntEnum):
    """For scripts: what became of it, and whether to try again. docs/cli.md has the same list."""

    OK = 0
    FAILED = 1  # The tool ran, without a usable result. Other commands: not all is ready, not every call succeeded.
    USAGE = 2  # A mistake in the command line, the configuration or the arguments.
    NOT_EXECUTED = 3
    UNKNOWN = 4
    TIMEOUT = 5
    INTERRUPTED = 130  # As shells have it: 128 + SIGINT.


EXIT_CODES = (
    "Exit codes: 0 success; 1 the tool ran, and reports an error or gives no usable result, or, for other commands, "
    "something is not ready or failed; 2 a mistake in the command line, the configuration or the arguments; 3 not "
    "executed, safe to repeat; 4 outcome unknown, look before you repeat; 5 timeout; 130 interrupted."
)


class UsageError(Exception):
    """Something wrong with what the user asked for, in words that end with what to do about it."""


class NotReadyError(Exception):
    """A server that could not be connected; nothing was asked of it."""


def exit_code_of(error: Exception) -> ExitCode:
    """Return the exit code for an error that was to be expected."""
    match error:
        case (
            UsageError()
            | ConfigurationError()
            | UnknownServerError()
            | ServerUnavailableError(state="config")
            | MCPToolError(executed="no")  # There is no such tool, or the server does not take these arguments.
        ):
            return ExitCode.USAGE
        case MCPTimeoutError():
            return ExitCode.TIMEOUT
        case CallCancelledError():
            return ExitCode.INTERRUPTED
        case NotReadyError() | MCPOrchestratorError(executed="no"):
            return ExitCode.NOT_EXECUTED
        case MCPOrchestratorError(executed="unknown"):
            return ExitCode.UNKNOWN
        case _:
            return ExitCode.FAILED


def error_text(error: Exception) -> str:
    """Return "error: …" in one line; several mistakes of a configuration have a line each."""
    lines = str(error).splitlines() if isinstance(error, ConfigurationError) else [str(error)]
    return "error: " + "\n".join(map(printable, lines))
