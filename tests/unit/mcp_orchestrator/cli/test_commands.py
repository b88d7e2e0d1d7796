"""Each command: what is on stdout, what on stderr, and the exit code."""

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., int]
Capture = pytest.CaptureFixture[str]

MISSING = "command 'no-such-program' not found: install it, or give its full path in servers.missing.command"
DEAD = "connecting failed: the server's process exited with code 1"


def test_a_call_prints_its_data_as_json_in_one_line(cli: Cli, capsys: Capture) -> None:
    assert cli("call", "o", "say", "text=1984", "number=3", "any=[1]") == 0

    assert capsys.readouterr() == ('{"text": "1984", "number": 3, "any": [1]}\n', "")


def test_a_call_takes_json_also_from_stdin(cli: Cli, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"text": "é\\u009b\\ud800"}'))

    assert cli("call", "odd", "echo", "--json", "-") == 0

    assert capsys.readouterr().out == '{"text": "é\\u009b\\ud800"}\n'


def test_raw_prints_the_result_as_it_came(cli: Cli, capsys: Capture) -> None:
    assert cli("call", "odd", "echo", "--raw") == 0

    assert json.loads(capsys.readouterr().out) == {"content": [], "structuredContent": {}}


def test_progress_is_shown_on_stderr(cli: Cli, capsys: Capture) -> None:
    assert cli("call", "odd", "work") == 0

    assert capsys.readouterr() == ('"done"\n', "odd.work: 1 of 2, working\nodd.work: 2 of 2, working\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["odd", "fail"], 1, r"odd.fail: it \x1b[31mdid not work (executed: yes)"),
        (["odd", "echo", "number=x"], 2, "number must be of type integer, not 'x'"),
        (["odd", "echo", "number=1", "--json", "{}"], 2, "arguments are given twice: either KEY=VALUE or --json"),
        (["odd", "echo", "--timeout", "0"], 2, "--timeout must be more than 0 s, not 0"),
        (["odd", "echo", "--timeout", "nan"], 2, "--timeout must be more than 0 s, not nan"),
        (["odd", "ecko"], 2, "odd has no tool 'ecko': did you mean echo?"),
        (["odd", "zzz"], 2, "odd has no tool 'zzz': see mcp-orchestrator tools odd"),
        (["odd", "refuse"], 2, "odd.refuse: not with these arguments (code -32602) (executed: no)"),
        (["oddd", "echo"], 2, "Invalid server 'oddd': did you mean 'odd'? known servers: odd, dead, missing, off"),
        (["missing", "echo"], 2, f"missing is not connected: {MISSING}"),
        (["dead", "echo"], 3, f"dead is not connected (reconnecting): {DEAD}"),
        (["off", "echo"], 3, "off is not connected (disabled): enabled = false"),
        (["odd"], 2, "Missing argument 'TOOL'. See mcp-orchestrator call --help"),
        (["--zzz"], 2, "No such option: --zzz. See mcp-orchestrator call --help"),
    ],
)  # fmt: skip
def test_a_call_that_fails_says_so_in_one_line(
    cli: Cli, capsys: Capture, arguments: list[str], code: int, says: str
) -> None:
    assert cli("call", *arguments) == code

    assert capsys.readouterr() == ("", f"error: {says}\n")


def test_an_answer_that_is_lost_or_late_has_an_exit_code_of_its_own(cli: Cli, capsys: Capture) -> None:
    assert cli("call", "odd", "die") == 4
    assert "exited with code 3" in (said := capsys.readouterr().err)
    assert said.endswith("(executed: unknown)\n")

    assert cli("call", "odd", "hang", "--timeout", "0.2") == 5
    assert "(executed: unknown)" in capsys.readouterr().err


def test_raw_prints_also_the_result_of_a_tool_that_failed(cli: Cli, capsys: Capture) -> None:
    assert cli("call", "odd", "fail", "--raw") == 1

    printed = capsys.readouterr()
    assert json.loads(printed.out)["isError"] is True
    assert printed.err.startswith("error: odd.fail")


def test_tools_are_listed_with_what_may_be_repeated_and_why(cli: Cli, capsys: Capture) -> None:
    assert cli("tools", "o") == 0

    lines = [line.split(maxsplit=4) for line in capsys.readouterr().out.splitlines()]
    assert lines[2] == ["odd", "echo", "yes", "(readOnlyHint)", "Return the arguments as they came."]
    assert lines[3] == ["fail", "no", "(no", "hint)", r"Fail with \x1b[31ma colour"]


def test_tools_as_json_have_all_that_the_server_says_of_them(cli: Cli, capsys: Capture) -> None:
    assert cli("tools", "odd", "--json") == 0

    echo = json.loads(capsys.readouterr().out)[0]
    assert (echo["server"], echo["repeatable"], echo["repeatable_why"]) == ("odd", True, "readOnlyHint")
    assert "inputSchema" in echo


def test_tools_of_all_servers_name_those_that_are_not_connected(cli: Cli, capsys: Capture) -> None:
    assert cli("tools") == 3

    printed = capsys.readouterr()
    assert "echo" in printed.out
    assert [line.split()[1] for line in printed.err.splitlines()] == ["dead", "missing"]


def test_status_shows_every_server_once_and_the_store(cli: Cli, capsys: Capture, healthy: Path) -> None:
    assert cli("status") == 1
    shown = capsys.readouterr().out
    assert all(f"\n{name} " in shown for name in ("odd", "dead", "missing", "off"))
    assert "legacy 2025-11-25" in shown
    assert "0 calls: 0 ok, 0 failed, 0 pending, 0 unaccounted; 0 retried\nstate: in memory" in shown

    assert cli("status", "--config", str(healthy)) == 0


