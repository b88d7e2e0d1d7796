"""`mcp-orchestrator reload` where there is nobody to reload."""

import os
from pathlib import Path

import pytest

from mcp_orchestrator.cli import main

RELOAD = ["reload", "--pid", str(os.getpid())]  # Whom SIGHUP would end.


def test_a_process_that_is_no_daemon_is_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))

    assert main(RELOAD) == 2

    assert f"no daemon that serves has the pid {os.getpid()}" in capsys.readouterr().err


def test_without_a_place_to_meet_it_says_what_to_do_instead(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)

    assert main(RELOAD) == 2

    assert f"kill -HUP {os.getpid()}" in capsys.readouterr().err
