"""Every mistake in a configuration is one clear error: where, what, and what to do."""

import re
from pathlib import Path
from typing import Any

import pytest

from actors.config import BreakerPolicy, Section, ServerConfig, ToolConfig
from actors.errors import ConfigurationError
from mcp_orchestrator.config import OrchestratorSettings, load

URL = "http://127.0.0.1:9004/mcp"
GOOD: dict[str, Any] = {"url": URL}
PREFIX = "MCP_ORCHESTRATOR__"


def error_of(source: Any, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(source, environ=environ)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"timout_s": 5}, "timout_s: unknown key; did you mean timeout_s?"),
        ({"agrs": []}, "agrs: unknown key; did you mean args?"),
        ({"zzz": 5}, "zzz: unknown key; remove it"),
        ({"open_s": 5}, "open_s: unknown here; it belongs in [servers.NAME.breaker]"),
        ({"state_dir": "/a"}, "state_dir: unknown here; it belongs in [orchestrator]"),
        ({"timeout_s": "abc"}, "timeout_s: must be a number, not text"),
        ({"timeout_s": True}, "timeout_s: must be a number, not true"),
        ({"timeout_s": None}, "timeout_s: must be a number, not null"),
        ({"timeout_s": 0}, "timeout_s: must be greater than 0, not 0"),
        ({"timeout_s": float("inf")}, "timeout_s: must be a finite number, not inf"),
        ({"connect_timeout_s": 1e300}, "connect_timeout_s: must be at most 31536000, not 1e+300"),
        ({"max_retries": -1}, "max_retries: must be at least 0, not -1"),
        ({"max_retries": 1.5}, "max_retries: must be a whole number, not 1.5"),
        ({"enabled": "perhaps"}, "enabled: must be true or false, not text"),
        ({"trust_annotations": "no"}, "trust_annotations: must be true or false, not text"),
        ({"aliases": "sab"}, "aliases: must be a list, not text"),
        ({"aliases": [5]}, "aliases[0]: must be text: put it in quotes"),
        ({"headers": "Bearer"}, "headers: must be a table, not text"),
        ({"headers": {"A": 5}}, "headers.A: must be text: put it in quotes"),
        ({"headers": {"A": {}}}, "headers.A: must be text, not a table"),
        ({"headers": {"A": "a\nb"}}, "headers.A: must be one line of Latin-1 text"),
        ({"headers": {"A B": "a"}}, 'headers."A B": must be the name of a header'),
        ({"url": "ftp://a"}, "url: must begin with http:// or https:// and name a host"),
        ({"url": None}, "give either command (a stdio server) or url (an HTTP server)"),
        ({"command": "a"}, "give either command (a stdio server) or url (an HTTP server)"),
        ({"url": None, "command": ["a"], "transport": "http"}, "transport goes with url, not with command"),
        ({"transport": "sse", "protocol": "modern"}, 'speaks legacy revisions only: leave protocol at "auto"'),
        ({"protocol": "2025-11-25"}, "protocol: must be 'auto', 'legacy' or 'modern'"),
        ({"log_level": "verbose"}, "log_level: must be 'debug', 'info'"),
        ({"env": {"A": "b"}}, "env and cwd go with command, not with url"),
        ({"args": []}, "args: there is no command to go with it; give the program as command"),
        ({"url": None, "command": []}, "command is empty: give the program and its arguments"),
        ({"url": None, "command": "a 'b"}, "command: a quote is not closed; close it, or write a list"),
        ({"url": None, "command": "a\0"}, "command[0]: must not hold a NUL character"),
        ({"url": None, "command": "a", "args": "b"}, "args: must be a list"),
        ({"url": None, "command": "a", "args": [5]}, "args[0]: must be text: put it in quotes"),
        ({"url": None, "command": "a", "env": {"A=": "b"}}, 'env."A=": must be the name of a variable'),
        ({"type": "stdio"}, 'type: "stdio" needs command; correct one of them'),
        (
            {"type": "sse", "url": "http://a", "transport": "http"},
            'type: "sse" contradicts transport = "http"; keep one',
        ),
        ({"type": "pigeon"}, "type: must be one of stdio, local, http, sse,"),
        ({"disabled": "x"}, "disabled: must be true or false"),
        ({"disabled": True, "enabled": True}, "disabled: says the same as enabled; keep one"),
        ({"timeout": 5, "timeout_s": 5}, "timeout: says the same as timeout_s; keep one"),
        (
            {"circuit_breaker_threshold": 5, "breaker": {"failure_threshold": 5}},
            "circuit_breaker_threshold: says the same as breaker.failure_threshold; keep one",
        ),
        ({"circuit_breaker_threshold": 0}, "circuit_breaker_threshold: must be at least 1, not 0"),
        ({"circuit_breaker_threshold": 5, "breaker": 5}, "breaker: must be a table, not 5"),
        ({"timeout": -1}, "timeout: must be greater than 0, not -1"),
        ({"name": "other"}, "name: a server is called as its table is; remove it, or name the table other"),
        ({"breaker": {"opn_s": 1}}, "breaker.opn_s: unknown key; did you mean open_s?"),
        ({"tools": 5}, "tools: must be a table, not 5"),
        ({"tools": {"a.b": {"timeout_s": 0}}}, 'tools."a.b".timeout_s: must be greater than 0, not 0'),
        ({"tools": {"a": 5}}, "tools.a: must be a table, not 5"),
        (
            {"tools": {"a": {"aliases": ["b"]}, "b": {}}},
            'tools.a.aliases: "b" is the tool b already; take another alias',
        ),
        (
            {"tools": {"a": {"aliases": ["c"]}, "b": {"aliases": ["c"]}}},
            'tools.b.aliases: "c" is an alias of a already; take another alias',
        ),
        ({"aliases": ["x y"]}, 'aliases: "x y" is no usable name; take'),
        ({"aliases": ["x"]}, 'aliases: "x" is the server x already; take another alias'),
        ({"url": "${NO}"}, "url: the variable NO is not set; set it, or write ${NO:-default}"),
        ({"timeout_s": "${NO}"}, "timeout_s: the variable NO is not set; set it, or write ${NO:-default}"),
        ({"headers": {"A": "${input:key}"}}, "headers.A: what stands in ${…} is no variable; write ${NAME}"),
        ({"headers": {"A": "${A:-${B}}"}}, "headers.A: what stands in ${…} is no variable; write ${NAME}"),
        ({"headers": {"A": "${A"}}, "headers.A: a ${ is not closed; write ${NAME}, or $${ for the two characters"),
        ({"headers": {"A": {"file": "/no/such"}}}, "headers.A: the file /no/such cannot be read (No such file"),
    ],
)
def test_a_mistake_in_a_server_is_one_line(settings: dict[str, Any], message: str) -> None:
    settings = {key: value for key, value in (GOOD | settings).items() if key == "timeout_s" or value is not None}

    error = error_of({"servers": {"x": settings}})

    assert "\n" not in error
    assert error.startswith("config: servers.x")
    assert message in error


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "config: no server is configured; add one: [servers.NAME] with preset, command or url"),
        ({"servers": {}}, "config: no server is configured; add one"),
        ({"servers": 5}, "config: 2 mistakes\n- servers: must be a table\n- no server is configured"),
        ({"servers": {"x": 5}}, "config: servers.x: must be a table with the settings of one server"),
        ({"servers": {"x": GOOD}, "orchestrater": {}}, "config: orchestrater: unknown key; did you mean orchestrator?"),
        ({"servers": {"x": GOOD}, "plex": {}}, "config: plex: unknown table; a server is written [servers.plex]"),
        ({"x": {"url": "a"}}, "config: x.url: must begin with"),
        ({"a__b": GOOD}, "config: a__b: is no usable name; take 1 to 64 letters, digits"),
        ({"a" * 65: GOOD}, "is no usable name"),
        ({"": GOOD}, "is no usable name"),
        (
            {"a": GOOD | {"aliases": ["c"]}, "b": GOOD | {"aliases": ["c"]}},
            'config: b.aliases: "c" is an alias of a already; take another alias',
        ),
        ({"a": GOOD | {"aliases": ["b"]}, "b": GOOD}, 'config: a.aliases: "b" is the server b already; take another'),
    ],
)
def test_a_mistake_in_the_whole_is_one_line(source: dict[str, Any], message: str) -> None:
    assert message in error_of(source)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_parallel_call": 5}, "orchestrator.max_parallel_call: unknown key; did you mean max_parallel_calls?"),
        ({"servers": {}}, "orchestrator.servers: unknown key"),
        ({"timeout_s": 5}, "orchestrator.timeout_s: unknown here; it belongs in [servers.NAME]"),
        ({"state": "disc"}, "orchestrator.state: must be 'disk' or 'memory'"),
        ({"state_dir": "here"}, "orchestrator.state_dir: must be an absolute path, or begin with ~"),
        (
            {"health_check_interval": 5, "keepalive_interval": 5},
            "orchestrator.keepalive_interval: says the same as health_check_interval_s; keep one",
        ),
    ],
)
def test_a_mistake_in_what_holds_for_all_servers_is_one_line(settings: dict[str, Any], message: str) -> None:
    assert f"config: {message}" in error_of({"orchestrator": settings, "servers": {"x": GOOD}})


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SERVERS__X__TIMEOUT_S", "abc", "must be a number, not text"),
        ("SERVERS__X__TIMEOUT", "0", "must be greater than 0, not 0"),
        ("SERVERS__X__TIMOUT_S", "5", "unknown key; did you mean timeout_s?"),
        ("SERVERS__X__HEADERS__A", "${NO}", "the variable NO is not set; set it"),
        ("SERVERS__SONAR__TIMEOUT_S", "5", "there is no server sonar; did you mean sonarr?"),
        ("SERVERS__ZZZ__TIMEOUT_S", "5", "there is no server zzz; unset it, or configure the server"),
        ("SERVERS__A_B__TIMEOUT_S", "5", "means a-b or a.b, which no variable can tell apart; use the file"),
        ("SERVERS__X", "5", "names no setting; write MCP_ORCHESTRATOR__SERVERS__NAME__SETTING"),
        ("SERVERS__X__", "5", "names no setting; write MCP_ORCHESTRATOR__SERVERS__NAME__SETTING"),
        ("MAX_PARALLEL_CALLS__X", "5", "names no setting; write MCP_ORCHESTRATOR__SETTING or"),
        ("MAX_PARALLEL_CALL", "5", "unknown key; did you mean max_parallel_calls?"),
        ("MAX_PARALLEL_CALLS", "0", "must be at least 1, not 0"),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(variable: str, value: str, message: str) -> None:
    servers = dict.fromkeys(("x", "sonarr", "a-b", "a.b"), GOOD)

    error = error_of({"servers": servers}, **{f"{PREFIX}{variable}": value})

    assert error.startswith(f"config: {PREFIX}{variable}: {message}")