def test_status_as_json_has_every_number(cli: Cli, capsys: Capture, healthy: Path) -> None:
    assert cli("status", "--json", "-c", str(healthy)) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["servers"]["odd"]["state"] == "ready"
    assert told["totals"]["store"]["mode"] == "memory"


def test_status_says_where_state_is_on_disk(cli: Cli, capsys: Capture, healthy: Path, tmp_path: Path) -> None:
    text = healthy.read_text().replace('state = "memory"', f'state_dir = "{tmp_path}/state"')
    healthy.write_text(text)

    assert cli("status", "-c", str(healthy)) == 0

    assert f"state: on disk, {tmp_path}/state/orchestrator.db" in capsys.readouterr().out


def test_explain_says_how_a_server_is(cli: Cli, capsys: Capture) -> None:
    assert cli("explain", "o") == 0
    assert capsys.readouterr().out.startswith("odd is ready.\nIt is odd 1 and speaks protocol 2025-11-25.\n")

    assert cli("explain", "missing") == 1
    assert "missing is configured wrongly: command 'no-such-program' not found" in capsys.readouterr().out


def test_check_config_says_where_secrets_come_from_and_never_what_they_are(
    cli: Cli, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hidden-1")
    monkeypatch.setenv("MCP_ORCHESTRATOR__SERVERS__A__ENV__LATER", "hidden-2")
    (tmp_path / "key").write_text("hidden-3")
    (tmp_path / "some.toml").write_text("""
        [servers.a]
        command = ["run", "--token=${TOKEN}"]
        env = { PLAIN = "hidden-4", FILED = { file = "key" }, file = "hidden-5" }
        aliases = ["b", "c"]
        [servers.d]
        url = "http://127.0.0.1:1/mcp"
        headers = { Authorization = "Bearer ${TOKEN:-hidden-6}" }
        [servers.e]
        command = "x"
        enabled = false
        [servers.f]
        url = "http://127.0.0.1:1/sse"
        transport = "sse"
    """)

    assert cli("check-config", "some.toml") == 0

    shown = capsys.readouterr().out
    assert "hidden" not in shown
    assert [line.split() for line in shown.splitlines() if "─" not in line] == [
        ["some.toml:", "4", "servers,", "no", "mistakes"],
        ["server", "transport", "aliases", "remarks", "secrets", "and", "variables"],
        ["a", "stdio", "b,", "c", "-", "command[1]:", "variable", "TOKEN"],
        ["env.PLAIN:", "written", "in", "the", "file"],
        ["env.FILED:", "file", "key"],
        ["env.file:", "written", "in", "the", "file"],
        ["env.LATER:", "override", "by", "a", "variable"],
        ["d", "http", "-", "-", "headers.Authorization:", "variable", "TOKEN"],
        ["e", "stdio", "-", "disabled", "-"],
        ["f", "sse", "-", "-", "-"],
    ]


def test_a_configuration_with_mistakes_is_told_and_not_used(cli: Cli, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text('[servers.a]\ncommand = "x"\ntimout_s = 1\nmax_retries = -1\n')

    for arguments in (["check-config", "wrong.toml"], ["run", "wrong.toml"], ["status", "-c", "wrong.toml"]):
        assert cli(*arguments) == 2
        assert capsys.readouterr().err.splitlines() == [
            "error: wrong.toml: 2 mistakes",
            "- servers.a.max_retries: must be at least 0, not -1",
            "- servers.a.timout_s: unknown key; did you mean timeout_s?",
        ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["xyz"], "No such command 'xyz'. See mcp-orchestrator --help"),
        (["run", "nowhere.toml"], "nowhere.toml: there is no such file; check the path"),
        (["run", "orchestrator.toml", "--demo"], "--demo has servers of its own: leave FILE out, or --demo"),
        (["serve", "--stdio", "--port", "1"], "--stdio listens nowhere: leave --host and --port out"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_told_so(
    cli: Cli, capsys: Capture, arguments: list[str], says: str
) -> None:
    assert cli(*arguments) == 2

    assert capsys.readouterr() == ("", f"error: {says}\n")


def test_without_arguments_there_is_help_with_the_exit_codes(cli: Cli, capsys: Capture) -> None:
    assert cli() == 0

    shown = " ".join(capsys.readouterr().out.split())
    assert "Supervise all servers until Ctrl-C" in shown
    assert "3 not executed, safe to repeat" in shown


def test_the_version_is_told(cli: Cli, capsys: Capture) -> None:
    assert cli("--version") == 0

    assert capsys.readouterr().out.startswith("mcp-orchestrator ")


@pytest.mark.parametrize(("flag", "seen"), [(None, ["w"]), ("-v", ["w", "i"]), ("-vv", ["w", "i", "d"])])
def test_more_is_logged_with_every_v(
    cli: Cli, capsys: Capture, monkeypatch: pytest.MonkeyPatch, flag: str | None, seen: list[str]
) -> None:
    log = logging.getLogger("mcp_orchestrator.test")

    def check(_: Path) -> int:
        log.warning("w")
        log.info("i")
        log.debug("d")
        return 0

    monkeypatch.setattr("mcp_orchestrator.cli.showing.check_config", check)

    assert cli("check-config", "any.toml", *([flag] if flag else [])) == 0

    assert [line[-1] for line in capsys.readouterr().err.splitlines()] == seen
