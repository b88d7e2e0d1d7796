"""`mcp-orchestrator token`: made, shown once, listed, revoked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_orchestrator.access.token_file import hash_of, read

Cli = Callable[..., int]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def tokens(config: Path) -> Path:
    return config.parent / "tokens.json"


def test_a_token_is_alone_on_stdout_and_nowhere_again(cli: Cli, tokens: Path, capsys: Capture) -> None:
    assert cli("token", "create", "agent") == 0

    token, note = capsys.readouterr()
    assert read(tokens)[0].sha256 == hash_of(token.strip())
    assert str(tokens) in note
    assert cli("token", "list") == 0
    assert token.strip() not in capsys.readouterr().out


def test_what_it_is_good_for_is_kept_and_listed(cli: Cli, tokens: Path, capsys: Capture) -> None:
    options = ("--scope", "call", "--scope", "read", "--tools", "odd__*", "--tools", "dead__x", "--expires", "30")
    assert cli("token", "create", "agent", *options) == 0
    capsys.readouterr()

    assert cli("token", "list", "--json") == 0

    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["scopes"] == ["call", "read"]
    assert listed["tools"] == ["odd__*", "dead__x"]
    assert "sha256" not in listed
    (stored,) = read(tokens)
    assert stored.expires_at is not None
    assert (stored.expires_at - stored.created_at).days == 30
    assert cli("token", "list") == 0
    assert "odd__* dead__x" in capsys.readouterr().out
    assert cli("token", "create", "ever") == 0
    assert cli("token", "list") == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("never")


def test_it_is_where_the_configuration_says_and_no_secret_of_a_server_is_needed(
    cli: Cli, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "of-tokens").mkdir()
    file = tmp_path / "other.toml"
    file.write_text(
        '[daemon]\ntokens_file = "of-tokens/t.json"\n[servers.a]\ncommand = ["a"]\nenv = { KEY = "${NOT_SET}" }\n'
    )

    assert cli("token", "create", "agent", "--config", str(file)) == 0

    assert len(read(tmp_path / "of-tokens" / "t.json")) == 1
    assert cli("token", "list", "--config", str(file)) == 0
    assert "agent" in capsys.readouterr().out


def test_a_token_is_revoked_by_its_name(cli: Cli, tokens: Path, capsys: Capture) -> None:
    cli("token", "create", "agent")

    assert cli("token", "revoke", "agent") == 0
    assert read(tokens) == ()
    assert cli("token", "revoke", "agent") == 2
    assert "there is no token 'agent'" in capsys.readouterr().err
    assert cli("token", "list") == 0
    assert "there is no token in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("create", "agent"), "the name 'agent' is taken"),
        (("create", "local"), "the name 'local' is taken"),
        (("create", "a b"), "NAME has letters"),
        (("create", "b", "--tools", "a b"), "a PATTERN has no spaces"),
        (("create", "b", "--scope", "root"), "--scope root: it is one of call, read, admin"),
        (("create", "b", "--expires", "0"), "--expires"),
        (("create",), "NAME"),
        ((), "Missing command"),
    ],
)
def test_mistakes_are_told(cli: Cli, tokens: Path, capsys: Capture, arguments: tuple[str, ...], why: str) -> None:
    cli("token", "create", "agent")
    before = tokens.read_bytes()

    assert cli("token", *arguments) == 2

    assert why in capsys.readouterr().err
    assert tokens.read_bytes() == before


def test_a_broken_file_is_told_of_and_left_alone(cli: Cli, tokens: Path, capsys: Capture) -> None:
    tokens.write_text("{", encoding="utf-8")

    for arguments in (("create", "agent"), ("list",), ("revoke", "agent")):
        assert cli("token", *arguments) == 2
        assert str(tokens) in capsys.readouterr().err
    assert tokens.read_text(encoding="utf-8") == "{"


def test_a_folder_that_is_not_there_is_told_of(cli: Cli, config: Path, capsys: Capture) -> None:
    config.write_text(config.read_text(encoding="utf-8") + '\n[daemon]\ntokens_file = "nowhere/t.json"\n')

    assert cli("token", "create", "agent") == 2

    assert "there is no folder for" in capsys.readouterr().err