def test_two_variables_for_one_table_are_a_mistake() -> None:
    whole, part = f"{PREFIX}SERVERS__X__HEADERS", f"{PREFIX}SERVERS__X__HEADERS__A"

    error = error_of({"x": GOOD}, **{whole: "text", part: "b"})

    assert f"{part}: another variable sets all of headers; unset one" in error


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "o.toml",
            "[servers.x]\nurl = 5 5\n",
            "o.toml: not TOML: Expected newline or end of document after a statement",
        ),
        ("o.toml", "[servers.x]\nurl = 5 5\n", "(at line 2, column 9); correct the syntax there"),
        ("o.toml", "[servers.x]\n[servers.x]\n", "(at line 2"),
        ("o.toml", "[plex]\nurl = 'http://a'", "plex: unknown table; a server is written [servers.plex]"),
        ("o.toml", "[servers.x]\nurl = 'http://a'\nautoApprove = []", "servers.x.autoApprove: unknown key; remove it"),
        ("o.json", "{\n// no\n}", "o.json: not JSON: Expecting property name enclosed in double quotes (at line 2,"),
        ("o.json", "[]", 'o.json: must be an object; write {"mcpServers": {…}}'),
        ("o.json", '{"a": {}, "a": {}}', 'o.json: the key "a" is there twice in one object; keep one'),
        ("o.json", '{"servers": {"x": {"url": "http://a"}}, "other": 1}', "o.json: other: unknown key; remove it"),
        (
            "o.json",
            '{"mcpServers": {"x": {"url": "http://a", "timout": 5}}}',
            "o.json: mcpServers.x.timout: unknown key; did you mean timeout?",
        ),
        (
            "o.json",
            '{"mcpServers": {"x": {"url": "http://a", "timeout": 60000}}}',
            "o.json: mcpServers.x.timeout: is in seconds, not milliseconds; write timeout_s if 60000 s are meant",
        ),
    ],
)
def test_a_mistake_in_a_file_names_the_file(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)

    error = error_of(path)

    assert error.startswith(f"{path}: ")
    assert message in error


