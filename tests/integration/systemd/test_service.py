"""The service under a real systemd: started, hung, killed, stopped, reloaded; whoever calls gets an answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fixtures.booted import Booted
from tests.integration.systemd.conftest import Installed, configuration

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
Told = Callable[[str], None]
STATE = "/var/lib/mcp-orchestrator/orchestrator.db"


def main_pid(machine: Booted) -> int:
    return int(machine.show("MainPID"))


def pid_of(machine: Booted, server: str) -> int:
    return int(machine.call(f"{server}__where")["pid"])


def is_at_work(machine: Booted) -> bool:
    return not machine.run("sh", "-c", "test -e /var/lib/mcp-orchestrator/began || echo no")


def test_the_first_request_starts_the_service(machine: Booted) -> None:
    machine.run("systemctl", "stop", "mcp-orchestrator.service")
    stopped = machine.show("ActiveState")

    answer = machine.call("one__echo", word="hello")

    assert stopped == "inactive"
    assert answer == {"word": "hello"}
    assert machine.show("ActiveState") == "active"


def test_it_is_started_when_its_servers_are_up_and_says_how_many(machine: Booted) -> None:
    connected = [line for line in machine.journal("--boot") if "connected" in line["MESSAGE"]]
    assert int(connected[-1]["__MONOTONIC_TIMESTAMP"]) < int(machine.show("ActiveEnterTimestampMonotonic"))
    assert machine.show("StatusText") == "2/2 servers up"


def test_a_restart_refuses_nobody_and_keeps_the_state(machine: Booted) -> None:
    before, state = main_pid(machine), machine.run("stat", "-c", "%i %U", STATE)

    machine.run("systemctl", "restart", "--no-block", "mcp-orchestrator")
    while main_pid(machine) in (before, 0):
        machine.connect().close()
    answer = machine.call("two__echo", word="again")

    assert answer == {"word": "again"}
    assert machine.run("stat", "-c", "%i %U", STATE) == state
    assert state.split()[1] == "mcp-orchestrator"


def test_who_calls_after_it_was_killed_is_answered_by_the_next(machine: Booted) -> None:
    before, children = main_pid(machine), set(machine.processes())

    machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "mcp-orchestrator")
    answer = machine.call("one__echo", word="still")

    assert answer == {"word": "still"}
    assert main_pid(machine) != before
    assert not children & set(machine.processes())


def test_one_that_hangs_is_replaced_and_leaves_a_trace(machine: Booted, drop_in: Told) -> None:
    drop_in("WatchdogSec=4")
    hung = main_pid(machine)

    machine.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", "mcp-orchestrator")
    # Not earlier: as it is woken to be aborted, it may still accept a connection that it then takes along.
    machine.eventually(lambda: main_pid(machine) not in {0, hung}, "another one has taken its place")
    answer = machine.call("one__echo", word="at last")

    assert answer == {"word": "at last"}
    said = "\n".join(line["MESSAGE"] for line in machine.journal("--boot"))
    assert "Watchdog timeout" in said
    assert "Fatal Python error: Aborted" in said


def test_a_good_reload_touches_only_the_server_that_has_changed(machine: Booted, change: Told) -> None:
    main, one, two = main_pid(machine), pid_of(machine, "one"), pid_of(machine, "two")

    change(configuration(of_two='env = { SECRET = "other" }'))
    machine.run("systemctl", "reload", "mcp-orchestrator")

    assert (main_pid(machine), pid_of(machine, "one")) == (main, one)
    assert pid_of(machine, "two") != two


def test_a_bad_reload_fails_changes_nothing_and_says_why(machine: Booted, change: Told) -> None:
    main, two = main_pid(machine), pid_of(machine, "two")

    change(configuration(of_two="timeout_ss = 5"))
    machine.fails("systemctl", "reload", "mcp-orchestrator")

    machine.eventually(lambda: "not reloaded" in machine.show("StatusText"), "the status tells of it")
    assert "servers.two.timeout_ss" in machine.status()
    assert "did you mean timeout_s" in machine.status()
    assert (main_pid(machine), pid_of(machine, "two")) == (main, two)


def test_a_stop_lets_a_call_finish_and_leaves_no_process(machine: Booted) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(machine.call, "one__wait", seconds=1)
        machine.eventually(lambda: is_at_work(machine), "the call has begun")
        machine.run("systemctl", "stop", "mcp-orchestrator.service")

    assert answer.result() == "done"
    assert machine.processes() == {}
    assert machine.show("Result") == "success"


def test_a_long_call_gets_more_time_than_systemd_has_for_it(machine: Booted, drop_in: Told, change: Told) -> None:
    change(configuration(more="shutdown_timeout_s = 20"))
    drop_in("TimeoutStopSec=2")

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(machine.call, "one__wait", seconds=3)
        machine.eventually(lambda: is_at_work(machine), "the call has begun")
        machine.run("systemctl", "stop", "mcp-orchestrator.service")

    assert answer.result() == "done"
    assert machine.show("Result") == "success"


def test_servers_live_in_the_sandbox_with_a_home_to_write_to(machine: Booted) -> None:
    found = machine.call("one__where")

    assert found["uid"] != 0
    assert found["writable"] == ["/var/lib/mcp-orchestrator", "/tmp"]  # noqa: S108 -- its own


def test_lines_of_the_log_have_priorities(machine: Booted, change: Told) -> None:
    change("this is no configuration")
    machine.fails("systemctl", "reload", "mcp-orchestrator")

    lines = [line for line in machine.journal("--boot") if line.get("SYSLOG_IDENTIFIER") == "mcp-orchestrator"]
    assert {"3", "6"} <= {line["PRIORITY"] for line in lines}
    assert [line for line in lines if line["PRIORITY"] == "3" and "was not reloaded" in line["MESSAGE"]]


def test_the_units_are_sound_and_the_sandbox_is_tight(machine: Booted, installed: Installed) -> None:
    complaints = machine.run("systemd-analyze", "verify", "mcp-orchestrator.service", "mcp-orchestrator.socket")
    verdict = machine.run("systemd-analyze", "security", "mcp-orchestrator.service").splitlines()[-1]

    assert complaints == ""
    assert float(verdict.partition(": ")[2].split()[0]) <= 1.5, verdict
    assert "mcp-orchestrator serves at http://127.0.0.1:8600/mcp: 2/2 servers up" in installed.said
