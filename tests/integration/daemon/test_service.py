"""`mcp-orchestrator serve` under a service manager: what it says, how it reloads, and how it ends."""

import json
import signal
import socket
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.manual_time import in_background, until
from tests.fixtures.services import ODD, Manager, Service, ask
from tests.fixtures.stdio import wait_until_gone
from tests.fixtures.terminal import PATIENCE_S, ROOT

pytestmark = pytest.mark.slow

PATIENT = [sys.executable, "-I", "-S", str(ROOT / "tests" / "fixtures" / "patient_child.py")]
A: dict[str, Any] = {"command": ODD, "protocol": "legacy"}
B: dict[str, Any] = {"command": [*ODD, "stubborn"], "protocol": "legacy"}


def test_it_is_ready_when_calls_are_answered_and_says_so_when_it_ends(tmp_path: Path, manager: Manager) -> None:
    servers = {"a": A, "down": {"command": ["false"]}, "off": {"command": ["false"], "enabled": False}}
    service = Service(tmp_path, servers, manager, start_timeout_s=0.5)
    with service.running() as running:
        manager.wait_for("READY=1")
        assert manager.said[-1].startswith("STATUS=1/2 servers up; not up: down (")
        assert ask(service.url, "tools/list")["result"]["tools"]

        running.signal(signal.SIGTERM)

        assert running.end() == 0
    manager.wait_for("STOPPING=1")
    assert manager.said[-1].startswith("STATUS=draining")


def test_the_watchdog_is_fed_until_the_supervisor_hangs(tmp_path: Path, manager: Manager) -> None:
    service = Service(tmp_path, {"a": A}, manager)
    with service.running(watchdog_s=0.3):
        manager.wait_for("WATCHDOG=1")
        manager.wait_for("WATCHDOG=1")

        service.break_it("hang")

        until(lambda: "WATCHDOG=1" not in manager.hear(0.9))  # As long as three times of the watchdog.
        assert manager.said[-1] != "STOPPING=1"


def test_one_that_cannot_be_mended_ends_by_itself_and_says_why(tmp_path: Path, manager: Manager) -> None:
    service = Service(tmp_path, {"a": A}, manager)
    with service.running() as running:
        (child,) = running.children()

        service.break_it("kill")

        assert running.end() == 1
        wait_until_gone(child)
    assert running.text.splitlines()[-1].startswith("broken: the supervisor ended too often")
    assert manager.wait_for("STATUS=broken: ")


def test_a_reload_touches_only_what_has_changed_and_a_bad_file_nothing(tmp_path: Path, manager: Manager) -> None:
    service = Service(tmp_path, {"a": A, "b": A}, manager, watch_config=False)
    with service.running() as running:
        before = set(running.children())

        service.configure({"a": A, "b": B}, watch_config=False, metrics=False)
        good = service.reload(running.pid)
        service.file.write_text('{"servers": {"a": {"comand": ["x"]}}}')
        bad = service.reload(running.pid)

        assert good.stdout == (
            "reloaded; changed servers: b\nafter a restart only: the new values of metrics in [daemon]\n"
        )
        assert good.returncode == 0
        assert bad.returncode == 2
        assert "servers.a.comand: unknown key; did you mean command?" in bad.stderr
        assert manager.wait_for("RELOADING=1")
        assert manager.wait_for("MONOTONIC_USEC=")
        assert manager.wait_for("READY=1")
        assert "servers.a.comand" in manager.wait_for("STATUS=2/2 servers up; the file was not reloaded")
        until(lambda: len(running.children()) == 2)
        assert len(before & set(running.children())) == 1

        service.configure({"a": A, "b": B}, watch_config=False)

        assert service.reload(running.pid).stdout == "reloaded; changed servers: none\n"
        assert manager.wait_for("STATUS=2/2 servers up")
        assert "file" not in manager.said[-1]


def test_a_file_that_changes_is_read_without_being_asked_for(tmp_path: Path, manager: Manager) -> None:
    service = Service(tmp_path, {"a": A}, manager)
    with service.running() as running:
        service.configure({"a": A, "b": A})

        running.wait_for("the configuration was reloaded; changed servers: b")


def test_while_it_drains_the_call_under_way_is_answered_and_a_new_one_told_to_come_again(
    tmp_path: Path, manager: Manager
) -> None:
    go_on = tmp_path / "go on"
    call = {"name": "a__wait", "arguments": {"file": str(go_on)}}
    service = Service(tmp_path, {"a": {"command": PATIENT, "protocol": "legacy"}}, manager)
    with service.running() as running, closing(HTTPConnection(service.place)) as kept:
        calling = in_background(lambda: ask(service.url, "tools/call", call))
        _wait_for_a_call(kept)
        running.signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")

        kept.request("POST", "/mcp", _INITIALIZE, {"Content-Type": "application/json"})
        refused = kept.getresponse()
        refused.read()
        manager.wait_for("EXTEND_TIMEOUT_USEC=")
        go_on.touch()

        assert (refused.status, refused.getheader("Retry-After"), refused.getheader("Connection")) == (
            503,
            "5",
            "close",
        )
        assert calling.result(PATIENCE_S)["result"]["content"][0]["text"] == "x" * 300_000
        assert running.end() == 0


def test_a_second_signal_ends_what_is_under_way_and_who_has_said_only_half(tmp_path: Path, manager: Manager) -> None:
    service = Service(tmp_path, {"a": A}, manager)
    with (
        service.running() as running,
        closing(HTTPConnection(service.place)) as kept,
        closing(HTTPConnection(service.place)) as half,
    ):
        half.putrequest("POST", "/mcp")
        half.putheader("Content-Type", "application/json")
        half.putheader("Content-Length", "10")
        half.endheaders(b"{")
        calling = in_background(lambda: ask(service.url, "tools/call", {"name": "a__hang", "arguments": {}}))
        _wait_for_a_call(kept)
        running.signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")

        running.signal(signal.SIGTERM)

        assert running.end() == 130
        assert "Traceback" not in running.text
        assert calling.result(PATIENCE_S)["result"]["isError"]


def test_a_socket_that_is_passed_outlives_the_process_and_nothing_is_refused(tmp_path: Path, manager: Manager) -> None:
    service = Service(tmp_path, {"a": A}, manager)
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        with service.running(listener=listener) as running:
            first = service.url
            running.signal(signal.SIGTERM)
            assert running.end() == 0
        asking = in_background(lambda: ask(first, "tools/list"))  # Nobody is there to accept it.

        with service.running(listener=listener):
            assert asking.result(PATIENCE_S)["result"]["tools"]
            assert service.url == first


_INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
)


def _wait_for_a_call(kept: HTTPConnection) -> None:
    """Wait until some call is under way."""

    def is_under_way() -> bool:
        kept.request("GET", "/api/v1/statistics")
        return bool(json.loads(kept.getresponse().read())["pending_calls"])

    until(is_under_way)