def test_a_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# \xe4")

    assert "no.toml: there is no such file; check the path" in error_of(tmp_path / "no.toml")
    assert "cannot be read: Is a directory; check the path and its rights" in error_of(tmp_path)
    assert "latin.toml: not UTF-8 at byte 2; save it as UTF-8" in error_of(tmp_path / "latin.toml")


def test_a_secret_file_that_is_no_text_shows_nothing_of_itself(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"s3cret\xff")

    error = error_of({"x": GOOD | {"headers": {"A": {"file": str(tmp_path / "key")}}}})

    assert "(not a UTF-8 text); correct its path, content or rights" in error
    assert "s3cret" not in error


def test_all_mistakes_come_in_one_error() -> None:
    error = error_of(
        {"orchestrator": {"a": 1}, "servers": {"x": {"url": "s3cret", "b": 1}, "y": {"timeout_s": "s3cret"}}}
    )

    assert error.splitlines() == [
        "config: 4 mistakes",
        "- orchestrator.a: unknown key; remove it",
        "- servers.x.url: must begin with http:// or https:// and name a host",
        "- servers.x.b: unknown key; remove it",
        "- servers.y.timeout_s: must be a number, not text",
    ]


@pytest.mark.parametrize("wrong", ["s3cret", 5, -1.5, True, None, ["s3cret", 5], {"a": "s3cret"}, {"a": 5}, object()])
@pytest.mark.parametrize("model", [OrchestratorSettings, ServerConfig, ToolConfig, BreakerPolicy])
def test_no_wrong_value_of_any_setting_shows_a_secret_or_pydantics_words(model: type[Section], wrong: object) -> None:
    for field in set(model.model_fields) - {"name"}:
        here = {field: wrong}
        sources: dict[type[Section], dict[str, Any]] = {
            OrchestratorSettings: {"orchestrator": here, "servers": {"x": GOOD}},
            ServerConfig: {"x": GOOD | here},
            ToolConfig: {"x": GOOD | {"tools": {"t": here}}},
            BreakerPolicy: {"x": GOOD | {"breaker": here}},
        }

        told = error_or_nothing(sources[model])

        assert not re.search("s3cret|nput should|pydantic", told)


def error_or_nothing(source: dict[str, Any]) -> str:
    try:
        load(source, environ={})
    except ConfigurationError as error:
        return str(error)
    return ""
