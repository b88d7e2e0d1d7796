"""What downloads are called, and what is cut out of their names."""

import pytest

from media_servers.sabnzbd.names import LONGEST, name_of, without_keys


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://indexer.invalid/get/Some%20Film.nzb?apikey=1", "Some Film"),
        ("https://indexer.invalid/Film.NZB", "Film"),
        ("https://indexer.invalid/api?t=get&id=1", "download"),
        ("https://indexer.invalid/", "download"),
        ("/watch/Some.Series.S01E01.nzb", "Some.Series.S01E01"),
        ("/watch/two.zip", "two.zip"),
        ("/" + "x" * 500, "x" * LONGEST),
    ],
)
def test_a_download_is_called_after_its_nzb_where_the_address_says_so(source: str, name: str) -> None:
    assert name_of(source) == name


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Film.1080p", "Film.1080p"),
        ("What is 1+1? & why", "What is 1+1? & why"),
        ("Trying to fetch NZB from https://a.invalid/get?id=1&apikey=c4n4ry now", "https://a.invalid/get?… now"),
        ("https://a.invalid/get/1.nzb&i=2&r=c4n4ry", "https://a.invalid/get/1.nzb?…"),
        ("HTTP://me:c4n4ry@a.invalid/get", "HTTP://a.invalid/get"),
        ("failed: https://a.invalid/#c4n4ry https://b.invalid/?c4n4ry", "https://a.invalid/?… https://b.invalid/?…"),
    ],
)
def test_the_keys_in_addresses_are_not_shown(told: str, shown: str) -> None:
    cleaned = without_keys(told)

    assert cleaned.endswith(shown)
    assert "c4n4ry" not in cleaned
