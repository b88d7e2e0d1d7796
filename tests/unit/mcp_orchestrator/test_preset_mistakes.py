"""Every mistake in a preset is one clear error: where, what, and what to do. No secret is shown."""

from typing import Any

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.config import load

CANARY = "canary0123456789"
GOOD: dict[str, Any] = {"preset": "plex", "url": "http://127.0.0.1:32400", "token": CANARY}
STRAY = "goes with a preset; add preset = one of sabnzbd, sonarr, radarr, plex, or "


def error_of(settings: dict[str, Any], **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load({"servers": {"x": settings}}, environ=environ)
    assert CANARY not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"preset": "plax"},
            "preset: must be one of sabnzbd, sonarr, radarr, plex; for any other server give its command",
        ),
        ({"preset": 5}, "preset: must be one of sabnzbd, sonarr, radarr, plex; for any other server give its command"),
        ({"url": None}, "url: is missing; give the address of Plex, such as http://127.0.0.1:32400"),
        ({"url": ""}, "url: is missing; give the address of Plex, such as http://127.0.0.1:32400"),
        (
            {"token": None},
            "token: is missing; give what stands in Plex under X-Plex-Token in the address of any item's XML view, ",
        ),
        ({"token": "${EMPTY}"}, "token: is missing; give what stands in Plex under"),
        (
            {"preset": "sonarr", "token": None},
            "api_key: is missing; give what stands in Sonarr under Settings > General > API Key, best as { file = ",
        ),
        ({"preset": "sonarr"}, "token: is not what Sonarr has; write api_key"),
        ({"token": None, "api_key": CANARY}, "api_key: is not what Plex has; write token"),
        ({"command": ["x"]}, "command: contradicts preset, which brings its own; keep one"),
        ({"command": "x", "args": ["y"]}, "command: contradicts preset, which brings its own; keep one"),
        ({"headers": {"A": CANARY}}, "headers: goes with the url of an MCP server, and that of a preset is the"),
        ({"transport": "http"}, "transport: goes with the url of an MCP server, and that of a preset is the"),
        ({"preset": None, "url": None}, f"token: {STRAY}put it into env (a command) or headers (a url)"),
        ({"preset": None}, f"token: {STRAY}put it into env (a command) or headers (a url)"),
        ({"preset": None, "token": None, "simulate": True}, f"simulate: {STRAY}remove it"),
        ({"preset": None, "token": None, "ca_file": "a"}, f"ca_file: {STRAY}remove it"),
        ({"url": "127.0.0.1:32400"}, "url: must begin with http:// or https:// and name a host"),
        ({"url": 5}, "url: must be text: put it in quotes"),
        ({"url": f"http://me:{CANARY}@host"}, "url: holds a password; leave it out"),
        ({"url": f"http://host/web#!{CANARY}"}, "url: has something behind a ? or #; leave it out"),
        ({"url": "http://host:port"}, "url: is no address; correct its host or port"),
        ({"url": "http://host/a b"}, "url: is no address; correct its host or port"),
        ({"token": f"{CANARY} "}, "token: must be letters and digits without spaces: copy it again"),
        ({"token": 5}, "token: must be text: put it in quotes"),
        ({"token": {"file": "/no/such"}}, "token: the file /no/such cannot be read (No such file"),
        ({"token": "${NO}"}, "token: the variable NO is not set; set it, or write ${NO:-default}"),
        ({"ca_file": "/no/such.pem"}, "ca_file: there is no file /no/such.pem; correct the path"),
        ({"simulate": "yes"}, "simulate: must be true or false, not text"),
        ({"tools": {"search": {"timeout": 0}}}, "tools.search.timeout: must be greater than 0, not 0"),
        ({"timeout_s": "long"}, "timeout_s: must be a number, not text"),
        ({"tools": 5}, "tools: must be a table, not 5"),
        ({"env": CANARY}, "env: must be a table, not text"),
        ({"preset": None, "token": None, "preste": "plex"}, "preste: unknown key; did you mean preset?"),
        ({"simulat": True}, "simulat: unknown key; did you mean simulate?"),
        ({"type": "stdio"}, 'type: "stdio" needs command; correct one of them'),
    ],
)
def test_a_mistake_in_a_preset_is_one_line(change: dict[str, Any], message: str) -> None:
    settings = {key: value for key, value in (GOOD | change).items() if value is not None}

    error = error_of(settings, EMPTY="")

    assert "\n" not in error
    assert error.startswith(f"config: servers.x.{message}")


def test_address_and_secret_are_missed_in_one_error() -> None:
    _, url, api_key = error_of({"preset": "sabnzbd"}).splitlines()

    assert url == "- servers.x.url: is missing; give the address of SABnzbd, such as http://127.0.0.1:8080"
    assert api_key.startswith("- servers.x.api_key: is missing; give what stands in SABnzbd under Config > General")


def test_a_mistake_in_a_variable_for_a_preset_names_the_variable() -> None:
    variable = "MCP_ORCHESTRATOR__SERVERS__X__URL"

    assert error_of(GOOD, **{variable: "host"}).startswith(f"config: {variable}: must begin with http://")


def test_a_preset_that_is_unknown_is_told_of_a_disabled_server_too() -> None:
    assert "x.preset: must be one of" in error_of({"preset": "sonar", "enabled": False})


@pytest.mark.parametrize("wrong", [CANARY, 5, True, None, [CANARY], {"a": CANARY}, object()])
@pytest.mark.parametrize("field", ["preset", "url", "api_key", "token", "simulate"])  # Of a file the path is shown.
def test_no_wrong_value_shows_a_secret_or_pydantics_words(field: str, wrong: object) -> None:
    told = error_or_nothing(GOOD | {field: wrong})

    assert CANARY not in told
    assert "nput should" not in told


def error_or_nothing(settings: dict[str, Any]) -> str:
    try:
        load({"x": settings}, environ={})
    except ConfigurationError as error:
        return str(error)
    return ""
