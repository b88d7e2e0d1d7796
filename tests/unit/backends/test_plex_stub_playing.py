"""The stub of Plex, asked with plain HTTP: what plays, what was played, what is found."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from tests.backends.plex import PlexStub
from tests.backends.plex_playing import GUEST

MINUTE = 60_000
TIMEOUT_S = 10


@pytest.fixture
def plex() -> Iterator[PlexStub]:
    with PlexStub() as stub:
        yield stub


def told(plex: PlexStub, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
    headers = {"X-Plex-Token": plex.secret, "Accept": "application/json"}
    answer = requests.get(plex.url + path, params=query, headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()["MediaContainer"]
    return document


def test_nobody_plays_at_first(plex: PlexStub) -> None:
    assert told(plex, "/status/sessions") == {"size": 0}


def test_a_session_says_who_plays_what_where_and_how(plex: PlexStub) -> None:
    plex.play("Metropolis", account=GUEST, device=9, state="paused", offset=10 * MINUTE, transcoded=True)

    (session,) = told(plex, "/status/sessions")["Metadata"]

    assert (session["sessionKey"], session["title"], session["viewOffset"]) == ("1", "Metropolis", 10 * MINUTE)
    assert (session["User"]["id"], session["User"]["title"]) == (str(GUEST), "guest")
    assert (session["Player"]["title"], session["Player"]["state"]) == ("Tablet", "paused")
    assert session["Session"]["location"] == "lan"
    assert session["TranscodeSession"]["videoDecision"] == "transcode"
    assert [media["selected"] for media in session["Media"]] == [True]
    assert len(told(plex, "/transcode/sessions")["TranscodeSession"]) == 1


def test_a_session_played_as_it_is_has_no_conversion(plex: PlexStub) -> None:
    plex.play("Metropolis")

    (session,) = told(plex, "/status/sessions")["Metadata"]

    assert "TranscodeSession" not in session
    assert session["Media"][0]["Part"][0]["decision"] == "directplay"


def test_a_film_left_in_its_middle_is_on_deck(plex: PlexStub) -> None:
    session = plex.play("Häxan")
    plex.move(session, 20 * MINUTE)

    plex.stop_playing(session)

    assert told(plex, "/status/sessions") == {"size": 0}
    assert told(plex, "/library/onDeck")["Metadata"][0]["viewOffset"] == 20 * MINUTE


def test_a_film_seen_to_its_end_is_watched_and_in_the_history(plex: PlexStub) -> None:
    session = plex.play("The General", offset=31 * MINUTE)
    plex.move(session, 77 * MINUTE)

    plex.stop_playing(session)

    (film,) = told(plex, plex.item("The General").key)["Metadata"]
    assert (film["viewCount"], film.get("viewOffset")) == (1, None)
    assert "The General" not in [item["title"] for item in told(plex, "/library/onDeck")["Metadata"]]
    assert told(plex, "/status/sessions/history/all")["Metadata"][-1]["title"] == "The General"


def test_the_history_is_oldest_first_unless_it_is_asked_otherwise(plex: PlexStub) -> None:
    history = told(plex, "/status/sessions/history/all")["Metadata"]

    dates = [entry["viewedAt"] for entry in history]
    assert dates == sorted(dates)
    latest = told(plex, "/status/sessions/history/all", {"sort": "viewedAt:desc"})["Metadata"]
    assert latest == history[::-1]


def test_the_history_is_filtered_and_paged(plex: PlexStub) -> None:
    path, pages = "/status/sessions/history/all", {"X-Plex-Container-Start": 1, "X-Plex-Container-Size": 1}
    plex.watch("Häxan", account=GUEST)

    page = told(plex, path, {"librarySectionID": 2, **pages})

    assert (page["size"], page["totalSize"], page["offset"]) == (1, 3, 1)
    assert [entry["title"] for entry in told(plex, path, {"accountID": GUEST})["Metadata"]] == ["Häxan"]
    key = plex.item("Nosferatu").rating_key
    assert len(told(plex, path, {"metadataItemID": key})["Metadata"]) == 2
    assert told(plex, path, {"viewedAt>": plex.library.now})["size"] == 1


def test_the_history_says_little_of_an_item_and_no_key_of_one_that_is_gone(plex: PlexStub) -> None:
    plex.delete("Nosferatu")

    history = told(plex, "/status/sessions/history/all")["Metadata"]

    gone = [entry for entry in history if entry["title"] == "Nosferatu"]
    assert len(gone) == 2
    assert not {"key", "ratingKey", "thumb"} & gone[0].keys()
    assert not {"year", "duration"} & history[0].keys()
    assert history[0]["librarySectionID"] == "1"


def test_accounts_have_one_without_a_name(plex: PlexStub) -> None:
    assert [account["name"] for account in told(plex, "/accounts")["Account"]] == ["", "owner", "guest"]
    assert [device["name"] for device in told(plex, "/devices/7")["Device"]] == ["Chrome"]


def test_hubs_come_in_all_kinds_with_three_items_each_at_most(plex: PlexStub) -> None:
    plex.fill(10)

    hubs = {hub["hubIdentifier"]: hub for hub in told(plex, "/hubs/search", {"query": "newsreel"})["Hub"]}

    assert (hubs["movie"]["size"], hubs["movie"]["more"]) == (3, True)
    assert (hubs["show"]["size"], "Metadata" in hubs["show"]) == (0, False)
    more = told(plex, "/hubs/search", {"query": "newsreel", "limit": 100})["Hub"]
    assert more[0]["size"] == 10


def test_a_search_finds_by_other_titles_people_and_kinds_and_says_why(plex: PlexStub) -> None:
    def reasons(query: str) -> dict[str, str | None]:
        hubs = told(plex, "/hubs/search", {"query": query, "limit": 10})["Hub"]
        items = [item for hub in hubs for item in hub.get("Metadata", ())]
        return {item["title"]: item.get("reason") for item in items}

    assert reasons("haxan") == {"Häxan": None}
    assert reasons("tokyo story") == {"東京物語": "originalTitle"}
    assert reasons("fritz") == {"Metropolis": "director"}
    assert reasons("drama") == {"Metropolis": "genre", "Les Misérables": "genre"}
    assert reasons("bach") == {"Johann Sebastian Bach": None, "Goldberg-Variationen": "artist"}


def test_a_tag_that_is_found_is_no_item(plex: PlexStub) -> None:
    hubs = {hub["hubIdentifier"]: hub for hub in told(plex, "/hubs/search", {"query": "fritz"})["Hub"]}

    (tag,) = hubs["director"]["Directory"]
    assert (tag["tag"], tag["tagType"]) == ("Fritz Lang", 4)
    assert "ratingKey" not in tag


def test_the_other_search_is_one_list_with_one_item_in_each_result(plex: PlexStub) -> None:
    results = told(plex, "/library/search", {"query": "metropolis", "searchTypes": "movies,tv"})["SearchResult"]

    assert [result["Metadata"]["title"] for result in results] == ["Metropolis"]
    assert told(plex, "/library/search", {"query": "metropolis", "searchTypes": "music"}) == {"size": 0}
    assert told(plex, "/search", {"query": "metropolis"})["Metadata"][0]["title"] == "Metropolis"


@pytest.mark.parametrize("path", ["/hubs/search", "/library/search"])
def test_a_search_for_nothing_is_refused(plex: PlexStub, path: str) -> None:
    answer = requests.get(plex.url + path, headers={"X-Plex-Token": plex.secret}, timeout=TIMEOUT_S)

    assert answer.status_code == 400
