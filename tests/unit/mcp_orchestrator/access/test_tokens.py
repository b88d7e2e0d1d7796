"""Whom the daemon knows by his token: as the file says now, and nobody when it says nothing that can be read."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.access import EVERYTHING, Tokens, check_bind, tokens_of
from mcp_orchestrator.access.token_file import create, revoke
from mcp_orchestrator.config import DaemonSettings
from tests.fixtures.guarding import Keys


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def test_without_a_file_everybody_may_do_everything(keys: Keys) -> None:
    assert keys.tokens.is_open
    assert keys.tokens.identity("anything") is EVERYTHING


def test_with_the_first_token_everybody_needs_one_and_nothing_is_restarted(keys: Keys) -> None:
    assert keys.tokens.is_open

    token = create(keys.path, "agent", scopes=("call",))

    assert not keys.tokens.is_open
    known = keys.tokens.identity(token)
    assert known is not None
    assert known.name == "agent"
    assert keys.tokens.identity("") is None
    assert keys.tokens.identity(token[:-1]) is None
    assert keys.tokens.identity(token + "\udcff") is None


def test_a_token_that_is_revoked_or_over_is_good_for_nothing(keys: Keys) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    old = create(keys.path, "old", scopes=("call",), lasts=timedelta(hours=1), now=yesterday)
    token = create(keys.path, "agent", scopes=("call",))

    assert keys.tokens.identity(old) is None
    assert keys.tokens.identity(token) is not None
    revoke(keys.path, "agent")
    assert keys.tokens.identity(token) is None


def test_the_last_token_does_not_open_the_door_behind_it(keys: Keys) -> None:
    create(keys.path, "agent", scopes=("call",))
    revoke(keys.path, "agent")

    assert not keys.tokens.is_open
    assert not keys.tokens.admits_somebody
    assert keys.tokens.problem == ""


def test_a_file_that_breaks_lets_nobody_in_until_it_is_mended(keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    token = create(keys.path, "agent", scopes=("call",))
    good = keys.path.read_bytes()
    assert keys.tokens.identity(token) is not None

    keys.path.write_bytes(b"{")

    with caplog.at_level(logging.ERROR):
        assert keys.tokens.identity(token) is None
    assert not keys.tokens.is_open
    assert str(keys.path) in keys.tokens.problem
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    keys.path.write_bytes(good)
    assert keys.tokens.identity(token) is not None


def test_a_file_that_has_gone_lets_nobody_in(keys: Keys) -> None:
    token = create(keys.path, "agent", scopes=("call",))
    assert keys.tokens.identity(token) is not None

    keys.path.unlink()

    assert keys.tokens.identity(token) is None
    assert not keys.tokens.is_open
    assert "has gone" in keys.tokens.problem


def test_the_file_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    now = [0.0]
    tokens = Tokens(tmp_path / "t.json", is_open_without=True, clock=lambda: now[0])
    assert tokens.is_open
    token = create(tmp_path / "t.json", "agent", scopes=("call",))

    now[0] = 0.9
    assert tokens.is_open
    now[0] = 1.0
    assert not tokens.is_open
    assert tokens.identity(token) is not None


def test_it_is_beside_the_configuration_or_where_that_says(tmp_path: Path) -> None:
    config = tmp_path / "o.toml"

    assert tokens_of(DaemonSettings(), config).path == tmp_path / "tokens.json"
    assert tokens_of(DaemonSettings(tokens_file="x/t.json"), config).path == tmp_path / "x" / "t.json"
    assert tokens_of(DaemonSettings(tokens_file="/x/t.json"), config).path == Path("/x/t.json")
    assert tokens_of(DaemonSettings(), None).path is None


def test_who_names_a_file_wants_to_be_asked_for_a_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = tokens_of(DaemonSettings(tokens_file="slip.json"), tmp_path / "o.toml")

    assert not tokens.is_open
    assert tokens.problem == f"{tmp_path / 'slip.json'}: has no token"
    assert caplog.messages == [f"nobody is let in: {tokens.problem}. Make one: {tokens.remedy}"]


def test_where_others_can_reach_it_nothing_is_open(tmp_path: Path) -> None:
    assert tokens_of(DaemonSettings(), tmp_path / "o.toml").is_open
    assert not tokens_of(DaemonSettings(host="192.0.2.1"), tmp_path / "o.toml").is_open


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_an_address_of_this_machine_needs_no_token(host: str, keys: Keys) -> None:
    check_bind(host, keys.tokens)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104 -- to be refused
def test_any_other_needs_one_and_who_has_none_is_told_how_to_make_it(host: str, tmp_path: Path) -> None:
    config = tmp_path / "o.toml"
    tokens = tokens_of(DaemonSettings(host=host), config)

    with pytest.raises(ConfigurationError, match=f"mcp-orchestrator token create NAME --config {config}"):
        check_bind(host, tokens)

    create(tmp_path / "tokens.json", "agent", scopes=("call",))
    check_bind(host, tokens_of(DaemonSettings(host=host), config))


def test_a_token_whose_time_is_over_is_none_to_bind_with(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=9)
    create(tmp_path / "tokens.json", "old", scopes=("call",), lasts=timedelta(days=1), now=long_ago)

    with pytest.raises(ConfigurationError):
        check_bind("192.0.2.1", tokens_of(DaemonSettings(), tmp_path / "o.toml"))
