"""The file with the tokens: what is in it, who may read it, and what is said of one that is broken."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from mcp_orchestrator.access.token_file import PREFIX, TokensFileError, create, hash_of, read, revoke

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_a_token_is_256_random_bits_behind_a_prefix_and_only_its_hash_is_kept(path: Path) -> None:
    token, other = create(path, "agent", scopes=("call",)), create(path, "other", scopes=("call",))

    text = path.read_text(encoding="utf-8")
    assert token.startswith(PREFIX)
    assert len(token) == len(PREFIX) + 43  # 256 bits in base64.
    assert token != other
    assert token not in text
    assert token.removeprefix(PREFIX) not in text
    assert [stored.sha256 for stored in read(path)] == [hash_of(token), hash_of(other)]


def test_it_keeps_what_a_token_is_good_for(path: Path) -> None:
    create(path, "agent", scopes=("call", "read"), tools=("sonarr__*",), lasts=timedelta(days=3), now=NOON)

    (stored,) = read(path)

    assert (stored.identity.name, stored.identity.scopes, stored.identity.tools) == (
        "agent",
        frozenset({"call", "read"}),
        ("sonarr__*",),
    )
    assert stored.is_valid(NOON + timedelta(days=3) - timedelta(seconds=1))
    assert not stored.is_valid(NOON + timedelta(days=3))


def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(path: Path) -> None:
    before = os.umask(0)
    try:
        create(path, "agent", scopes=("call",))
        revoke(path, "agent")
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path.symlink_to(tmp_path / "elsewhere" / "t.json")

    create(path, "agent", scopes=("call",))

    assert path.is_symlink()
    assert len(read(path)) == 1


def test_who_is_revoked_has_gone_and_the_file_stays(path: Path) -> None:
    create(path, "agent", scopes=("call",))

    assert revoke(path, "agent")
    assert not revoke(path, "agent")
    assert read(path) == ()


@pytest.mark.parametrize("name", ["agent", "local"])
def test_a_name_is_given_once(path: Path, name: str) -> None:
    create(path, "agent", scopes=("call",))

    with pytest.raises(ValueError, match="is taken"):
        create(path, name, scopes=("call",))

    assert len(read(path)) == 1


def test_what_cannot_be_kept_changes_nothing(path: Path) -> None:
    create(path, "agent", scopes=("call",))

    with pytest.raises(ValidationError):
        create(path, "a b", scopes=("call",))
    with pytest.raises(ValidationError):
        create(path, "b", scopes=())

    assert [stored.name for stored in read(path)] == ["agent"]


def _create_many(path: Path, first: int) -> None:
    for number in range(first, first + 10):
        create(path, f"t{number}", scopes=("call",))


def test_two_who_change_it_at_once_lose_nothing(path: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        list(both.map(_create_many, (path, path), (0, 10)))

    assert len(read(path)) == 20


STORED = {"name": "a", "sha256": "0" * 64, "scopes": ["call"], "created_at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"tokens": [{}]}',
        json.dumps({"tokens": [{**STORED, "scopes": ["root"]}]}),
        json.dumps({"tokens": [{**STORED, "sha256": "short"}]}),
        json.dumps({"tokens": [{**STORED, "is_admin": True}]}),
        json.dumps({"tokens": [STORED, STORED]}),
        json.dumps({"tokens": [{**STORED, "name": "local"}]}),
    ],
)
def test_a_broken_file_is_no_list_of_tokens_and_is_not_written_over(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)

    with pytest.raises(TokensFileError, match=str(path)):
        read(path)
    with pytest.raises(TokensFileError):
        create(path, "b", scopes=("call",))

    assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_is_not_trusted(path: Path, mode: int) -> None:
    create(path, "agent", scopes=("call",))
    path.chmod(mode)

    with pytest.raises(TokensFileError, match="chmod 600"):
        read(path)
