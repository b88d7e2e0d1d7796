"""Which process this is, known without asking the system: a call asks some ten times, and each was a system call."""

import os


class _Here:
    pid = os.getpid()


def _forked() -> None:
    _Here.pid = os.getpid()


os.register_at_fork(after_in_child=_forked)


def this_process() -> int:
    """Return the number of the process that runs this, as `os.getpid` does."""
    return _Here.pid
